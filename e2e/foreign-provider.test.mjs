// Gateways with a certified provider that others wrote, by configuration alone: one client with a secret and Basic, one
// with a key, pushed requests and a token for each API, one with its secret and the provider's answer in forms.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { freePort, startGateway } from './gateway.mjs';
import { startWorld, signIn, session, me, plain } from './world.mjs';
import { startAccounts } from './accounts.mjs';
import { secret, startProvider } from './provider.mjs';
import { startBrowser, witness, readableByScript, spellings } from './browser.mjs';
import { scratch } from './scratch.mjs';

const accountsAPI = 'https://accounts.demo.test';
const ordersAPI = 'https://orders.demo.test';
let world, provider, accounts, gateway, browser;
let keyed, posting, orders; // the two other gateways, and the other API

before(async () => {
  const [keyedPort, postingPort] = [await freePort(), await freePort()];
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyFile = join(scratch('e2e'), 'client.pem');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  keyed = { origin: `http://localhost:${keyedPort}` };
  // Forms that another site posts bring no SameSite=Lax cookie, and without https there is no other; so this gateway and
  // the provider have the same host.
  posting = { origin: `http://127.0.0.1:${postingPort}` };

  // Tokens so short that each of the test's later queries needs a fresh one.
  world = await startWorld({
    provider: {
      accessTokenTTL: 2,
      clients: [
        {
          client_id: 'keyed', origin: keyed.origin, client_secret: undefined, token_endpoint_auth_method: 'private_key_jwt',
          token_endpoint_auth_signing_alg: 'ES256', require_pushed_authorization_requests: true,
          jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: '2026-01', use: 'sig', alg: 'ES256' }] },
        },
        { client_id: 'posting', origin: posting.origin, token_endpoint_auth_method: 'client_secret_post' },
      ],
    },
  });
  ({ provider, accounts, gateway } = world);
  orders = await startAccounts({ issuer: provider.issuer, audience: ordersAPI });
  keyed.gateway = await startGateway({
    port: keyedPort,
    config: configuration(keyed.origin, `
  client_id: keyed
  auth_method: private_key_jwt
  private_key_file: ${keyFile}
  private_key_id: 2026-01
  par: always
  resources: [${accountsAPI}, ${ordersAPI}]
  authorization_params: { prompt: consent }`, { accounts: accountsAPI, orders: ordersAPI }),
  });
  posting.gateway = await startGateway({
    port: postingPort,
    config: configuration(posting.origin, `
  client_id: posting
  client_secret: ${secret}
  auth_method: client_secret_post
  response_mode: form_post`, {}),
  });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await keyed.gateway?.stop();
  await posting.gateway?.stop();
  await orders?.stop();
  await world?.stop();
});

function configuration(origin, identity, resources, issuer = provider.issuer) {
  const api = (name, url) => `{ base_url: "${url}", token: user${resources[name] ? `, resource: "${resources[name]}"` : ''} }`;
  return `
mode: development
server:
  public_url: ${origin}
identity:
  issuer: ${issuer}
  scopes: [openid, profile, email, offline_access]${identity}
session:
  keys:
    - use: seal
      secret: ${randomBytes(64).toString('base64')}
apis:
  accounts: ${api('accounts', accounts.url)}
  orders: ${api('orders', orders.url)}
  catalog: { base_url: "${accounts.url}", token: none }
  shipping: ${api('shipping', accounts.url)}
`;
}

const ask = (page, query) => page.evaluate(async (text) => {
  const answer = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-csrf': '1' },
    body: JSON.stringify({ query: text }),
  });
  return answer.json();
}, query);

async function signOut(page, origin) {
  const next = await page.evaluate(async () => (await (await fetch('/auth/logout', { method: 'POST', headers: { 'x-csrf': '1' } })).json()).continue);
  assert.equal((await session(page)).authenticated, false, 'the session must be over before the provider is asked');
  await page.goto(origin + next);
  await page.click('button');
  await page.waitForURL((url) => url.origin === origin);
  assert.equal((await session(page)).authenticated, false);
}

const refreshes = () => provider.calls.filter((call) => call.path === '/token' && call.body.grant_type === 'refresh_token');

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
  await signOut(page, gateway.origin);

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
  await elsewhere.waitForURL(/\/session\/end\/success/); // It leads there when it has told the gateways.
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

// BCP-20, T-10
test('parallel queries at expiry spend a refresh token once, and the provider\'s reuse detection ends nobody', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page, gateway.origin);
  const before = refreshes().length;
  const until = Date.now() + 20_000;
  for (let rounds = 0; refreshes().length < before + 3; rounds++) {
    const [at, began] = [refreshes().length, Date.now()];
    const answers = await page.evaluate(() => Promise.all(Array.from({ length: 20 }, async () => {
      const answer = await fetch('/graphql', {
        method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf': '1' }, body: '{"query":"{ me { id } }"}',
      });
      return answer.json();
    })));
    for (const answer of answers) assert.deepEqual(plain(answer), { data: { me: { id: 'c-alice' } } });
    // One, and on a slow machine one more each time that a token of two seconds is about to end, after 1.375 at the soonest.
    assert.ok(refreshes().length <= at + 1 + Math.floor((Date.now() - began) / 1375), `20 queries made ${refreshes().length - at} refreshes`);
    assert.ok(Date.now() < until, `${refreshes().length - before} refreshes in ${rounds} rounds`);
  }
  const spent = refreshes().slice(before);
  assert.ok(spent.every((call) => call.status === 200), 'a refresh was refused');
  assert.equal(new Set(spent.map((call) => call.body.refresh_token)).size, spent.length, 'a refresh token was spent twice');

  // What the gateway was spared: somebody spends an old one again, and the login is over for everybody.
  const replay = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`vestibule:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: spent[0].body.refresh_token }),
  });
  assert.equal(replay.status, 400);
  while ((await session(page)).authenticated) {
    await me(page);
    assert.ok(Date.now() < until + 20_000, 'the session outlives its login at the provider');
  }
  assert.equal((await me(page)).errors[0].extensions.code, 'UNAUTHENTICATED');
  await context.close();
});

// PAR-1, PKJ-1, PKJ-2, BCPU-1, RES-1, RES-2, REV-1
test('a key instead of a secret, pushed requests, and a token of its own for each API', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  accounts.seen.length = 0;
  await signIn(page, keyed.origin);
  const brought = provider.authorizations.filter((query) => query.client_id === 'keyed');
  assert.equal(brought.length, 1);
  assert.deepEqual(Object.keys(brought[0]).sort(), ['client_id', 'request_uri'], 'the browser carried more than it must');

  const answer = await ask(page, '{ me { id orders(first: 1) { totalCount } } }');
  assert.equal(answer.data.me.id, 'c-alice');
  // Each API verifies issuer and audience, so that what it has seen was its own.
  assert.ok(accounts.seen.length > 0 && orders.seen.length > 0, `accounts saw ${accounts.seen.length} tokens, orders ${orders.seen.length}`);
  const asked = refreshes().filter((call) => call.client === 'keyed').map((call) => call.body.resource);
  assert.ok([accountsAPI, ordersAPI].every((api) => asked.includes(api)), `tokens were asked for ${asked}`);

  await signOut(page, keyed.origin);
  await assert.doesNotReject(async () => {
    const until = Date.now() + 10_000;
    while (!provider.calls.some((call) => call.client === 'keyed' && call.path === '/token/revocation')) {
      await session(page);
      assert.ok(Date.now() < until, 'the refresh token was not revoked');
    }
  });
  const calls = provider.calls.filter((call) => call.client === 'keyed');
  assert.deepEqual([...new Set(calls.map((call) => call.path))].sort(), ['/request', '/token', '/token/revocation']);
  assert.ok(calls.every((call) => call.auth === 'private_key_jwt' && call.status < 300), JSON.stringify(calls.map(({ path, auth, status }) => ({ path, auth, status }))));
  const assertions = calls.map((call) => decodeJwt(call.body.client_assertion));
  assert.ok(assertions.every((claims) => claims.aud === provider.issuer), 'an assertion is for more than the issuer');
  assert.equal(new Set(assertions.map((claims) => claims.jti)).size, calls.length, 'an assertion was used twice');
  assert.ok(calls.every((call) => decodeProtectedHeader(call.body.client_assertion).kid === '2026-01'));
  await context.close();
});

// SFS-2, BBA-1
test('the secret in the form, and the provider\'s answer in a form', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const callbacks = [];
  page.on('request', (request) => request.url().startsWith(`${posting.origin}/auth/callback`) && callbacks.push(request));
  await signIn(page, posting.origin);
  assert.deepEqual(callbacks.map((request) => [request.method(), new URL(request.url()).search]), [['POST', '']]);
  assert.deepEqual(await me(page), { data: { me: { id: 'c-alice' } } });
  const calls = provider.calls.filter((call) => call.client === 'posting');
  assert.ok(calls.length > 0 && calls.every((call) => call.auth === 'client_secret_post'), JSON.stringify(calls.map(({ path, auth }) => ({ path, auth }))));
  await signOut(page, posting.origin);
  await context.close();
});

// ISS-1, ISS-2, BCP-8
test('an answer that does not say whose it is, or says another\'s, signs nobody in', async () => {
  for (const [name, tamper] of [
    ['without iss', (answer) => answer.delete('iss')],
    ['with another iss', (answer) => answer.set('iss', 'https://stranger.example')],
  ]) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const before = provider.grants.length;
    provider.tamper = tamper;
    await page.goto(`${gateway.origin}/auth/login?return_to=/account`);
    await page.fill('input[name=username]', 'alice');
    await page.fill('input[name=password]', 'alice');
    await page.click('button');
    await page.waitForURL((url) => url.origin === gateway.origin);
    provider.tamper = null;
    assert.equal(new URL(page.url()).pathname, '/auth/callback', name);
    assert.equal(provider.grants.length, before, `${name}: the code was exchanged`);
    await page.goto(`${gateway.origin}/`);
    assert.equal((await session(page)).authenticated, false, name);
    await context.close();
  }
});

// OIDC-29
test('a gateway starts without its provider, says so, and signs in once it is there', async () => {
  const [port, providerPort] = [await freePort(), await freePort()];
  const origin = `http://localhost:${port}`;
  const issuer = `http://127.0.0.1:${providerPort}`;
  const early = await startGateway({ port, config: configuration(origin, `\n  client_id: vestibule\n  client_secret: ${secret}`, {}, issuer) });
  const login = () => new Promise((done, fail) => {
    const headers = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none', accept: 'text/html' };
    get(`${origin}/auth/login`, { headers }, (answer) => done(answer.resume())).once('error', fail);
  });
  let late;
  try {
    const refused = await login();
    assert.equal(refused.statusCode, 503);
    assert.ok(refused.headers['retry-after'], 'nobody is told when to try again');
    late = await startProvider({ origin, port: providerPort });
    const until = Date.now() + 30_000;
    let answer = await login();
    while (answer.statusCode === 503 && Date.now() < until) answer = await login();
    assert.equal(answer.statusCode, 303);
    assert.ok(answer.headers.location.startsWith(`${issuer}/auth?`), answer.headers.location);
  } finally {
    await early.stop();
    await late?.stop();
  }
});
