// What becomes of a session while pages are open: every tab says so at once, and why. The countdown, parallel sign-ins,
// the back button and reload at the callback, step-up, and return_to in a browser's own reading of it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from './gateway.mjs';
import { startWorld, signIn, session } from './world.mjs';
import { startBrowser, witness } from './browser.mjs';
import { places } from './canary.mjs';

const shots = join(import.meta.dirname, 'results');
let demo, world, browser;

before(async () => {
  mkdirSync(shots, { recursive: true });
  // A session so short that its countdown runs from the start; it does not end within the tests.
  [demo, world, browser] = await Promise.all([startGateway(), startWorld({ env: { VESTIBULE_SESSION_IDLE_TIMEOUT: '110s' } }), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await demo?.stop();
  await world?.stop();
});

async function signInToDemo(page, user, path = '/account') {
  await page.goto(`${demo.origin}/auth/login?return_to=${encodeURIComponent(path)}`);
  await submit(page, user);
  await page.waitForURL(demo.origin + path);
}

async function submit(page, user) {
  await page.fill('input[name=username]', user);
  await page.fill('input[name=password]', user);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Opens a context, and fails the test if a script threw or the console complained. */
async function watched(t, origin, options) {
  const context = await browser.newContext(options);
  const seen = witness(context, origin);
  t.after(() => context.close());
  return { context, complaints: async () => {
    const { console: said, errors } = await seen.settled();
    return [...errors, ...said];
  } };
}

test('signing out in one tab signs out the others at once', async (t) => {
  const { context, complaints } = await watched(t, demo.origin);
  const [one, other] = [await context.newPage(), await context.newPage()];
  await signInToDemo(one, 'alice');
  await other.goto(`${demo.origin}/`);
  await other.getByRole('link', { name: /Your account/ }).waitFor();
  await one.getByRole('button', { name: 'Sign out' }).click();
  await other.getByRole('alert').getByText('You have signed out.').waitFor();
  await other.getByRole('link', { name: 'Sign in', exact: true }).waitFor();
  assert.deepEqual(await complaints(), []);
});

test('a form of a page of ours signs out, as a link does, here and at the provider (RPL-2)', async (t) => {
  const { context, complaints } = await watched(t, demo.origin);
  const page = await context.newPage();
  await signInToDemo(page, 'alice', '/basket');
  const visited = [];
  page.on('request', (request) => request.isNavigationRequest() && visited.push(request.url()));
  await page.evaluate(async () => {
    const { logout_url } = await (await fetch('/auth/session', { headers: { 'x-csrf': '1' } })).json();
    const form = document.body.appendChild(document.createElement('form'));
    form.method = 'post';
    form.action = '/auth/logout';
    const proof = form.appendChild(document.createElement('input'));
    proof.type = 'hidden';
    proof.name = 't';
    proof.value = new URL(logout_url, location.href).searchParams.get('t');
    form.submit();
  });
  // The app's policy has Chromium stop a form at a redirect to another origin: the page between leads on.
  await page.waitForURL(`${demo.origin}/signed-out`);
  assert.equal((await session(page)).authenticated, false, 'the form did not sign out');
  assert.ok(visited.some((url) => url.startsWith(`${demo.origin}/auth/logged-out?state=`)), `the browser was not at the provider: ${visited.join(' ')}`);
  assert.deepEqual(await complaints(), []);
});

test('the canary hears streams while they are open: those of the session and those of the relay', async (t) => {
  const { context } = await watched(t, demo.origin);
  const page = await context.newPage();
  await signInToDemo(page, 'alice');
  const shipment = await page.evaluate(async () => {
    const answer = await fetch('/graphql', {
      method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf': '1' },
      body: JSON.stringify({ query: '{ orders(first: 50) { edges { node { shipments { id status } } } } }' }),
    });
    const { data } = await answer.json();
    const { id } = data.orders.edges.flatMap(({ node }) => node.shipments).find(({ status }) => !['DELIVERED', 'RETURNED'].includes(status));
    const stream = await fetch(`/api/shipping/shipments/${id}/events`, { headers: { 'x-csrf': '1' } });
    await stream.body.getReader().read();
    return id;
  });
  for (const path of ['/auth/events', `/api/shipping/shipments/${shipment}/events`]) {
    const where = `GET ${path}, stream`;
    for (let i = 0; i < 200 && !places().has(where); i++) await new Promise((next) => setTimeout(next, 25));
    assert.ok(places().has(where), `nothing was heard of ${path}`);
  }
});

test('a session ended on another device is seen at once, and why', async (t) => {
  const here = await watched(t, demo.origin);
  const there = await watched(t, demo.origin);
  const [first, second, elsewhere] = [await here.context.newPage(), await here.context.newPage(), await there.context.newPage()];
  const streaming = here.context.waitForEvent('request', (request) => request.url().endsWith('/auth/events'));
  await signInToDemo(first, 'bob');
  await second.goto(`${demo.origin}/`);
  await second.getByRole('link', { name: /Your account/ }).waitFor();
  await (await streaming).response();
  await signInToDemo(elsewhere, 'bob');
  const status = await elsewhere.evaluate(async () => (await fetch('/auth/sessions?scope=others', { method: 'DELETE', headers: { 'x-csrf': '1' } })).status);
  assert.ok(status < 300, `ending the others was answered with ${status}`);
  for (const page of [first, second]) await page.getByRole('alert').getByText('ended this session on another device').waitFor();
  await first.screenshot({ path: join(shots, 'ended.png') });
  assert.equal((await session(elsewhere)).authenticated, true);
  assert.deepEqual(await there.complaints(), []);
});

test('signing out at the provider is seen at once; before that, the countdown runs', async (t) => {
  const { context } = await watched(t, world.origin);
  const page = await context.newPage();
  const streaming = context.waitForEvent('request', (request) => request.url().endsWith('/auth/events'));
  await signIn(page, world.origin, { user: 'bob', returnTo: '/basket' });
  const banner = page.getByRole('complementary', { name: 'Session' });
  await banner.getByText(/You will be signed out in 1:[0-5]\d/).waitFor();
  await page.screenshot({ path: join(shots, 'countdown.png') });
  await (await streaming).response();
  const elsewhere = await context.newPage();
  await elsewhere.goto(`${world.provider.issuer}/session/end`);
  await elsewhere.click('button');
  await page.getByRole('alert').getByText('signed out where you sign in').waitFor();
  assert.equal((await session(page)).authenticated, false);
});

test('a step-up leads back to the order, with the basket as it was', async (t) => {
  const { context, complaints } = await watched(t, demo.origin);
  const page = await context.newPage();
  await signInToDemo(page, 'alice', '/product/p-200');
  await page.getByRole('button', { name: 'Add to basket' }).click();
  await page.getByRole('link', { name: /^Basket/ }).click();
  await page.getByRole('textbox', { name: /A note/ }).fill('Ring twice');
  await page.getByRole('button', { name: 'Place the order' }).click();
  await page.getByText('Please confirm it is you').waitFor();
  await page.screenshot({ path: join(shots, 'step-up.png'), fullPage: true });
  await page.getByRole('link', { name: 'Confirm it is you' }).click();
  await page.fill('input[name=code]', await page.locator('#printed code').innerText());
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.waitForURL(`${demo.origin}/basket`);
  await page.getByText('Thank you, that is confirmed').waitFor();
  await page.screenshot({ path: join(shots, 'stepped-up.png'), fullPage: true });
  assert.equal(await page.getByRole('textbox', { name: /A note/ }).inputValue(), 'Ring twice');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Place the order');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/orders\//);
  await page.getByText('Ring twice').waitFor();
  assert.deepEqual(await complaints(), []);
});

test('two tabs with a sign-in under way both arrive where they wanted', async (t) => {
  const { context } = await watched(t, demo.origin);
  const pages = [await context.newPage(), await context.newPage()];
  const paths = ['/basket', '/account'];
  // One after the other up to the provider, whose cookie for a new browser is one; both sign-ins are under way then.
  for (const [i, page] of pages.entries()) await page.goto(`${demo.origin}/auth/login?return_to=${paths[i]}`);
  for (const [i, page] of pages.entries()) {
    await submit(page, 'alice');
    await page.waitForURL(demo.origin + paths[i]);
  }
  for (const page of pages) assert.equal((await session(page)).authenticated, true);
});

test('tabs that sign in at the same time leave one session, which the browser has (SES-4, T-5)', async (t) => {
  const { context } = await watched(t, demo.origin);
  const tabs = [await context.newPage(), await context.newPage(), await context.newPage()];
  for (const tab of tabs) await tab.goto(`${demo.origin}/auth/login?return_to=/basket`);
  await Promise.all(tabs.map((tab) => submit(tab, 'agent').then(() => tab.waitForURL(`${demo.origin}/basket`))));
  const sessions = await tabs[0].evaluate(async () => {
    const ask = async (path) => (await fetch(path, { headers: { 'x-csrf': '1' } })).json();
    await ask('/auth/session');
    return (await ask('/auth/sessions')).sessions;
  });
  assert.deepEqual(sessions.map(({ current }) => current), [true]);
});

test('back and reload at the callback end on a page of ours, signed in', async (t) => {
  const { context } = await watched(t, demo.origin);
  const page = await context.newPage();
  const callback = page.waitForRequest((request) => request.url().includes('/auth/callback'));
  await signInToDemo(page, 'alice');
  const again = await page.goto((await callback).url());
  assert.ok(again.status() < 500, `the callback asked again answers ${again.status()}`);
  assert.equal(new URL(page.url()).origin, demo.origin);
  // The page of a callback runs no script: another one is asked.
  const beside = await context.newPage();
  await beside.goto(`${demo.origin}/signed-out`);
  assert.equal((await session(beside)).authenticated, true, 'the session must survive a callback asked again');
  await page.reload();
  assert.equal(new URL(page.url()).origin, demo.origin);
  assert.equal((await session(beside)).authenticated, true, 'the session must survive a callback loaded again');
  await page.goto(`${demo.origin}/account`);
  await page.goBack();
  await page.goto(`${demo.origin}/account`);
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
});

test('wherever return_to points, the browser ends on our own origin (RED-1, T-6)', async (t) => {
  const { context } = await watched(t, demo.origin);
  const page = await context.newPage();
  const corpus = [
    '//e', '/\\e', '\\/e', '/\t/e', '/%09/e', '/%5ce', '%2f%2fe', 'https:e', 'https:/e', 'https://e', 'javascript:alert(1)', '/\0', '///e',
    '/.//e', '/..//e', '?x', '@e', '／／e', 'http://app@e', '/%2f/e', '/\n/e', ' //e', `/${'a'.repeat(8192)}`,
  ];
  for (const [i, target] of corpus.entries()) {
    await page.goto(`${demo.origin}/auth/login?return_to=${encodeURIComponent(target)}`);
    // After the first the provider knows her, and comes straight back.
    if (i === 0) await submit(page, 'alice');
    await page.waitForURL((url) => url.pathname !== '/auth/callback' && !url.pathname.startsWith('/auth/login'));
    const { origin, pathname } = new URL(page.url());
    assert.equal(origin, demo.origin, `return_to ${JSON.stringify(target)} led to ${page.url()}`);
    assert.equal(pathname, '/', `return_to ${JSON.stringify(target)} must fall back to the start page`);
  }
});
