// No page that the gateway serves is wider than a phone, signed in or not: the app's, our own without a script, the playground,
// and the demo's. A page that leads on at once is held until it has been looked at. Their pictures, on a phone and a desktop, in
// light and dark, are left in results.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from './gateway.mjs';
import { startBrowser } from './browser.mjs';

const shots = join(import.meta.dirname, 'results', 'pages');
let gateway, browser;
before(async () => {
  mkdirSync(shots, { recursive: true });
  [gateway, browser] = await Promise.all([startGateway(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

const screens = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
};

for (const [screen, options] of Object.entries(screens)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`every page fits a ${screen}, ${colorScheme}`, async () => {
      const context = await browser.newContext({ ...options, colorScheme, reducedMotion: 'reduce' });
      const page = await context.newPage();
      const wide = [];
      const look = async (name, heading) => {
        await page.getByRole('heading', { name: heading }).first().waitFor();
        await measure(page, name, wide, `${screen}-${colorScheme}`);
      };
      const visit = async (name, path, heading) => {
        await page.goto(new URL(path, gateway.origin).href);
        await look(name, heading);
      };

      await visit('catalogue', '/', 'Halden floor lamp');
      const product = await page.locator('main a[href^="/product/"]').first().getAttribute('href');
      await visit('product', product, 'Halden floor lamp');
      await page.getByRole('button', { name: /^Add to basket/ }).click();
      await visit('basket', '/basket', 'Summary');
      await visit('account-signed-out', '/account', 'Your account');
      await page.getByText('Sign-in needed').waitFor();
      await visit('nowhere', '/nowhere', 'There is no such page');
      await visit('product-not-found', '/product/none', 'Product');
      await page.getByText('Not found').waitFor();
      await visit('file-not-found', '/assets/none.js', 'Not Found');
      await visit('route-not-found', '/auth/none', 'Not found');
      await visit('refused', '/api/accounts/me', 'This cannot be opened from here');
      await visit('diagnostics-signed-out', '/auth/diagnostics', 'Diagnostics');
      await visit('login-over', '/auth/callback?code=none&state=none', 'This sign-in is over');
      await playground(page, 'Not signed in');
      await measure(page, 'playground-signed-out', wide, `${screen}-${colorScheme}`);

      await visit('provider', '/auth/login', 'Sign in');
      await page.getByRole('button', { name: 'Refuse' }).click();
      await look('login-refused', 'You were not signed in');

      await held(page, '/account', 0, () => visit('not-signed-in', '/auth/login?prompt=none&return_to=/account', 'Not signed in'));

      await visit('demo', gateway.demo, 'The demo world');
      await held(page, '/auth/login', 1, async () => {
        await follow(page, `${gateway.origin}/auth/login?return_to=/account`);
        await page.getByText('You are being taken to the sign-in.').waitFor();
        await look('login-from-another-site', 'Sign in');
      });
      await page.getByRole('link', { name: 'Go on' }).click();
      await page.fill('input[name=username]', 'alice');
      await page.fill('input[name=password]', 'alice');
      await held(page, '/account', 0, async () => {
        await page.keyboard.press('Enter');
        await look('signed-in', 'Signed in');
      });
      await page.getByRole('link', { name: 'Go on' }).click();
      await look('account', 'Orders');
      await visit('basket-signed-in', '/basket', 'Summary');
      await page.getByRole('button', { name: 'Place the order' }).click();
      await look('order', 'Parcels');
      await visit('order-not-found', '/orders/none', 'Order none');
      await visit('signed-out-after-all', '/signed-out', 'You are signed in');
      await visit('diagnostics', '/auth/diagnostics', 'Claims of the ID token');
      await visit('diagnostics-asked', '/auth/diagnostics?ask=1', 'Claims of the ID token');
      await playground(page, 'Signed in as');
      await measure(page, 'playground', wide, `${screen}-${colorScheme}`);
      await visit('faults', `${gateway.demo}/control/`, 'Faults');
      await visit('provider-control', `${gateway.demo}/control/provider/`, 'What it does');
      await visit('account-again', '/account', 'Orders');
      await held(page, '/auth/logout/continue', 0, async () => {
        await signOutByForm(page);
        await look('signing-out', 'Signed out');
      });
      await page.getByRole('link', { name: 'Go on' }).click();
      await look('signed-out', /signed out/i);

      assert.deepEqual(wide, []);
      await context.close();
    });
  }
}

/** Notes a page that is wider than its window, and takes its picture. */
async function measure(page, name, wide, variant) {
  const { scrolls, shows } = await page.evaluate(() => ({ scrolls: document.scrollingElement.scrollWidth, shows: document.scrollingElement.clientWidth }));
  if (scrolls > shows) wide.push(`${name} is ${scrolls} pixels wide, and its window ${shows}`);
  await page.screenshot({ path: join(shots, `${name}-${variant}.png`), fullPage: true, scale: 'css' });
}

async function playground(page, says) {
  await page.goto(`${gateway.origin}/playground`);
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  await page.getByText(says).waitFor();
}

/** Lets `passing` navigations to `path` through, and none after them while `looking`: a page that leads there stays. */
async function held(page, path, passing, looking) {
  const there = (url) => url.origin === gateway.origin && url.pathname === path;
  let stayed;
  const stays = new Promise((done) => (stayed = done));
  const hold = async (route) => {
    if (passing-- > 0) return route.continue();
    await route.fulfill({ status: 204 });
    stayed();
  };
  await page.route(there, hold);
  await looking();
  await stays;
  await page.unroute(there, hold);
}

/** Follows a link from the page that is shown. */
const follow = (page, to) => page.evaluate((href) => document.body.appendChild(Object.assign(document.createElement('a'), { href })).click(), to);

/** Signs out by a form, as a page without a script does. */
const signOutByForm = (page) => page.evaluate(async () => {
  const session = await (await fetch('/auth/session', { headers: { 'x-csrf': '1' } })).json();
  const form = Object.assign(document.createElement('form'), { method: 'post', action: '/auth/logout' });
  form.append(Object.assign(document.createElement('input'), { name: 't', value: new URLSearchParams(session.logout_url.split('?')[1]).get('t') }));
  document.body.append(form);
  form.submit();
});
