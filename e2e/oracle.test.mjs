// What graph/plan's examples are held against is what graphql-js answers.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fresh, golden } from './oracle.mjs';

test('the golden answers are graphql-js\'s; `node oracle.mjs` writes them anew', async () => {
  assert.equal(readFileSync(golden, 'utf8'), await fresh());
});
