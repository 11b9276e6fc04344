// Glewlwyd, an OpenID provider in C that Debian ships, on a database of its own in a directory of its own.
import { spawn, execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { freePort } from './gateway.mjs';
import * as canary from './canary.mjs';
import { scratch } from './scratch.mjs';

export const password = 'alice-password';
const schema = '/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz';

/**
 * Starts the provider for the gateway at `origin`, whose client is `vestibule`; access tokens live for `accessTokenTTL`
 * seconds and are for `audience`. The answer has `issuer`, `secret`, `log`, `endSession(user)`, which ends a user's sessions
 * there, and `stop()`.
 */
export async function startGlewlwyd({ origin, audience, accessTokenTTL }) {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const directory = scratch('glewlwyd');
  const database = join(directory, 'glewlwyd.db');
  execFileSync('sqlite3', [database], {
    // The plugin reads a list of addresses to return to; the schema has room for one, under another name.
    input: gunzipSync(readFileSync(schema)).toString().replace('"post_logout_redirect_uri":{"multiple":false', '"post_logout_redirect_uris":{"multiple":true'),
  });
  writeFileSync(join(directory, 'login.html'), loginPage);
  const file = join(directory, 'glewlwyd.conf');
  writeFileSync(file, configuration(port, base, database, directory));
  const child = spawn('glewlwyd', [`--config-file=${file}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  const run = { issuer: `${base}/api/oidc`, secret: randomBytes(30).toString('hex'), log: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (run.log += chunk));
  const ended = new Promise((done) => child.once('exit', done));
  run.stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  canary.secret('the client secret', run.secret);
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      if ((await fetch(`${base}/config`)).ok) break;
    } catch {
      // Not listening yet.
    }
    if (Date.now() > deadline) throw new Error(`Glewlwyd was not ready in time:\n${run.log}`);
    await new Promise((next) => setTimeout(next, 50));
  }
  await register(base, run, { origin, audience, accessTokenTTL });
  return run;
}

// The administrator's part: one plugin, scopes, a user, a client.
async function register(base, run, { origin, audience, accessTokenTTL }) {
  const signedIn = await fetch(`${base}/api/auth/`, json('POST', { username: 'admin', password: 'password' }));
  const cookie = signedIn.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
  const ask = async (method, path, body) => {
    const answer = await fetch(`${base}/api${path}`, json(method, body, cookie));
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const scopes = ['profile', 'email', 'offline_access'];
  await ask('POST', '/mod/plugin/', {
    module: 'oidc', name: 'oidc', display_name: 'OpenID Connect', enabled: true,
    parameters: {
      iss: run.issuer, 'jwt-type': 'rsa', 'jwt-key-size': '256', key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: publicKey.export({ type: 'spki', format: 'pem' }),
      'access-token-duration': accessTokenTTL, 'refresh-token-duration': 86400, 'code-duration': 60, 'refresh-token-rolling': true, 'refresh-token-one-use': 'always',
      'auth-type-code-enabled': true, 'auth-type-code-revoke-replayed': true, 'auth-type-refresh-enabled': true, 'auth-type-token-enabled': false,
      'auth-type-implicit-enabled': false, 'auth-type-password-enabled': false, 'auth-type-client-enabled': false, 'auth-type-device-enabled': false, 'allow-non-oidc': false,
      'jwks-show': true, 'subject-type': 'public', 'name-claim': 'mandatory', 'name-claim-scope': ['profile'], 'email-claim': 'mandatory', 'email-claim-scope': ['email'],
      'scope-claim': 'no', 'scope-claim-scope': [], 'allowed-scope': ['openid', ...scopes], 'address-claim': { type: 'no' },
      'pkce-allowed': true, 'pkce-required': true, 'pkce-method-plain-allowed': false,
      'introspection-revocation-allowed': true, 'introspection-revocation-auth-scope': [], 'introspection-revocation-allow-target-client': true,
      'register-client-allowed': false, 'request-parameter-allow': false,
      'session-management-allowed': true, 'session-cookie-name': 'GLEWLWYD_OIDC', 'session-cookie-expiration': 86400, 'front-channel-logout-allowed': true, 'back-channel-logout-allowed': true,
      'resource-allowed': true, 'resource-scope': { profile: [audience] }, 'resource-change-allowed': true,
    },
  });
  for (const name of scopes) await ask('POST', '/scope/', { name, display_name: name, description: name, password_required: false, scheme: {} });
  await ask('POST', '/user/', { username: 'alice', name: 'Alice Archer', email: 'alice@example.test', password, scope: ['openid', 'g_profile', ...scopes], enabled: true });
  await ask('POST', '/client/', {
    client_id: 'vestibule', name: 'Vestibule', client_secret: run.secret, confidential: true, enabled: true, scope: [],
    redirect_uri: [`${origin}/auth/callback`], authorization_type: ['code', 'refresh_token'], token_endpoint_auth_method: ['client_secret_basic'],
    post_logout_redirect_uris: [`${origin}/auth/logged-out`], backchannel_logout_uri: `${origin}/auth/backchannel-logout`, backchannel_logout_session_required: '1',
  });
}

// The part of Glewlwyd's own pages that a sign-in and a sign-out need, over its API; theirs want much more of Debian.
const loginPage = `<!doctype html><title>Sign in</title>
<form><input name="username"><input name="password" type="password"><button>Sign in</button></form>
<p><button id="out" hidden>Yes, sign out</button></p>
<script>
const asked = new URLSearchParams(location.search);
const api = (method, path, body) => fetch('/api' + path, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
document.querySelector('form').onsubmit = async (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(event.target));
  if (!(await api('POST', '/auth/', { username, password })).ok) return;
  await api('PUT', '/auth/grant/' + asked.get('client_id') + '/', { scope: asked.get('scope') });
  location.assign(asked.get('callback_url') + '&g_continue');
};
if ((asked.get('prompt') ?? '').startsWith('end_session')) {
  document.querySelector('form').hidden = true;
  out.hidden = false;
  out.onclick = async () => {
    await api('DELETE', '/oidc/session/' + asked.get('sid') + '/');
    await api('DELETE', '/auth/');
    location.assign(asked.get('callback_url') ?? asked.get('post_redirect_to'));
  };
}
</script>`;

const json = (method, body, cookie) => ({ method, headers: { 'content-type': 'application/json', ...(cookie && { cookie }) }, body: JSON.stringify(body) });

const configuration = (port, base, database, pages) => `
port=${port}
bind_address="127.0.0.1"
external_url="${base}"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="WARNING"
cookie_secure=0
session_expiration=86400
session_key="GLEWLWYD_SESSION"
admin_session_authentication="cookie"
profile_session_authentication="cookie"
login_api_enabled=true
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
static_files_path="${pages}/"
static_files_mime_types = (
  { extension = ".html"; mime_type = "text/html"; compress = 0; },
  { extension = "*"; mime_type = "application/octet-stream"; compress = 0; }
)
database = { type = "sqlite3"; path = "${database}"; };
`;
