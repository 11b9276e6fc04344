// The 61 audits of the graphql-http package, against the gateway as production configures it, with its CSRF header; but for
// introspection, since four of them send their variables to __type.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { serverAudits } from 'graphql-http';
import { startWorld } from './world.mjs';

let world;
before(async () => (world = await startWorld({ env: { VESTIBULE_MODE: 'production', VESTIBULE_GRAPHQL_INTROSPECTION: 'on' } })));
after(() => world?.stop());

test('all 61 audits pass (AUD-1)', async (t) => {
  const audits = serverAudits({
    url: () => `${world.origin}/graphql`,
    fetchFn: (url, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set('x-csrf', '1');
      // Node's fetch says `sec-fetch-mode: cors` but not from where; nothing else is added.
      return fetch(url, { ...init, headers });
    },
  });
  assert.equal(audits.length, 61);
  for (const audit of audits) {
    await t.test(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      assert.equal(result.status, 'ok', result.reason);
    });
  }
});
