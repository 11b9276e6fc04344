// A hostile page in a real browser, on another site and on a sibling subdomain, while the victim is signed in.
// Whatever it tries: no API is called, nothing of the session is readable, and the session lives on.
// CSRF-1 to CSRF-10, BBA-11 to BBA-13, SFS-1, SFS-2, RPL-2, WS-2.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { startWorld, signIn, session, me } from './world.mjs';
import { relay, routes, ways } from './hostile.mjs';
import { startBrowser } from './browser.mjs';

// Chromium resolves *.localhost to loopback, and takes a.x.localhost and b.x.localhost for one site.
const host = 'app.vestibule.localhost';
let world, browser, evil;

before(async () => {
  world = await startWorld({ host, relay });
  browser = await startBrowser();
  evil = createServer((_, res) => {
    res.writeHead(200, { 'content-type': 'text/html' });
    res.end('<!doctype html><title>Free kittens</title><body>');
  });
  await new Promise((done) => evil.listen(0, '127.0.0.1', done));
});

after(async () => {
  await browser?.close();
  evil?.close();
  evil?.closeAllConnections();
  await world?.stop();
});

for (const [where, evilHost] of [['another site', '127.0.0.1'], ['a sibling subdomain', 'evil.vestibule.localhost']]) {
  test(`a page on ${where}`, async (t) => {
    const context = await browser.newContext();
    const victim = await context.newPage();
    await signIn(victim, world.origin);
    assert.deepEqual(await me(victim), { data: { me: { id: 'c-alice' } } }, 'the victim must be signed in, or the attacks prove nothing');

    await t.test('what is tried would work on a page of ours', async () => {
      const own = (way, { path, ...route }) => victim.evaluate(`(${ways[way].run})(${JSON.stringify({ ...route, url: world.origin + path })})`);
      for (const name of ['a query', 'a posted query', 'an API', 'the session', 'all sessions', 'events']) {
        assert.notEqual(await own('fetch with the header', routes[name]), '', name);
      }
      const before = world.accounts.seen.length;
      await own('an image', routes['a picture of an API']);
      assert.equal(world.accounts.seen.length, before + 1, 'a picture of an API');
    });

    const page = await context.newPage();
    await page.goto(`http://${evilHost}:${evil.address().port}/`);
    for (const [way, { methods, run }] of Object.entries(ways)) {
      await t.test(`by ${way}`, async () => {
        const tried = Object.entries(routes).filter(([, route]) => methods.includes(route.method));
        for (const [name, { path, ...route }] of tried) {
          const before = world.accounts.seen.length;
          const readable = await page.evaluate(`(${run})(${JSON.stringify({ ...route, url: world.origin + path })})`);
          assert.equal(readable, '', `${name}: the hostile page could read something`);
          assert.equal(world.accounts.seen.length, before, `${name}: an API was called`);
        }
        assert.equal((await session(victim)).authenticated, true, 'the victim was signed out');
      });
    }
    await page.close();

    await t.test('a link to the login leaves the session as it is until a login is done (CSRF-10)', async () => {
      const page = await context.newPage();
      await page.goto(`http://${evilHost}:${evil.address().port}/`);
      await page.evaluate((origin) => void (location.href = `${origin}/auth/login?return_to=//evil.test`), world.origin);
      await page.waitForLoadState();
      assert.equal((await session(victim)).authenticated, true);
      await page.close();
    });

    await t.test('a link to the logout does nothing without its secret (RPL-2)', async () => {
      const page = await context.newPage();
      await page.goto(`http://${evilHost}:${evil.address().port}/`);
      await page.evaluate((origin) => void (location.href = `${origin}/auth/logout?t=guess`), world.origin);
      await page.waitForLoadState();
      assert.equal((await session(victim)).authenticated, true);
      await page.close();
    });
    await context.close();
  });
}

test('a stranger\'s authorization response does not sign anyone in (CSRF-9, T-1)', async () => {
  const attacker = await browser.newContext();
  const hers = await attacker.newPage();
  await hers.goto(`${world.origin}/auth/login?return_to=/account`);
  // She signs in at the provider, and keeps the response that her browser should have delivered.
  let answer = await attacker.request.post(await hers.locator('form').evaluate((form) => form.action), {
    form: { username: 'bob', password: 'bob' }, maxRedirects: 0,
  });
  let stolen = new URL(answer.headers().location, world.provider.issuer).href;
  while (!stolen.startsWith(`${world.origin}/auth/callback`)) {
    answer = await attacker.request.get(stolen, { maxRedirects: 0 });
    stolen = new URL(answer.headers().location, stolen).href;
  }

  const victims = await browser.newContext();
  const page = await victims.newPage();
  const planted = await page.goto(stolen);
  assert.equal(planted.status(), 400, 'the callback took a stranger\'s response');
  await page.goto(`${world.origin}/`);
  assert.equal((await session(page)).authenticated, false);
  await attacker.close();
  await victims.close();
});
