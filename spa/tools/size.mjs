// What the first page costs: the JavaScript that index.html loads, as the wire
// carries it (Brotli, and gzip beside it). Fails above the budget in bytes of gzip.
//
//   node size.mjs <bundle> <budget>
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

const [bundle, budget] = process.argv.slice(2);
const html = readFileSync(path.join(bundle, "index.html"), "utf8");
const loaded = [...html.matchAll(/(?:src|href)="\/([^"]+\.(js|css))"/g)];
const onWire = (file, suffix) => statSync(existsSync(file + suffix) ? file + suffix : file).size;

const sums = { js: { br: 0, gz: 0 }, css: { br: 0, gz: 0 } };
for (const [, name, kind] of loaded) {
  sums[kind].br += onWire(path.join(bundle, name), ".br");
  sums[kind].gz += onWire(path.join(bundle, name), ".gz");
}
const kB = (n) => (n / 1000).toFixed(1) + " kB";
console.log(
  `size: first load in ${loaded.length + 1} requests: JavaScript ${kB(sums.js.gz)} gzip, ${kB(sums.js.br)} Brotli; ` +
    `CSS ${kB(sums.css.gz)} gzip, ${kB(sums.css.br)} Brotli`,
);
if (sums.js.gz > Number(budget)) {
  console.error(`size: more JavaScript than the budget of ${kB(Number(budget))} gzip`);
  process.exit(1);
}
