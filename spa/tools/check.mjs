// Proves that a bundle is what its sources build: compares a fresh build with
// the committed one, file by file and byte by byte.
//
//   node check.mjs <committed bundle> <fresh bundle>
//
// Compressed files are compared by what they unpack to as well: another version
// of zlib may choose other bytes for the same content, and that is said, not
// counted as a difference.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

function list(dir, prefix = "") {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const name = prefix + entry.name;
    return entry.isDirectory() ? list(path.join(dir, entry.name), name + "/") : [name];
  });
}

function unpack(name, bytes) {
  if (name.endsWith(".gz")) return gunzipSync(bytes);
  if (name.endsWith(".br")) return brotliDecompressSync(bytes);
  return bytes;
}

const [committed, fresh] = process.argv.slice(2);
const had = new Set(list(committed));
const has = new Set(list(fresh));
const faults = [];
for (const name of had) if (!has.has(name)) faults.push(`only committed: ${name}`);
for (const name of has) {
  if (!had.has(name)) {
    faults.push(`only in the fresh build: ${name}`);
    continue;
  }
  const a = readFileSync(path.join(committed, name));
  const b = readFileSync(path.join(fresh, name));
  if (a.equals(b)) continue;
  if (unpack(name, a).equals(unpack(name, b))) {
    console.log(`check: ${name}: same content, compressed differently (another zlib?)`);
    continue;
  }
  faults.push(`differs: ${name}`);
}
if (faults.length > 0) {
  console.error(`check: ${committed} is not what the sources build; run "npm run build" and commit it`);
  for (const fault of faults) console.error("  " + fault);
  process.exit(1);
}
console.log(`check: ${has.size} files, the same as committed`);
