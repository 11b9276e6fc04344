// A hostile page in a real browser, on another site and on a sibling subdomain, while the victim is signed in.
// Whatever it tries: it is refused before anything is done, no API is called, nothing of the session is readable, and the session
// lives on. The same without each of the defences, so that each is seen to hold by itself; and without them all, so that what is tried
// is seen to work.
// CSRF-1 to CSRF-10, BBA-6, BBA-11 to BBA-13, SFS-1, SFS-2, RPL-2, WS-2.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { startWorld, signIn, session, me } from './world.mjs';
import { relay, routes, ways } from './hostile.mjs';
import { startBrowser } from './browser.mjs';

// Chromium resolves *.localhost to loopback, and takes a.x.localhost and b.x.localhost for one site.
const host = 'app.vestibule.localhost';
const elsewhere = '127.0.0.1', sibling = 'evil.vestibule.localhost';
let world, browser, evil;

before(async () => {
  world = await startWorld({ host, relay, wired: true });
  browser = await startBrowser();
  evil = createServer((req, res) => {
    const to = new URL(req.url, 'http://evil.test').searchParams.get('to');
    if (to) return res.writeHead(307, { location: to }).end();
    res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Free kittens</title><body>');
  });
  await new Promise((done) => evil.listen(0, '127.0.0.1', done));
});

after(async () => {
  await browser?.close();
  evil?.close();
  evil?.closeAllConnections();
  await world?.stop();
});

const quiet = '/favicon.svg'; // A page of ours that asks nothing by itself.
const kittens = (evilHost) => `http://${evilHost}:${evil.address().port}/`;
const isSession = /(^|; )vestibule-\d+=/;
const foreign = ({ headers }) => headers['sec-fetch-site'] !== 'same-origin';

/** What comes to no end fails by its name, and not by the test runner's patience. */
function bounded(promise, what) {
  let timer;
  const limit = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error(`${what()}, in 10 seconds`)), 10_000)));
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

/**
 * A victim, signed in here and in another browser. `settle` signs her in again where one of the two sessions has ended, and gives how
 * many had; `leave` gets a new way to the provider. `cookie`, `other`, `t` and `ticket` are hers, as of then.
 */
async function startVictim() {
  const context = await browser.newContext({ bypassCSP: true });
  const second = await browser.newContext();
  const her = { context, page: await context.newPage() };
  const there = await second.newPage();
  const ask = (page, path, method = 'GET') => page.evaluate(async ([path, method]) => {
    const answer = await fetch(path, { method, headers: { 'x-csrf': '1' } });
    return answer.headers.get('content-type') === 'application/json' ? answer.json() : {};
  }, [path, method]);
  const again = async (page) => {
    await page.context().clearCookies({ name: /^vestibule-\d+$/ });
    await page.goto(`${world.origin}/auth/login?return_to=${quiet}`);
    await page.waitForURL(world.origin + quiet, { timeout: 10_000 });
  };
  her.settle = async () => {
    const lost = [];
    for (const page of [her.page, there]) if (!(await session(page)).authenticated) lost.push(page);
    for (const page of lost) await again(page);
    her.t = new URL((await session(her.page)).logout_url, world.origin).searchParams.get('t');
    her.other = (await ask(her.page, '/auth/sessions')).sessions.find(({ current }) => !current).id;
    her.cookie = (await context.cookies(world.origin)).filter(({ name }) => /^vestibule-\d+$/.test(name)).map(({ name, value }) => `${name}=${value}`).join('; ');
    return lost.length;
  };
  her.leave = async () => {
    her.ticket = new URL((await ask(there, '/auth/logout', 'POST')).continue, world.origin).searchParams.get('t');
    await her.settle();
  };
  her.end = async () => {
    await ask(her.page, '/auth/sessions?scope=all', 'DELETE');
    await Promise.all([context.close(), second.close()]);
  };
  await signIn(her.page, world.origin, { returnTo: quiet });
  await signIn(there, world.origin, { returnTo: quiet });
  await her.leave();
  return her;
}

/**
 * Has `page` try one way on one route, and gives what it could read, what of it came to the gateway, and how often an API was called.
 * `change` is what becomes of its requests on the wire, which is `open` or not.
 */
async function attack(page, her, way, name, { change = plain, open = false } = {}) {
  const { method, path, body, fields } = routes[name];
  const of = (what) => (typeof what === 'function' ? what(her) : what);
  const [from, calls] = [world.wire.seen.length, world.accounts.seen.length];
  const asked = { method, url: world.origin + of(path), body, fields: of(fields), via: `${kittens(elsewhere)}?to=` };
  const at = ({ path }) => new URL(path, world.origin).pathname; // Windows ask for icons, and go where they are sent.
  const came = () => world.wire.seen.slice(from).filter((request) => at(request) === at({ path: asked.url }));
  const opens = ways[way].opens && her.context.waitForEvent('page', { timeout: 10_000 });
  opens?.catch(() => {}); // It is awaited below, if it comes to that.
  Object.assign(world.wire, { change: (headers) => change(headers, her), open });
  let read;
  try {
    read = await bounded(page.evaluate(`(${ways[way].run})(${JSON.stringify(asked)})`), () => `${way} did not end on ${name}`);
    if (page.url().startsWith(world.origin) ? !ways[way].nowhere : !ways[way].never) {
      const arrived = () => came().length > 0 && came().every(({ status }) => status !== undefined);
      await bounded(world.wire.until(arrived), () => `${way} on ${name}: it did not come to the gateway, or was not answered: ${JSON.stringify(came())}`);
    }
  } finally {
    Object.assign(world.wire, { change: plain, open: false });
  }
  if (opens) await leave(await opens, came().at(-1)?.location, () => `the window of ${way} on ${name} did not get where it was sent`);
  return { read, came: came(), calls: world.accounts.seen.length - calls };
}

/** Closes a window once it is where it was sent. On its way it would come between the provider and what the next sign-in does there. */
async function leave(opened, location, what) {
  const { origin } = new URL(location ?? '', world.origin);
  if (origin !== world.origin) await bounded(opened.waitForURL((url) => url.origin === origin), what);
  await opened.close();
}

/** Has a page lead its own window to a path of ours, and waits until it stands at an origin. */
async function follow(page, path, origin) {
  await page.evaluate((address) => void (location.href = address), world.origin + path);
  await bounded(page.waitForURL((url) => url.origin === origin), () => `the link to ${path} did not lead to ${origin}`);
}

const inAddress = 'a mutation in the address'; // Which nobody may send.
const plain = (headers) => headers;
const triedBy = (way) => Object.keys(routes).filter((name) => ways[way].methods.includes(routes[name].method) && !(ways[way].guarded && routes[name].open));

// How requests fare on the wire, where one defence is taken away, or all.
const disguises = {
  /** Every request bears the session's cookie, as if it were not SameSite=Strict. */
  everywhere: (headers, her) => ({ ...headers, cookie: her.cookie }),
  /** A browser that does not say where requests come from and what for, as those before 2020 to 2023. */
  silent: (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => !/^sec-fetch-|purpose$/.test(name))),
  /** A gateway without a defence: what comes looks like what a script of its own page sends. */
  own: (headers, her) => ({
    ...disguises.silent(disguises.everywhere(headers, her)), ...(headers.origin && { origin: world.origin }), 'sec-fetch-site': 'same-origin', 'x-csrf': '1',
  }),
};

test('every route is tried, by its pattern in the router', () => {
  const source = ['server.go', 'routes.go'].map((file) => readFileSync(join(import.meta.dirname, '..', file), 'utf8')).join('\n');
  const patterns = [...source.matchAll(/mux\.Handle(?:Func)?\(([^,]+),|r\.Pattern = (\S+)/g)].map(([, handled, set]) => JSON.parse(handled ?? set));
  assert.deepEqual([...new Set(Object.values(routes).map(({ on }) => on))].sort(), [...new Set(patterns)].sort());
});

test('what is tried would work, were there no defence', async (t) => {
  const her = await startVictim();
  const page = await her.context.newPage();
  await page.goto(kittens(elsewhere));
  const harmed = new Set();
  for (const [way, { never, reads }] of Object.entries(ways)) {
    await t.test(`by ${way}`, async () => {
      let done = 0, readable = 0;
      for (const name of triedBy(way).filter((name) => !routes[name].open)) {
        const { calls, ends } = routes[name];
        if (ends && harmed.has(name)) continue; // Signing in again takes long; that the way works is seen on the other routes.
        const { read, came, calls: called } = await attack(page, her, way, name, { change: disguises.own, open: true });
        const ended = ends ? await her.settle() : 0;
        const answer = came.find(({ method }) => method !== 'OPTIONS');
        assert.equal(answer === undefined, never !== undefined, `${name}: came to the gateway: ${JSON.stringify(came)}`);
        assert.notEqual(answer?.status, 403, name);
        readable += read !== '';
        if (calls ? called > 0 : ends ? ended > 0 : answer?.status < 400) {
          done++;
          harmed.add(name);
        }
        if (answer?.location?.startsWith(world.provider.issuer)) await her.leave();
      }
      assert.equal(done > 0, never === undefined, `it did harm on ${done} routes`);
      assert.ok(!reads || readable > 0, 'it read nothing');
    });
  }
  // What stays refused is so by another guard: GET runs no mutation.
  assert.deepEqual([...harmed].sort(), Object.keys(routes).filter((name) => !routes[name].open && name !== inAddress).sort());
  await her.end();
});

test('what is meant to work on a page of ours does', async (t) => {
  const her = await startVictim();
  // Where the app would be, had it not been kept from starting: its own requests are none of this.
  await her.page.route(`${world.origin}/assets/**`, (route) => route.abort());
  const home = () => her.page.goto(`${world.origin}/account`);
  await home();
  const own = (way, name) => attack(her.page, her, way, name);
  for (const way of ['fetch with the header', 'fetch as if of the same origin']) {
    await t.test(`by ${way}`, async () => {
      for (const name of triedBy(way).filter((name) => !routes[name].open && !routes[name].navigates)) {
        const { read, calls, came } = await own(way, name);
        assert.ok(routes[name].ends ? await her.settle() > 0 : routes[name].calls ? calls > 0 || name === inAddress : read !== '', `${name}: ${JSON.stringify([read, calls, came])}`);
        if (routes[name].ends) await home();
      }
    });
  }
  for (const [way, { strange, nowhere }] of Object.entries(ways).filter(([, { methods }]) => methods.includes('GET'))) {
    if (nowhere || way === 'a WebSocket') continue;
    await t.test(`a picture of an API by ${way}`, async () => {
      assert.equal((await own(way, 'a picture of an API')).calls > 0, !strange);
    });
  }
  await t.test('and a script that somebody has put where an API\'s pictures are is not run', async () => {
    const url = `${world.origin}/api/accounts/pictures/script`, calls = world.accounts.seen.length;
    assert.equal(await her.page.evaluate(`(${ways['a script'].run})(${JSON.stringify({ url })})`), '');
    const said = await her.page.evaluate((url) => new Promise((done) => {
      const worker = new Worker(url);
      worker.onerror = () => done('nothing');
      worker.onmessage = ({ data }) => done(data);
    }), url);
    assert.deepEqual([said, await her.page.evaluate(() => globalThis.ran)], ['nothing', undefined]);
    assert.equal(world.accounts.seen.length, calls + 2);
  });
  for (const name of ['a subscription', 'a WebSocket of an API']) {
    await t.test(`${name} by a WebSocket`, async () => assert.equal((await own('a WebSocket', name)).read, 'opened'));
  }
  for (const [way, name] of [['a form with a window of its own', 'logout'], ['a link with a window of its own', 'the logout link']]) {
    await t.test(`${name} by ${way}`, async () => {
      await own(way, name);
      assert.equal(await her.settle(), 1);
      await home();
    });
  }
  await t.test('the way on to the provider, and diagnostics, by a link', async () => {
    const { came: [{ location }] } = await own('a link with a window of its own', 'the way on to the provider');
    assert.ok(location.startsWith(world.provider.issuer), location);
    assert.ok((await own('a link with a window of its own', 'diagnostics')).calls > 0);
  });
  await her.end();
});

for (const { where, evilHost, change, carries, skips = () => false } of [
  { where: 'another site', evilHost: elsewhere, carries: () => false },
  { where: 'a sibling subdomain', evilHost: sibling, carries: ({ bare }) => !bare },
  { where: 'another site, were the cookie sent everywhere', evilHost: elsewhere, change: disguises.everywhere, skips: ({ open }) => open },
  // A link cannot bear an Origin or a header: of those that a silent browser follows, the secret in the address alone is the guard.
  { where: 'a sibling subdomain, in a browser that does not say so', evilHost: sibling, change: disguises.silent, skips: ({ open, navigates }) => open || navigates },
]) {
  test(`a page on ${where}`, async (t) => {
    const her = await startVictim();
    assert.deepEqual(await me(her.page), { data: { me: { id: 'c-alice' } } }, 'the victim must be signed in, or the attacks prove nothing');
    const page = await her.context.newPage();
    await page.goto(kittens(evilHost));
    for (const [way, { never, bare }] of Object.entries(ways)) {
      await t.test(`by ${way}`, async () => {
        const carried = [];
        for (const name of triedBy(way).filter((name) => !skips(routes[name]))) {
          const { read, came, calls } = await attack(page, her, way, name, { change });
          assert.equal(read, '', `${name}: the hostile page could read something`);
          assert.equal(calls, 0, `${name}: an API was called`);
          const real = came.filter((request) => foreign(request) && request.method !== 'OPTIONS');
          if (never) assert.deepEqual(came, [], `${name}: ${never}`);
          if (!routes[name].open) assert.deepEqual(real.filter(({ status }) => status !== 403), [], `${name}: it was not refused`);
          carried.push(...real.map(({ headers }) => isSession.test(headers.cookie ?? '')));
        }
        if (carries && carried.length > 0) assert.equal(carried.includes(true), carries({ bare }), 'whether the session\'s cookie came along (BBA-6)');
        assert.equal(await her.settle(), 0, 'a session has ended');
      });
    }
    await page.close();

    await t.test('a link to the login leaves the session as it is until a login is done (CSRF-10)', async () => {
      const page = await her.context.newPage();
      await page.goto(kittens(evilHost));
      await follow(page, '/auth/login?prompt=login&return_to=//evil.test', world.provider.issuer);
      assert.equal((await session(her.page)).authenticated, true);
      await page.close();
    });

    await t.test('a link to the logout does nothing without its secret (RPL-2)', async () => {
      const page = await her.context.newPage();
      await page.goto(kittens(evilHost));
      await follow(page, '/auth/logout?t=guess', world.origin);
      assert.equal((await session(her.page)).authenticated, true);
      await page.close();
    });
    await bounded(her.end(), () => 'her browsers did not close');
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
