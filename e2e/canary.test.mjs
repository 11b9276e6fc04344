// The search for leaks itself, with leaks planted (LOG-2, BBA-3).
import { test } from 'node:test';
import assert from 'node:assert/strict';
import * as canary from './canary.mjs';

const planted = 'refresh/token+with "odd" <characters>';
canary.secret('a refresh token', planted);
const bytes = Buffer.from(planted);

for (const [name, text] of Object.entries({
  'as it is': `before ${planted} after`,
  'its first sixteen characters': planted.slice(0, 16),
  base64: bytes.toString('base64'),
  'base64 in Basic authentication': Buffer.from(`vestibule:${planted}`).toString('base64'),
  base64url: Buffer.from(`xy${planted}`).toString('base64url'),
  hex: bytes.toString('hex'),
  'percent-encoding': encodeURIComponent(planted),
  'JSON escapes': JSON.stringify(planted),
  'JSON escapes of every character': [...planted].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
})) {
  test(`a secret is found: ${name}`, () => {
    canary.saw(name, text);
    assert.ok(canary.leaks().includes(`a refresh token in ${name}`));
  });
}

test('what an answer is there to carry is a secret everywhere else', () => {
  canary.answer({
    method: 'GET', url: 'http://localhost:1/auth/login', body: Buffer.alloc(0),
    headers: [
      { name: 'set-cookie', value: 'tx=cookie-0123456789abcdef; Path=/\nother=another-0123456789abcdef' },
      { name: 'location', value: 'http://login.test/authorize?state=state-0123456789abcdef' },
    ],
  });
  assert.ok(!canary.leaks().some((leak) => leak.includes('/auth/login')), 'a leak where it belongs');
  for (const value of ['cookie-0123456789abcdef', 'another-0123456789abcdef', 'state-0123456789abcdef']) {
    canary.saw(`a log with ${value.slice(0, 4)}`, value);
    assert.ok(canary.leaks().some((leak) => leak.endsWith(` in a log with ${value.slice(0, 4)}`)), value);
  }
});
