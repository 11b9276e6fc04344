import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// While the app is written: an operation that has changed gets its types and its id before the page gets the change. What is
// wrong with it is shown over the page.
const operations: Plugin = {
  name: "operations",
  apply: "serve",
  async hotUpdate({ file, read }) {
    if (this.environment.name !== "client" || !/\/src\/.*\.tsx?$/.test(file) || file.includes("/src/gql/")) return;
    const written = [...(await read()).matchAll(/graphql\(`([^`]*)`\)/g)].map(([, text]) => JSON.stringify(text));
    const known = await readFile("src/gql/gql.ts", "utf8");
    if (written.every((text) => known.includes(text))) return;
    await promisify(execFile)("npm", ["run", "-s", "codegen"]).catch(({ stdout, stderr }) => {
      throw new Error(`The operations are not what the schema has.\n${stdout}${stderr}`);
    });
    this.environment.moduleGraph.invalidateAll();
    this.environment.hot.send({ type: "full-reload" });
    return [];
  },
};

// In development the gateway proxies to this server (one origin), or this
// server proxies to the gateway; VESTIBULE_ORIGIN says where it listens.
const gateway = process.env["VESTIBULE_ORIGIN"] ?? "http://localhost:8080";

export default defineConfig({
  plugins: [react(), operations],
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
