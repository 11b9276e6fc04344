// The gateway with Glewlwyd, an OpenID provider in C that Debian ships: where it is installed, see .ci/test.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { freePort, startGateway } from './gateway.mjs';
import { startAccounts } from './accounts.mjs';
import { startBrowser } from './browser.mjs';
import { startGlewlwyd, password } from './glewlwyd.mjs';
import { session, me } from './world.mjs';
import * as canary from './canary.mjs';

const audience = 'https://accounts.demo.test';
let provider, accounts, gateway, browser;

before(async () => {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  provider = await startGlewlwyd({ origin, audience, accessTokenTTL: 4 });
  accounts = await startAccounts({ issuer: provider.issuer, audience });
  const key = randomBytes(64).toString('base64');
  canary.secret('the session key', key);
  gateway = await startGateway({ port, config: `
mode: development
server: { public_url: "${origin}" }
identity:
  issuer: "${provider.issuer}"
  client_id: vestibule
  client_secret: ${provider.secret}
  resources: ["${audience}"]
  logout_token_without_exp: true
session: { keys: [{ use: seal, secret: "${key}" }] }
apis:
  accounts: { base_url: "${accounts.url}", check_path: /me }
  catalog: { base_url: "${accounts.url}", token: none }
  orders: { base_url: "${accounts.url}" }
  shipping: { base_url: "${accounts.url}" }
` });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await gateway?.stop();
  await accounts?.stop();
  await provider?.stop();
});

async function signIn(page) {
  await page.goto(`${gateway.origin}/auth/login?return_to=/account`);
  await page.fill('input[name=username]', 'alice');
  await page.fill('input[name=password]', password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${gateway.origin}/account`);
}

test('login, an API\'s token, refreshes with rotation', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page);
  assert.equal((await session(page)).claims.name, 'Alice Archer');
  const tokens = () => new Set(accounts.seen.map((call) => call.jti)).size;
  const until = Date.now() + 30_000;
  // Each refresh spends a refresh token that is good once, so that three of them are a chain.
  while (tokens() < 4) {
    const answer = await me(page);
    assert.ok(answer.data?.me.id.startsWith('c-'), JSON.stringify(answer));
    assert.ok(Date.now() < until, `the API saw ${tokens()} tokens`);
  }
  await context.close();
});

test('signing out here ends the session there, and leads back', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page);
  const { continue: next } = await page.evaluate(async () => (await fetch('/auth/logout', { method: 'POST', headers: { 'x-csrf': '1' } })).json());
  await page.goto(gateway.origin + next);
  await page.getByRole('button', { name: 'Yes, sign out' }).click();
  await page.waitForURL(`${gateway.origin}/`);
  assert.equal((await session(page)).authenticated, false);
  await page.goto(`${gateway.origin}/auth/login`);
  await page.locator('input[name=username]').waitFor(); // It asks again.
  await context.close();
});

test('signing out there ends the session here (back-channel, without exp)', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page);
  const before = gateway.log.split('event=backchannel_logout').length;
  const elsewhere = await context.newPage();
  await elsewhere.goto(`${new URL(provider.issuer).origin}/login.html`);
  const sid = await page.goto(`${gateway.origin}/auth/diagnostics`).then(() => page.getByRole('row', { name: /^sid / }).getByRole('cell').innerText());
  await elsewhere.evaluate((name) => fetch(`/api/oidc/session/${name}/`, { method: 'DELETE' }), JSON.parse(sid));
  const until = Date.now() + 10_000;
  await page.goto(`${gateway.origin}/`);
  while ((await session(page)).authenticated) assert.ok(Date.now() < until, `the session lives on:\n${provider.log}`);
  assert.equal(gateway.log.split('event=backchannel_logout').length, before + 1);
  await context.close();
});
