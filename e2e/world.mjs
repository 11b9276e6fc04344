// The gateway between a foreign provider and one API, by configuration alone.
import { randomBytes } from 'node:crypto';
import { freePort, startGateway } from './gateway.mjs';
import { startProvider, secret } from './provider.mjs';
import { startAccounts } from './accounts.mjs';
import { startWire } from './wire.mjs';
import * as canary from './canary.mjs';

const audience = 'https://accounts.demo.test';

/**
 * Starts all three. `host` is the name under which the gateway is reached, `provider` adds to startProvider's options, `env`
 * to the gateway's variables, `relay` lists what of the API goes through the relay, `wired` puts a wire before the gateway.
 * The answer has `provider`, `accounts`, `gateway`, `wire`, `origin` and `stop()`.
 */
export async function startWorld({ host = 'localhost', provider: options = {}, env = {}, relay = [], wired = false } = {}) {
  const port = await freePort();
  const behind = wired ? await freePort() : port;
  const origin = `http://${host}:${port}`;
  const provider = await startProvider({ origin, audience, ...options });
  const accounts = await startAccounts({ issuer: provider.issuer, audience });
  const key = randomBytes(64);
  canary.secret('the session key', key.toString('base64'));
  canary.secret('the client secret', secret);
  const gateway = await startGateway({
    port: behind,
    origin,
    env,
    config: `
mode: development
server:
  public_url: ${origin}
identity:
  issuer: ${provider.issuer}
  client_id: vestibule
  client_secret: ${secret}
  scopes: [openid, profile, email, offline_access]
session:
  keys:
    - use: seal
      secret: ${key.toString('base64')}
apis:
  accounts: { base_url: "${accounts.url}", token: user, relay: ${JSON.stringify(relay)} }
  catalog: { base_url: "${accounts.url}", token: none }
  orders: { base_url: "${accounts.url}", token: user }
  shipping: { base_url: "${accounts.url}", token: user }
`,
  });
  const wire = wired ? await startWire({ port, to: behind }) : undefined;
  return {
    provider, accounts, gateway, wire, origin,
    stop: async () => {
      await wire?.stop();
      await gateway.stop();
      await accounts.stop();
      await provider.stop();
    },
  };
}

/** Signs in at the foreign provider and comes back to `returnTo`. */
export async function signIn(page, origin, { user = 'alice', returnTo = '/account' } = {}) {
  await page.goto(`${origin}/auth/login?return_to=${encodeURIComponent(returnTo)}`);
  await page.fill('input[name=username]', user);
  await page.fill('input[name=password]', user);
  await page.click('button');
  await page.waitForURL(origin + returnTo);
}

/** Who is signed in, as the page's own script learns it. */
export const session = (page) => page.evaluate(async () => (await fetch('/auth/session', { headers: { 'x-csrf': '1' } })).json());

/** An answer without what only a developer's gateway says of it. */
export const plain = ({ extensions, ...answer }) => answer;

/** A query as the page's own script asks it. */
export const me = async (page) => plain(await page.evaluate(async () => {
  const answer = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-csrf': '1' },
    body: JSON.stringify({ query: '{ me { id } }' }),
  });
  return answer.json();
}));
