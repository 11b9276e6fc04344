// The diagnostics page in a real browser: under its own policy, without a script, with no token in it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startGateway } from './gateway.mjs';
import { startBrowser, witness } from './browser.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = join(import.meta.dirname, 'results');
let gateway, browser;
before(async () => {
  mkdirSync(shots, { recursive: true });
  [gateway, browser] = await Promise.all([startGateway(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await gateway?.stop(); // Fails if a secret was in an answer.
});

test('a developer sees whose session it is, and what each API says to its token', async () => {
  const context = await browser.newContext({ viewport: { width: 1100, height: 1300 } });
  const seen = witness(context, gateway.origin);
  const page = await context.newPage();
  await page.goto(`${gateway.origin}/auth/diagnostics`);
  await page.getByText('Nobody is signed in.').waitFor();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.fill('input[name=username]', 'alice');
  await page.fill('input[name=password]', 'alice');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${gateway.origin}/`);
  await page.goto(`${gateway.origin}/auth/diagnostics`);
  await page.getByRole('link', { name: 'Ask each API' }).click();
  for (const [api, says] of Object.entries({ accounts: '200: it takes the token', catalog: '200 without a token', orders: '200: it takes the token', shipping: '400: it does not refuse the token' })) {
    const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: api, exact: true }) });
    await row.getByText(says).waitFor();
  }
  await page.getByRole('row', { name: /^name "Alice Archer"$/ }).waitFor();
  for (const heading of ['APIs', 'The session', 'Claims of the ID token']) await page.getByRole('region', { name: heading }).waitFor();
  assert.ok(!(await page.content()).includes('eyJ'), 'something in the page looks like a token');
  await page.screenshot({ path: join(shots, 'diagnostics.png'), fullPage: true });
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 800 });
    assert.deepEqual(await outside(page), [], `at ${width} pixels this is beyond the edge`);
  }
  await page.getByRole('row', { name: /accounts token: user asked for: nothing of its own/ }).waitFor(); // No column is named above it any more.
  await page.evaluate(axe);
  assert.deepEqual(await page.evaluate(async () => (await axe.run(document)).violations.map(({ id }) => id)), []);
  await page.screenshot({ path: join(shots, 'diagnostics-phone.png'), fullPage: true });
  for (const width of [320, 390, 1100]) {
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate(() => document.querySelectorAll('th, td').forEach((cell) => (cell.textContent = 'urn:long:'.repeat(40))));
    assert.deepEqual(await outside(page), [], `of long names and values, at ${width} pixels this is beyond the edge`);
  }
  const { console: complaints, errors } = await seen.settled();
  assert.deepEqual([...complaints, ...errors], []);
  await context.close();
});

/** What of the page is beyond its right edge, whether one can scroll to it or not. */
const outside = (page) => page.evaluate(() => [...document.body.querySelectorAll('*')]
  .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth)
  .map((element) => `${element.localName} ${element.textContent.slice(0, 30)}`));
