// The diagnostics page in a real browser: under its own policy, without a script, with no token in it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from './gateway.mjs';
import { startBrowser, witness } from './browser.mjs';

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
  await page.setViewportSize({ width: 360, height: 800 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'the page is wider than a phone');
  await page.screenshot({ path: join(shots, 'diagnostics-phone.png') });
  const { console: complaints, errors } = await seen.settled();
  assert.deepEqual([...complaints, ...errors], []);
  await context.close();
});
