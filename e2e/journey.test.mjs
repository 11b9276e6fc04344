// A person at a real browser: look around, sign in, order, cancel, see what goes wrong, sign out. And what the browser
// must never see on the way.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from './gateway.mjs';
import { counts } from './canary.mjs';
import { startBrowser, witness, readableByScript, tokenShapes } from './browser.mjs';

const shots = join(import.meta.dirname, 'results');
let gateway, browser;

before(async () => {
  mkdirSync(shots, { recursive: true });
  gateway = await startGateway();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await gateway?.stop();
});

const shoot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });

async function fault(rule) {
  const answer = await fetch(`${gateway.demo}/control/faults`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(rule),
  });
  assert.ok(answer.ok, `the demo refused a fault: ${answer.status} ${await answer.text()}`);
}

const noFaults = () => fetch(`${gateway.demo}/control/faults`, { method: 'DELETE' });

async function signIn(page, user, secret = user) {
  await page.getByRole('link', { name: 'Sign in' }).first().click();
  await page.waitForURL((url) => url.origin !== gateway.origin);
  await shoot(page, 'sign-in');
  await page.fill('input[name=username]', user);
  await page.fill('input[name=password]', secret);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((url) => url.origin === gateway.origin && url.pathname !== '/auth/callback');
}

test('the whole journey, and nothing in the browser that is not its business', async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const seen = witness(context, gateway.origin);
  const page = await context.newPage();

  await page.goto(`${gateway.origin}/`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.locator('main a[href^="/product/"]').first().waitFor();
  await shoot(page, 'catalogue');

  await page.locator('main a[href^="/product/"]').first().click();
  await page.getByRole('button', { name: /Add .*to (the |your )?basket|Add to basket/i }).first().click();
  await shoot(page, 'product');

  await page.getByRole('link', { name: /Basket/ }).first().click();
  await page.getByRole('link', { name: 'Sign in to order' }).waitFor();
  await signIn(page, 'alice');
  assert.equal(new URL(page.url()).pathname, '/basket', 'sign-in must lead back to where it began');

  await page.getByRole('button', { name: 'Place the order' }).click();
  await page.waitForURL(/\/orders\//);
  await shoot(page, 'order');
  await page.getByRole('button', { name: 'Cancel the order' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the order' }).click();
  await page.getByText('Cancelled', { exact: true }).first().waitFor();

  await page.goto(`${gateway.origin}/account`);
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
  await page.getByText('Track the parcel').first().click();
  await shoot(page, 'account');

  const readable = await readableByScript(page);
  assert.equal(readable.cookie, '', 'a cookie is readable by script (BBA-5)');
  assert.deepEqual(readable.databases, []);
  assert.deepEqual(readable.caches, []);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL((url) => url.origin === gateway.origin && url.pathname !== '/account');
  await page.getByRole('link', { name: 'Sign in' }).first().waitFor();
  await shoot(page, 'signed-out');
  await page.goto(`${gateway.origin}/account`);
  await page.getByText('Sign-in needed').waitFor();

  const { responses, console: complaints, errors } = await seen.settled();
  assert.deepEqual(errors, [], 'a script threw');
  assert.deepEqual(complaints, [], 'the console complained (content security policy violations show here)');
  assert.ok(responses.length > 20, `only ${responses.length} answers were witnessed`);
  for (const response of responses) {
    const hint = response.url.includes('/auth/logout/continue');
    const headers = { ...response.headers, ...(hint && { location: '' }) };
    assert.deepEqual(tokenShapes(JSON.stringify(headers) + response.body), [], `${response.url} shows a token (BBA-3)`);
  }
  assert.deepEqual(tokenShapes(JSON.stringify(readable)), []);
  assert.deepEqual(tokenShapes(gateway.log), [], 'a token is in the log');
  await context.close();
  assert.ok(counts().secrets > 20 && counts().texts > 100, `the canary is blind: ${JSON.stringify(counts())}`);
});

test('one API failing is one part failing', async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${gateway.origin}/account`);
  await signIn(page, 'alice');
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
  try {
    await fault({ target: 'shipping', status: 503 });
    await page.reload();
    await page.getByRole('alert').first().waitFor();
    await page.getByText('Alice').first().waitFor(); // The profile is still there.
    await shoot(page, 'shipping-down');
  } finally {
    await noFaults();
  }
  await context.close();
});

for (const [name, options] of [
  ['phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
  ['dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
]) {
  test(`the pages on ${name} fit the screen`, async () => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    await page.goto(`${gateway.origin}/`);
    await page.locator('main a[href^="/product/"]').first().waitFor();
    await shoot(page, `catalogue-${name}`);
    await page.goto(`${gateway.origin}/account`);
    await signIn(page, 'alice');
    await page.getByRole('heading', { name: 'Orders' }).waitFor();
    await shoot(page, `account-${name}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} pixels wider than the screen`);
    await context.close();
  });
}

test('with the keyboard alone: skip link, sign in, account', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${gateway.origin}/`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement.textContent.trim() === 'Sign in')) break;
  }
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.origin !== gateway.origin);
  await page.locator('input[name=username]').focus();
  await page.keyboard.type('bob');
  await page.locator('input[name=password]').focus();
  await page.keyboard.type('bob');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${gateway.origin}/`);
  await page.getByRole('link', { name: /account/i }).first().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
  await context.close();
});
