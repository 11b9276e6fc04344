// A hostile page in a real browser, on another site and on a sibling subdomain, while the victim is signed in.
// Whatever it tries: no API is called, nothing of the session is readable, and the session lives on.
// CSRF-1 to CSRF-10, BBA-11 to BBA-13, SFS-1, SFS-2, RPL-2, WS-2.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { startWorld, signIn, session, me } from './world.mjs';
import { startBrowser } from './browser.mjs';

// Chromium resolves *.localhost to loopback, and takes a.x.localhost and b.x.localhost for one site.
const host = 'app.vestibule.localhost';
let world, browser, evil;

before(async () => {
  world = await startWorld({ host });
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

// Each attack runs in the hostile page; its answer is what the page could read of the gateway's.
const attacks = {
  'fetch with credentials': (origin) => fetch(`${origin}/graphql?query={me{id}}`, { credentials: 'include' }).then((r) => r.text(), () => ''),
  'fetch without CORS': (origin) => fetch(`${origin}/graphql?query={me{id}}`, { credentials: 'include', mode: 'no-cors' }).then((r) => r.text(), () => ''),
  'POST of text/plain': (origin) => fetch(`${origin}/graphql`, {
    method: 'POST', credentials: 'include', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: '{"query":"{me{id}}"}',
  }).then((r) => r.text(), () => ''),
  'POST of JSON with the custom header': (origin) => fetch(`${origin}/graphql`, {
    method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json', 'x-csrf': '1' }, body: '{"query":"{me{id}}"}',
  }).then((r) => r.text(), () => ''),
  'POST of a Blob without a type': (origin) => fetch(`${origin}/graphql`, {
    method: 'POST', credentials: 'include', mode: 'no-cors', body: new Blob(['{"query":"{me{id}}"}']),
  }).then((r) => r.text(), () => ''),
  'the session endpoint': (origin) => fetch(`${origin}/auth/session`, { credentials: 'include' }).then((r) => r.text(), () => ''),
  'logout by fetch': (origin) => fetch(`${origin}/auth/logout`, { method: 'POST', credentials: 'include', mode: 'no-cors' }).then((r) => r.text(), () => ''),
  'an image of a query': (origin) => new Promise((done) => {
    const image = new Image();
    image.onload = () => done('loaded');
    image.onerror = () => done('');
    image.src = `${origin}/graphql?query={me{id}}`;
  }),
  'an image of the logout link': (origin) => new Promise((done) => {
    const image = new Image();
    image.onload = image.onerror = () => done('');
    image.src = `${origin}/auth/logout`;
  }),
  'a script of the session': (origin) => new Promise((done) => {
    const script = document.createElement('script');
    script.onload = () => done('loaded');
    script.onerror = () => done('');
    script.src = `${origin}/auth/session`;
    document.body.append(script);
  }),
  'an EventSource': (origin) => new Promise((done) => {
    const source = new EventSource(`${origin}/auth/events`, { withCredentials: true });
    source.onopen = () => done('opened');
    source.onerror = () => {
      source.close();
      done('');
    };
  }),
  'a WebSocket': (origin) => new Promise((done) => {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    socket.onopen = () => done('opened');
    socket.onerror = () => done('');
  }),
  'a form that logs out': (origin) => new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.name = 'out';
    const form = document.createElement('form');
    form.method = 'post';
    form.action = `${origin}/auth/logout`;
    form.target = 'out';
    document.body.append(frame, form);
    frame.onload = () => setTimeout(() => done(''), 0);
    form.submit();
  }),
  'a form that posts a query': (origin) => new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.name = 'query';
    const form = document.createElement('form');
    form.method = 'post';
    form.enctype = 'text/plain';
    form.action = `${origin}/graphql`;
    form.target = 'query';
    const field = document.createElement('input');
    field.name = '{"query":"{me{id}}","x":"';
    field.value = '"}';
    form.append(field);
    document.body.append(frame, form);
    frame.onload = () => setTimeout(() => done(''), 0);
    form.submit();
  }),
  'a sandboxed frame (Origin: null)': (origin) => new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts';
    frame.srcdoc = `<script>fetch(${JSON.stringify(origin)} + '/graphql?query={me{id}}', { credentials: 'include' })
      .then((r) => r.text(), () => '').then((t) => parent.postMessage(t, '*'))<\/script>`;
    addEventListener('message', (event) => done(event.data), { once: true });
    document.body.append(frame);
  }),
  'framing the application': (origin) => new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.src = `${origin}/account`;
    frame.onload = () => {
      let readable = '';
      try {
        readable = frame.contentDocument?.body?.textContent ?? '';
      } catch {
        // Another origin: nothing can be read, as it should be.
      }
      done(readable);
    };
    document.body.append(frame);
  }),
};

for (const [where, evilHost] of [['another site', '127.0.0.1'], ['a sibling subdomain', 'evil.vestibule.localhost']]) {
  test(`a page on ${where}`, async (t) => {
    const context = await browser.newContext();
    const victim = await context.newPage();
    await signIn(victim, world.origin);
    assert.deepEqual(await me(victim), { data: { me: { id: 'c-alice' } } }, 'the victim must be signed in, or the attacks prove nothing');

    for (const [name, attack] of Object.entries(attacks)) {
      await t.test(name, async () => {
        const page = await context.newPage();
        await page.goto(`http://${evilHost}:${evil.address().port}/`);
        const before = world.accounts.seen.length;
        const readable = await page.evaluate(`(${attack})(${JSON.stringify(world.origin)})`);
        assert.equal(readable, '', 'the hostile page could read something');
        assert.equal(world.accounts.seen.length, before, 'an API was called');
        await page.close();
        assert.equal((await session(victim)).authenticated, true, 'the victim was signed out');
      });
    }

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
