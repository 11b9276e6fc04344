// A certified OpenID provider that others wrote (npm oidc-provider), with every token it issues kept for leak searches.
import Provider from 'oidc-provider';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import { freePort } from './gateway.mjs';
import * as canary from './canary.mjs';

export const secret = 'vestibule-secret-0123456789-0123456789-0123456789';
const users = {
  alice: { password: 'alice', name: 'Alice Archer', email: 'alice@example.test' },
  bob: { password: 'bob', name: 'Bob Baker', email: 'bob@example.test' },
};

/**
 * Starts a provider for the gateway at `origin`, whose client is `vestibule`.
 *
 * `accessTokenTTL` is in seconds. `audience` is the API that access tokens are for unless another is asked for.
 * `tls` is a certificate and its key: then it is https://localhost.
 * `clients` are further gateways: {client_id, origin} and whatever their registration says beside. The answer has
 * `issuer`, `issued` (every token handed out), `grants` (token calls as {type, status}), `calls` (what clients sent to
 * the endpoints: {path, client, auth, body, status}), `authorizations` (the queries that browsers brought),
 * `backchannel` (sub of each back-channel logout sent), `tamper` (null, or a change of the address that a browser is
 * sent back to) and `stop()`.
 */
export async function startProvider({ origin, accessTokenTTL = 300, audience = 'https://accounts.demo.test', clients = [], port, tls }) {
  port ??= await freePort();
  const issuer = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' };
  const gateways = [{ client_id: 'vestibule', origin }, ...clients];
  const origins = gateways.map((gateway) => gateway.origin);
  const provider = new Provider(issuer, {
    jwks: { keys: [key] },
    clients: gateways.map(registration),
    cookies: { keys: [randomBytes(32).toString('hex')] },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    claims: { openid: ['sub', 'sid'], profile: ['name', 'preferred_username'], email: ['email'] },
    conformIdTokenClaims: false,
    findAccount: (_, id) => users[id] && {
      accountId: id,
      claims: () => ({ sub: id, name: users[id].name, preferred_username: id, email: users[id].email }),
    },
    pkce: { required: () => true },
    issueRefreshToken: async (_, of, code) => of.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    rotateRefreshToken: true,
    ttl: { AccessToken: accessTokenTTL, IdToken: 300, AuthorizationCode: 60, RefreshToken: 86400, Session: 86400, Grant: 86400, Interaction: 600 },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: ({ oidc }) => grantFor(provider, oidc.session.grantIdFor(oidc.client.clientId), oidc.client.clientId, oidc.session.accountId, resourcesOf(oidc.params, audience)),
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      revocation: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource },
      resourceIndicators: {
        enabled: true,
        // As the provider has it by default: a token request that names several is refused.
        defaultResource: (_ctx, _client, asked) => asked ?? audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => ({
          audience: resource, scope: 'api:read', accessTokenTTL, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    // The provider refuses to call loopback addresses (a guard against server-side request forgery); the guard is
    // lifted for the gateways under test alone.
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, origins.includes(new URL(url).origin) ? options : { ...options, dispatcher }),
    renderError: (ctx, out) => {
      ctx.type = 'json';
      ctx.body = out;
    },
  });

  const run = { issuer, provider, issued: [], grants: [], calls: [], authorizations: [], backchannel: [], tamper: null };
  provider.on('backchannel.success', (_ctx, _client, account) => run.backchannel.push(account));
  provider.use((ctx, next) => witness(run, origins, ctx, next));
  provider.use(askForConsent);
  provider.use((ctx, next) => interaction(provider, audience, ctx, next));
  const server = tls ? createServer(tls, provider.callback()).listen(port, '127.0.0.1') : provider.listen(port, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  run.stop = () => new Promise((done) => {
    server.close(done);
    server.closeAllConnections();
  });
  return run;
}

function registration({ client_id, origin, ...more }) {
  return {
    client_id,
    client_secret: secret,
    redirect_uris: [`${origin}/auth/callback`],
    post_logout_redirect_uris: [`${origin}/auth/logged-out`],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    backchannel_logout_uri: `${origin}/auth/backchannel-logout`,
    backchannel_logout_session_required: true,
    ...more,
  };
}

// Notes what came and what was answered.
async function witness(run, origins, ctx, next) {
  if (ctx.path === '/auth' && ctx.method === 'GET') run.authorizations.push({ ...ctx.query });
  await next();
  for (const name of ['state', 'nonce', 'code_verifier', 'client_assertion', 'code']) canary.secret(`the provider's ${name}`, ctx.oidc?.params?.[name]);
  const to = ctx.response.get('location') ?? '';
  if (run.tamper && origins.some((origin) => to.startsWith(`${origin}/auth/callback`))) {
    const address = new URL(to);
    run.tamper(address.searchParams);
    ctx.set('location', address.href);
  }
  if (ctx.method !== 'POST' || !['/token', '/request', '/token/revocation'].includes(ctx.path)) return;
  const body = ctx.oidc?.body ?? {};
  const auth = body.client_assertion ? 'private_key_jwt' : body.client_secret ? 'client_secret_post' : ctx.get('authorization').split(' ')[0];
  run.calls.push({ path: ctx.path, client: ctx.oidc?.client?.clientId, auth, body, status: ctx.status });
  if (ctx.path !== '/token') return;
  run.grants.push({ type: body.grant_type, status: ctx.status });
  for (const name of ['access_token', 'refresh_token', 'id_token']) if (ctx.body?.[name]) {
    run.issued.push(ctx.body[name]);
    canary.secret(`the provider's ${name}`, ctx.body[name]);
  }
}

function logoutSource(ctx, form) {
  const confirmed = form.replace('</form>', '<input type="hidden" name="logout" value="yes"></form>');
  ctx.body = `<!doctype html><title>Sign out</title>${confirmed}<button type="submit" form="op.logoutForm">Yes, sign out</button>`;
}

// The APIs asked for.
const resourcesOf = (params, audience) => [params.resource ?? audience].flat();

async function grantFor(provider, id, clientId, accountId, resources) {
  const grant = (id && await provider.Grant.find(id)) || new provider.Grant({ clientId, accountId });
  grant.addOIDCScope('openid offline_access profile email');
  for (const resource of resources) grant.addResourceScope(resource, 'api:read');
  await grant.save();
  return grant;
}

// Strict OpenID Connect (Core §11) gives no refresh token without consent; the providers that people use do. A pushed
// request is left as it is.
function askForConsent(ctx, next) {
  if (ctx.path === '/auth' && ctx.method === 'GET' && !ctx.query.prompt && !ctx.query.request_uri) ctx.query = { ...ctx.query, prompt: 'consent' };
  return next();
}

async function interaction(provider, audience, ctx, next) {
  const path = /^\/interaction\/([^/]+)$/.exec(ctx.path);
  if (!path) return next();
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const finish = async (result, merge) => {
    ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: merge }));
    ctx.status = 303;
  };
  if (details.prompt.name === 'consent') {
    const grant = await grantFor(provider, details.grantId, details.params.client_id, details.session.accountId, resourcesOf(details.params, audience));
    return finish({ consent: { grantId: grant.jti } }, true);
  }
  if (ctx.method === 'GET') return signInPage(ctx, path[1]);
  let body = '';
  for await (const chunk of ctx.req) body += chunk;
  const form = new URLSearchParams(body);
  const user = users[form.get('username')];
  if (form.get('username') === 'deny') return finish({ error: 'access_denied', error_description: '<script>alert(1)</script>' }, false);
  if (!user || user.password !== form.get('password')) return signInPage(ctx, path[1]);
  return finish({ login: { accountId: form.get('username') } }, false);
}

function signInPage(ctx, uid) {
  ctx.type = 'html';
  ctx.body = `<!doctype html><title>Sign in</title><form method="post" action="/interaction/${uid}">
    <input name="username"><input name="password" type="password"><button>Sign in</button></form>`;
}
