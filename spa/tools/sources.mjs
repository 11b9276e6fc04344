// The hash of everything a bundle is built from. bundle_test.go computes the
// same hash in Go, so that a stale bundle is found on a machine without Node:
// change one and change the other.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

const skipped = new Set(["node_modules", "gql", "coverage", "testing"]);

/** Whether a file takes part in the bundle; tests do not. */
function counts(name) {
  if (name === ".npmrc") return true;
  return !name.startsWith(".") && !/\.test\.tsx?$/.test(name) && !name.endsWith(".tsbuildinfo");
}

function* walk(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const full = path.join(dir, entry.name);
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name) && !entry.name.startsWith(".")) yield* walk(full);
    } else if (counts(entry.name)) {
      yield full;
    }
  }
}

/**
 * The hash of the sources: SHA-256 over lines of "digest, two spaces, path
 * relative to root", sorted by path bytewise, as sha256sum prints them.
 */
export function hashSources(root, entries) {
  const files = entries.flatMap((entry) => {
    const full = path.join(root, entry);
    return entry.endsWith("/") ? [...walk(full)] : [full];
  });
  const lines = files
    .map((file) => [path.relative(root, file).split(path.sep).join("/"), file])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, file]) => `${createHash("sha256").update(readFileSync(file)).digest("hex")}  ${name}\n`);
  return "sha256:" + createHash("sha256").update(lines.join("")).digest("hex");
}
