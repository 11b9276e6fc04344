// The playground in a real browser: it works from our own files, under its own policy, with the session and the header
// already set.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startGateway } from './gateway.mjs';
import { startBrowser, witness } from './browser.mjs';

let gateway, browser;
before(async () => {
  gateway = await startGateway();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

test('a query runs, nothing comes from elsewhere, no policy is violated (GQL-3, WEB-9)', async () => {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const seen = witness(context, gateway.origin);
  const elsewhere = [];
  context.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== gateway.origin) elsewhere.push(request.url());
  });
  const page = await context.newPage();
  await page.goto(`${gateway.origin}/playground`);
  // Pressed before the editor holds the query, the button has nothing to send.
  await page.locator('.graphiql-query-editor .view-line').filter({ hasText: 'Welcome' }).waitFor();
  const answer = page.waitForResponse((response) => response.url().endsWith('/graphql') && (response.request().postData() ?? '').includes('products'));
  await page.getByRole('button', { name: /Execute query/i }).click();
  const body = await (await answer).json();
  assert.equal(body.data.products.edges.length, 3);
  assert.equal(body.errors[0].extensions.code, 'UNAUTHENTICATED', 'nobody is signed in yet');
  await page.getByText('Not signed in').waitFor();
  await page.screenshot({ path: join(import.meta.dirname, 'results', 'playground.png') });
  const { console: complaints, errors } = await seen.settled();
  assert.deepEqual(complaints, []);
  assert.deepEqual(errors, []);
  assert.deepEqual(elsewhere, []);
  await context.close();
});
