// The whole product by the keyboard alone, on a phone and a desktop, in light and dark: nothing is reached with a mouse or
// a script. Each page is judged by axe, with its real colours, and fits the screen. At the end what the first page costs is
// printed. SCREENSHOTS=docs/screenshots writes the reference pictures anew, and README's.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { startGateway } from './gateway.mjs';
import { startBrowser, witness } from './browser.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = process.env.SCREENSHOTS ? resolve(import.meta.dirname, '..', process.env.SCREENSHOTS) : join(import.meta.dirname, 'results');
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

const screens = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
};
const pictures = ['phone-light', 'phone-dark', 'desktop-light', 'desktop-dark']; // each page's, in turn
let pictured = 0;

for (const [screen, options] of Object.entries(screens)) {
  for (const scheme of ['light', 'dark']) {
    test(`by keyboard on ${screen}, ${scheme}: look, order, cancel, add an address, sign out`, async () => {
      const context = await browser.newContext({ ...options, colorScheme: scheme, reducedMotion: 'reduce' });
      const seen = witness(context, gateway.origin);
      const page = await context.newPage();
      const look = (name) => judge(page, name, `${screen}-${scheme}`);

      await page.goto(gateway.origin);
      await page.locator('main a[href^="/product/"]').first().waitFor();
      await look('catalogue');
      await press(page, 'link', /^(?!Vestibule|Basket|Shop|Sign in|Skip)/); // the first product
      await page.getByRole('button', { name: 'Add to basket' }).waitFor();
      await look('product');
      await press(page, 'button', /^Add to basket/);
      await press(page, 'link', /^Basket/, 'Shift+Tab');
      await page.getByRole('link', { name: 'Sign in to order' }).waitFor();
      await look('basket');
      await press(page, 'link', /^Sign in to order/);
      await page.waitForURL((url) => url.origin !== gateway.origin);
      await look('sign-in');
      await enter(page, 'User name', 'alice');
      await enter(page, 'Password', 'alice');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Place the order' }).waitFor();
      await press(page, 'button', /^Place the order/);
      await page.waitForURL(/\/orders\//);
      await page.getByRole('heading', { name: 'Parcels' }).waitFor();
      await look('order');
      await press(page, 'button', /^Cancel the order/);
      await page.getByRole('dialog').waitFor();
      await look('cancel');
      await press(page, 'button', /^Cancel the order/);
      await page.getByText('Cancelled', { exact: true }).first().waitFor();
      await press(page, 'link', /^Your account/, 'Shift+Tab');
      await page.getByRole('heading', { name: 'Orders' }).waitFor();
      await look('account');
      await press(page, 'button', /^Add an address/);
      for (const [label, text] of Object.entries({ Name: 'Office', Recipient: 'Alice', Street: 'Amtsgasse 1', Postal: '1010', City: 'Wien', Country: 'AT' })) await enter(page, label, text);
      await look('address');
      await page.keyboard.press('Enter');
      await page.getByText('Amtsgasse 1').first().waitFor();
      await press(page, 'button', /^Sign out/, 'Shift+Tab');
      await page.getByRole('heading', { level: 1, name: /signed out/i }).waitFor();
      await look('signed-out');

      const { errors, console: complaints } = await seen.settled();
      assert.deepEqual([...errors, ...complaints], []);
      await context.close();
    });
  }
}

/** Goes on by keyboard until what has the focus is of this role and name, then presses it. */
async function press(page, role, name, key = 'Tab') {
  await until(page, key, (focused) => focused.role === role && name.test(focused.name), `${role} ${name}`);
  await page.keyboard.press('Enter');
}

/** Goes on to the field of this label and fills it by typing. */
async function enter(page, label, text) {
  await until(page, 'Tab', (focused) => focused.role === 'textbox' && focused.name.startsWith(label), `field ${label}`);
  await page.keyboard.type(text);
}

async function until(page, key, wanted, what) {
  const passed = [];
  for (let i = 0; i < 120; i++) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const text = (node) => (node.labels?.[0]?.innerText || node.getAttribute('aria-label') || node.innerText || node.textContent || '').replace(/\s+/g, ' ').trim();
      // Its own frame, or that of what it stands for: the card around it, the label beside it.
      const framed = (node) => node && getComputedStyle(node).outlineStyle !== 'none' && getComputedStyle(node).outlineWidth !== '0px';
      const roles = { A: 'link', BUTTON: 'button', INPUT: 'textbox', TEXTAREA: 'textbox', SUMMARY: 'summary' };
      return {
        role: element.getAttribute('role') ?? roles[element.tagName] ?? element.tagName,
        name: text(element),
        // A person must see where she is.
        visible: element.tabIndex < 0 || [element, element.nextElementSibling, element.closest('.card')].some(framed),
      };
    });
    assert.ok(focused.visible, `the focus on ${focused.role} "${focused.name}" cannot be seen`);
    if (wanted(focused)) return;
    passed.push(`${focused.role} "${focused.name.slice(0, 30)}"`);
    await page.keyboard.press(key);
  }
  assert.fail(`${what} is not reached by ${key}; passed ${[...new Set(passed)].join(', ')}`);
}

/** Judges a page with axe, sees that it fits, and takes its picture. */
async function judge(page, name, variant) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => (await axe.run(document)).violations.map(({ id, impact, nodes }) => `${impact}: ${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`));
  assert.deepEqual(violations, [], `axe on ${name}, ${variant}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} pixels wider than the screen`);
  const reference = ['catalogue', 'product', 'basket', 'sign-in', 'order', 'account'].indexOf(name);
  if (!process.env.SCREENSHOTS) await page.screenshot({ path: join(shots, `${name}-${variant}.png`) });
  else if (reference >= 0 && pictures[reference % pictures.length] === variant) {
    await page.screenshot({ path: join(shots, `${name}-${variant}.png`), scale: 'css' });
    pictured++;
  }
}

// README's picture: the whole account page, with the way of a parcel, before anybody has ordered or changed anything.
test('the account of somebody who comes back', async () => {
  const fresh = await startGateway();
  const context = await browser.newContext({ ...screens.desktop, colorScheme: 'light', reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(`${fresh.origin}/auth/login?return_to=/account`);
  await page.getByLabel('User name').fill('alice');
  await page.getByLabel('Password').fill('alice');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Orders' }).waitFor();
  await page.getByText('Track the parcel').nth(3).click();
  await page.getByText('Handed to the carrier').first().waitFor();
  assert.equal(await page.getByText('Cancelled', { exact: true }).count(), 0);
  await page.evaluate(() => (document.activeElement.blur(), scrollTo(0, 0)));
  await page.waitForFunction(() => scrollY === 0);
  const place = process.env.SCREENSHOTS ? join(shots, '..', 'images', 'account.png') : join(shots, 'account-whole.png');
  await page.screenshot({ path: place, fullPage: true, scale: 'css' });
  if (process.env.SCREENSHOTS) pictured++;
  await context.close();
  await fresh.stop();
});

test('what the first page costs', async () => {
  if (process.env.SCREENSHOTS) assert.equal(pictured, 7);
  const context = await browser.newContext({ viewport: screens.phone.viewport });
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.seen = { shift: 0, blocked: 0, largest: 0 };
    new PerformanceObserver((list) => list.getEntries().forEach((e) => (seen.shift += e.hadRecentInput ? 0 : e.value))).observe({ type: 'layout-shift', buffered: true });
    new PerformanceObserver((list) => list.getEntries().forEach((e) => (seen.blocked += Math.max(0, e.duration - 50)))).observe({ type: 'longtask', buffered: true });
    new PerformanceObserver((list) => list.getEntries().forEach((e) => (seen.largest = e.startTime))).observe({ type: 'largest-contentful-paint', buffered: true });
  });
  await page.goto(gateway.origin, { waitUntil: 'networkidle' });
  await page.locator('main a[href^="/product/"]').first().waitFor();
  const figures = await page.evaluate(() => {
    const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN;
    const all = [performance.getEntriesByType('navigation')[0], ...performance.getEntriesByType('resource')];
    const sum = (test) => all.filter(test).reduce((n, e) => n + e.transferSize, 0);
    return {
      requests: all.filter((e) => e.startTime < paint).length, all: all.length, paint, ...seen,
      javascript: sum((e) => /\.js$/.test(e.name)), total: sum(() => true),
    };
  });
  const ms = (n) => `${Math.round(n)} ms`;
  console.log(`first page: ${figures.requests} requests to the first render, ${figures.all} in all; ${(figures.javascript / 1000).toFixed(1)} kB of JavaScript, ${(figures.total / 1000).toFixed(1)} kB in all; ` +
    `first contentful paint ${ms(figures.paint)}, largest ${ms(figures.largest)}, blocked ${ms(figures.blocked)}, layout shift ${figures.shift.toFixed(3)}`);
  assert.ok(figures.javascript < 120_000, `${figures.javascript} bytes of JavaScript`);
  assert.ok(figures.requests <= 8, `${figures.requests} requests before anything is seen`);
  assert.ok(figures.shift < 0.1, `what is seen jumps: ${figures.shift}`);
  await context.close();
});
