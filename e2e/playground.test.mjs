// The playground in a real browser: it works from our own files, under its own policy, with the session and the header
// already set.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startGateway } from './gateway.mjs';
import { startBrowser, witness } from './browser.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let gateway, browser;
before(async () => {
  gateway = await startGateway();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

/** Tells a question of the operation itself from one what it would cost. */
const runs = (body) => body.includes('products') && !body.includes('explain');

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
  const answer = page.waitForResponse((response) => response.url().endsWith('/graphql') && runs(response.request().postData() ?? ''));
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

test('what an operation costs and calls is told as one types, and nothing runs (issue 7)', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, colorScheme });
    const seen = witness(context, gateway.origin);
    const page = await context.newPage();
    await fetch(`${gateway.demo}/control/calls`, { method: 'DELETE' });
    await page.goto(`${gateway.origin}/playground`);
    const before = page.getByRole('region', { name: 'Before running' });
    await before.getByText(/^Cost \d+ of 10000$/).waitFor();
    assert.match(await before.locator('summary').innerText(), /calls at most: accounts 1, catalog \d+, orders 1/);
    const [red, green, blue] = (await page.locator('.graphiql-execute-button').evaluate((button) => getComputedStyle(button).backgroundColor)).match(/\d+/g).map(Number);
    assert.ok(green > red && green > blue, `the button is rgb(${red}, ${green}, ${blue}), and not of our green`);
    await type(page, 'query Dear { products(first: 3) { edges { node { category { name } } } } }');
    await before.getByText('calls at most: catalog 2').waitFor();
    await before.locator('summary').press('Enter');
    await before.getByRole('listitem').filter({ hasText: /^edges.node.category catalog 1 call for 3 objects$/ }).waitFor();
    await page.screenshot({ path: join(import.meta.dirname, 'results', `playground-before-${colorScheme}.png`) });
    await page.evaluate(axe);
    const violations = await page.evaluate(async () => (await axe.run('.before')).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`));
    assert.deepEqual(violations, []);
    await type(page, 'query Dear { products(first: 300) { totalCount } }');
    await before.getByText('It would be refused.').waitFor();
    await before.getByText('listSize is 300, and at most 100 are allowed.').waitFor();
    await type(page, 'query Dear { products(first: 3) { totalCont } }');
    await before.getByText(/Cannot query field "totalCont"/).waitFor();
    const { calls } = await (await fetch(`${gateway.demo}/control/calls`)).json();
    assert.deepEqual(calls, [], 'no API was asked');
    const { console: complaints, errors } = await seen.settled();
    assert.deepEqual([...complaints, ...errors], []);
    await context.close();
  }
});

async function type(page, text) {
  await page.locator('.graphiql-query-editor .view-lines').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
}
