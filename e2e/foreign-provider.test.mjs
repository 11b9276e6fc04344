// The gateway with a certified provider that others wrote, by configuration alone.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startWorld, signIn, session, me } from './world.mjs';
import { startBrowser, witness, readableByScript, spellings } from './browser.mjs';

let world, provider, accounts, gateway, browser;

before(async () => {
  // Tokens so short that each of the test's later queries needs a fresh one.
  world = await startWorld({ provider: { accessTokenTTL: 2 } });
  ({ provider, accounts, gateway } = world);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await world?.stop();
});

test('sign in, query with refreshed tokens, sign out, and no token in the browser', async () => {
  const context = await browser.newContext();
  const seen = witness(context, gateway.origin);
  const page = await context.newPage();
  await signIn(page, gateway.origin);
  assert.equal((await session(page)).authenticated, true);

  assert.deepEqual(await me(page), { data: { me: { id: 'c-alice' } } });
  // The access token lives two seconds: the gateway refreshes it while the browser notices nothing.
  await assert.doesNotReject(async () => {
    const until = Date.now() + 20_000;
    while (provider.grants.filter((grant) => grant.type === 'refresh_token').length < 2) {
      assert.deepEqual(await me(page), { data: { me: { id: 'c-alice' } } });
      assert.ok(Date.now() < until, 'no refresh was seen');
    }
  });
  assert.ok(provider.grants.every((grant) => grant.status === 200), JSON.stringify(provider.grants));
  assert.ok(new Set(accounts.seen.map((call) => call.jti)).size >= 2, 'the API never saw a fresh token');
  assert.ok(accounts.seen.every((call) => call.cookie === undefined), 'the browser\'s cookie reached an API');

  const readable = JSON.stringify(await readableByScript(page));
  const next = await page.evaluate(async () => (await (await fetch('/auth/logout', { method: 'POST', headers: { 'x-csrf': '1' } })).json()).continue);
  assert.equal((await session(page)).authenticated, false, 'the session must be over before the provider is asked');
  await page.goto(gateway.origin + next);
  await page.click('button');
  await page.waitForURL((url) => url.origin === gateway.origin);
  assert.equal((await session(page)).authenticated, false);

  const { responses } = await seen.settled();
  const shown = readable + responses
    // The one exception of the design: the hint in the redirect to the provider's end-session.
    .map((response) => JSON.stringify({ ...response, headers: { ...response.headers, ...(response.url.includes('/auth/logout/continue') && { location: '' }) } }))
    .join('\n');
  assert.ok(provider.issued.length >= 9, `only ${provider.issued.length} tokens were issued`);
  for (const token of provider.issued) {
    for (const spelling of spellings(token)) {
      // Every JWT of one key starts alike; the first sixteen characters say nothing of those.
      if (spelling.length === 16 && token.startsWith('eyJ')) continue;
      assert.ok(!shown.includes(spelling), `a token reached the browser as ${spelling.slice(0, 12)}…`);
      assert.ok(!gateway.log.includes(spelling), 'a token reached the log');
    }
  }
  await context.close();
});

test('signing out at the provider ends the session here (back-channel)', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page, gateway.origin, { user: 'bob' });
  assert.equal((await session(page)).authenticated, true);

  const elsewhere = await context.newPage();
  await elsewhere.goto(`${provider.issuer}/session/end`);
  await elsewhere.click('button');
  await elsewhere.waitForLoadState();
  assert.deepEqual(provider.backchannel, ['alice', 'bob'].filter((user) => provider.backchannel.includes(user)));
  assert.ok(provider.backchannel.includes('bob'), 'the provider sent no logout token, or the gateway refused it');
  assert.equal((await session(page)).authenticated, false);
  await context.close();
});

test('a refusal at the provider ends on a page of ours that reflects nothing', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${gateway.origin}/auth/login?return_to=/account`);
  await page.fill('input[name=username]', 'deny');
  await page.fill('input[name=password]', 'x');
  await page.click('button');
  await page.waitForURL((url) => url.origin === gateway.origin);
  const html = await page.content();
  assert.ok(!html.includes('alert(1)'), 'the provider\'s description was reflected');
  assert.ok(html.includes('Sign in again'), 'there is no way to try again');
  await page.goto(`${gateway.origin}/`);
  assert.equal((await session(page)).authenticated, false);
  await context.close();
});
