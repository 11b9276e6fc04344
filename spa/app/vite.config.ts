import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// In development the gateway proxies to this server (one origin), or this
// server proxies to the gateway; VESTIBULE_ORIGIN says where it listens.
const gateway = process.env["VESTIBULE_ORIGIN"] ?? "http://localhost:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2023",
    // Everything is a file of its own: the content security policy allows no
    // inline script or style, and no data: URL but for pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
  server: {
    strictPort: true,
    proxy: {
      "/graphql": { target: gateway, ws: true },
      "/auth": { target: gateway },
      "/api": { target: gateway },
    },
  },
  test: {
    environment: "happy-dom",
    restoreMocks: true,
  },
});
