// Makes the manifest of the app's operations, which goes beside the bundle for the
// gateway (operations.json: documents by id), and the ids by operation name, which
// go into the bundle (ids.json).
//
//   node operations.mjs <codegen's persisted documents> <directory>
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const [from, into] = process.argv.slice(2);
const documents = Object.entries(JSON.parse(readFileSync(from, "utf8"))).sort(([a], [b]) => (a < b ? -1 : 1));
const ids = {};
for (const [id, text] of documents) {
  const names = [...text.matchAll(/(?:^|[\s}])(?:query|mutation|subscription) ([A-Za-z_]\w*)/g)].map(([, name]) => name);
  if (names.length !== 1 || ids[names[0]]) {
    console.error(`operations: want one operation in each document, with a name of its own: ${text}`);
    process.exit(1);
  }
  ids[names[0]] = id;
}
const sorted = Object.fromEntries(Object.entries(ids).sort(([a], [b]) => (a < b ? -1 : 1)));
const write = (name, value) => writeFileSync(path.join(into, name), JSON.stringify(value, null, 2) + "\n");
write("operations.json", Object.fromEntries(documents));
write("ids.json", sorted);
console.log(`operations: ${documents.length} in the manifest`);
