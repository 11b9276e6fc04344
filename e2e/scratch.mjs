// Directories that go when the test file's process ends.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = [];
process.on('exit', () => made.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

export function scratch(name) {
  made.push(mkdtempSync(join(tmpdir(), `vestibule-${name}-`)));
  return made.at(-1);
}
