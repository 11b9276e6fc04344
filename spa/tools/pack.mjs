// Finishes a bundle that Vite has built: compressed twins beside each file that
// gains from them, and build.json, which names the sources the bundle is made of.
//
//   node pack.mjs <bundle directory> [--gzip-only] -- <source> ...
//
// Sources are relative to the repository's root; a directory ends in "/".
// With --gzip-only a compressible file is kept only compressed (the playground,
// which is large and which every browser can unpack).
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { hashSources } from "./sources.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const compressible = /\.(?:html|js|css|svg|json|webmanifest|txt|ttf)$/;
/** Below this a compressed twin saves less than its headers cost. */
const smallest = 256;

const separator = process.argv.indexOf("--");
const [bundle, ...flags] = process.argv.slice(2, separator);
const sources = process.argv.slice(separator + 1);
const gzipOnly = flags.includes("--gzip-only");

function* files(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const full = path.join(dir, entry.name);
    if (entry.isDirectory()) yield* files(full);
    else yield full;
  }
}

// Fixed levels, and no names or times in the gzip header: the same input gives
// the same bytes.
const brotli = (bytes) =>
  brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
const gzip = (bytes) => gzipSync(bytes, { level: 9, memLevel: 9 });

let compressed = 0;
for (const file of [...files(bundle)]) {
  if (!compressible.test(file)) continue;
  const bytes = readFileSync(file);
  if (gzipOnly) {
    writeFileSync(file + ".gz", gzip(bytes));
    rmSync(file);
    compressed++;
    continue;
  }
  if (bytes.length < smallest) continue;
  for (const [suffix, twin] of [[".br", brotli(bytes)], [".gz", gzip(bytes)]]) {
    if (twin.length >= bytes.length) continue;
    writeFileSync(file + suffix, twin);
    compressed++;
  }
}

writeFileSync(
  path.join(bundle, "build.json"),
  JSON.stringify({ sources: hashSources(root, sources) }, null, 2) + "\n",
);
console.log(`pack: ${compressed} compressed files in ${path.relative(root, path.resolve(bundle))}`);
