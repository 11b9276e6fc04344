// The gateway with oauth2-mock-server, which asks nobody for a password, names no issuer in its answers, gives a new refresh
// token at each refresh and still takes the old one, and knows no sessions.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { OAuth2Server } from 'oauth2-mock-server';
import { freePort, startGateway } from './gateway.mjs';
import { startAccounts } from './accounts.mjs';
import { startBrowser } from './browser.mjs';
import { me, session } from './world.mjs';
import * as canary from './canary.mjs';

const audience = 'https://accounts.demo.test';
const provider = new OAuth2Server();
const grants = [];
let accounts, gateway, browser;

before(async () => {
  await provider.issuer.keys.generate('RS256');
  await provider.start(0, 'localhost');
  // Its tokens say nothing of whom they are for, nor how long they live, unless they are told.
  provider.service.on('beforeTokenSigning', (token, req) => {
    if (token.payload.nonce || token.payload.aud) return; // The ID token.
    Object.assign(token.payload, { aud: audience, jti: randomBytes(8).toString('hex') });
    grants.push(req.body.grant_type);
  });
  provider.service.on('beforeResponse', (answer) => {
    answer.body.expires_in = 2;
    for (const kind of ['access_token', 'refresh_token']) canary.secret(`the provider's ${kind}`, answer.body[kind]);
  });
  const port = await freePort();
  accounts = await startAccounts({ issuer: provider.issuer.url, audience });
  const key = randomBytes(64).toString('base64');
  canary.secret('the session key', key);
  gateway = await startGateway({ port, config: `
mode: development
server: { public_url: "http://localhost:${port}" }
identity:
  issuer: "${provider.issuer.url}"
  client_id: vestibule
  client_secret: a-secret-that-it-does-not-check
session: { keys: [{ use: seal, secret: "${key}" }] }
apis:
  accounts: { base_url: "${accounts.url}" }
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
  await provider.stop();
});

test('login, an API\'s token, refreshes, and signing out here and there', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${gateway.origin}/auth/login?return_to=/account`);
  await page.waitForURL(`${gateway.origin}/account`);
  assert.equal((await session(page)).authenticated, true);
  const until = Date.now() + 30_000;
  while (grants.filter((grant) => grant === 'refresh_token').length < 3) {
    const answer = await me(page);
    assert.ok(answer.data?.me.id.startsWith('c-'), JSON.stringify(answer));
    assert.ok(Date.now() < until, `grants: ${grants}`);
  }
  assert.ok(accounts.seen.every((call) => call.cookie === undefined), 'the browser\'s cookie reached an API');
  const { continue: next } = await page.evaluate(async () => (await fetch('/auth/logout', { method: 'POST', headers: { 'x-csrf': '1' } })).json());
  await page.goto(gateway.origin + next);
  await page.waitForURL(`${gateway.origin}/`);
  assert.equal((await session(page)).authenticated, false);
  await context.close();
});
