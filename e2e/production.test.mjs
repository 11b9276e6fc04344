// The production guide, followed to the letter on one machine: https with an authority of one's own, a provider, Redis as
// docs/stores.md sets it up, two replicas behind a load balancer, and what an operator does with them.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { binary, freePort, startGateway } from './gateway.mjs';
import { secret, startProvider } from './provider.mjs';
import { startAccounts } from './accounts.mjs';
import { startBrowser, witness } from './browser.mjs';
import * as canary from './canary.mjs';
import { scratch } from './scratch.mjs';

// Of this process alone, which plays the provider and the load balancer: the gateway checks every certificate.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';

const docs = resolve(import.meta.dirname, '..', 'docs');
const dir = scratch('production');
const audience = 'https://accounts.demo.test';
const place = (name) => join(dir, name);
const read = (name) => readFileSync(place(name), 'utf8').trim();
let provider, accounts, redis, balancer, browser, config;
const replicas = [];

before(async () => {
  authority();
  const port = await freePort();
  const origin = `https://localhost:${port}`;
  provider = await startProvider({ origin, audience, tls: certificate() });
  accounts = await startAccounts({ issuer: provider.issuer, audience });
  redis = await startRedis();
  // The guide, steps 2 and 3.
  execFileSync('sh', ['-ec', blocks('production.md', 'sh').find((text) => text.includes('session_key'))], { cwd: dir });
  canary.secret('the session key', read('session_key'));
  canary.secret('the client secret', secret);
  writeFileSync(place('client_secret'), secret);
  config = `
server:
  public_url: ${origin}
  trusted_proxies: [127.0.0.0/8]
  drain_delay: 3s
identity:
  issuer: ${provider.issuer}
  client_id: vestibule
  client_secret_file: ${place('client_secret')}
session:
  keys:
    - use: seal
      secret_file: ${place('session_key')}
  store: redis
  redis:
    addresses: [localhost:${redis.port}]
    username: vestibule
    password_file: ${place('redis_password')}
    tls: true
    tls_ca_file: ${place('authority.crt')}
apis:
  accounts: { base_url: "${accounts.url}" }
  catalog: { base_url: "${accounts.url}" }
  orders: { base_url: "${accounts.url}" }
  shipping: { base_url: "${accounts.url}" }
`;
  writeFileSync(place('vestibule.yaml'), config);
  balancer = await startBalancer(port, origin);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await balancer?.stop();
  for (const replica of replicas) await replica.stop();
  await accounts?.stop();
  await provider?.stop();
  await redis?.stop();
});

test('before it starts, the check says that everything is in order', async () => {
  for (const live of [[], ['-live']]) {
    const { status, output } = await vestibule('check', ...live, '-config', place('vestibule.yaml'));
    assert.equal(status, 0, output);
    assert.doesNotMatch(output, /FAULT/);
  }
  const { status, output } = await vestibule('check', '-live', '-config', place('vestibule.yaml'), { SSL_CERT_FILE: '' });
  assert.notEqual(status, 0, 'nobody trusts this authority unless told to');
  assert.match(output, /SSL_CERT_FILE/, 'the fault says how to mend it');
});

test('two replicas are one gateway: no stickiness, a rolling restart that nobody notices, an operator who ends a session', async () => {
  for (let i = 0; i < 2; i++) replicas.push(await start());
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const seen = witness(context, balancer.origin);
  const page = await context.newPage();
  await page.goto(`${balancer.origin}/account`);
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await page.fill('input[name=username]', 'alice');
  await page.fill('input[name=password]', 'alice');
  await page.click('button');
  await page.waitForURL(`${balancer.origin}/account`);
  await page.getByRole('heading', { level: 1, name: 'Alice Archer' }).waitFor();
  const cookie = (await context.cookies()).find(({ name }) => name.endsWith('vestibule'));
  assert.deepEqual([cookie.name, cookie.secure, cookie.httpOnly, cookie.sameSite], ['__Host-Http-vestibule', true, true, 'Strict']);
  for (let i = 0; i < 10; i++) assert.equal((await me(page)).data.me.id, 'c-alice');
  assert.ok(replicas.every((replica) => balancer.sent.get(replica.port) > 3), `both answered: ${[...balancer.sent.values()]}`);
  assert.equal((await page.request.get(`${balancer.origin}/playground`)).status(), 404);
  assert.equal((await ask(page, '{ __schema { types { name } } }')).errors[0].extensions.code, 'OPERATION_NOT_ALLOWED');

  // The guide, step 5: the new one is ready, then an old one is told to stop.
  for (let i = 0; i < 2; i++) {
    replicas.push(await start());
    const [old] = replicas;
    const stopped = old.stop();
    let over = false;
    stopped.finally(() => (over = true));
    while (!over) assert.equal((await me(page)).data.me.id, 'c-alice', 'during the restart');
    await stopped;
    replicas.shift();
  }
  assert.equal(balancer.failed, 0, 'the load balancer sent nothing to a replica that was gone');

  const listed = await sessions('list', '-sub', 'alice');
  assert.match(listed, /Chrom/);
  await sessions('end', '-sub', 'alice');
  await page.getByText('You have been signed out').or(page.getByText('by those who run the shop')).first().waitFor();
  for (let i = 0; i < 4; i++) assert.equal((await me(page)).errors[0].extensions.code, 'UNAUTHENTICATED');

  const { errors } = await seen.settled();
  assert.deepEqual(errors, []);
  await context.close();
  const records = replicas.flatMap(({ log }) => log.trim().split('\n')).filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  assert.ok(records.some(({ msg }) => msg === 'audit'), 'the log is JSON, with audit events');
});

/** The fenced blocks of a language in a document. */
function blocks(file, language) {
  return [...readFileSync(join(docs, file), 'utf8').matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) => text);
}

/** An authority of one's own, and a certificate of this machine by it. */
function authority() {
  const openssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=An authority of our own', '-keyout', 'authority.key', '-out', 'authority.crt');
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost', '-keyout', 'tls.key', '-out', 'tls.csr');
  writeFileSync(place('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  openssl('x509', '-req', '-in', 'tls.csr', '-CA', 'authority.crt', '-CAkey', 'authority.key', '-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', 'tls.crt');
}

const certificate = () => ({ key: readFileSync(place('tls.key')), cert: readFileSync(place('tls.crt')) });

/** Redis as docs/stores.md says: its settings, and the user with no more rights than these. */
async function startRedis() {
  const port = await freePort();
  execFileSync('sh', ['-ec', 'openssl rand -hex 24 > redis_password'], { cwd: dir });
  canary.secret('the password for Redis', read('redis_password'));
  const [settings, user] = blocks('stores.md', 'text');
  mkdirSync(place('redis'));
  writeFileSync(place('redis.conf'), `
bind 127.0.0.1
port 0
tls-port ${port}
tls-cert-file ${place('tls.crt')}
tls-key-file ${place('tls.key')}
tls-ca-cert-file ${place('authority.crt')}
tls-auth-clients no
dir ${place('redis')}
${settings}
user default off
${user.trim().replace('ACL SETUSER', 'user').replace('PASSWORD', read('redis_password'))}
`);
  const child = spawn('redis-server', [place('redis.conf')], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((ready, fail) => {
    let log = '';
    child.stdout.on('data', (chunk) => (log += chunk).includes('Ready to accept connections') && ready());
    child.once('exit', () => fail(new Error(`redis-server ended:\n${log}`)));
  });
  return { port, stop: () => new Promise((done) => child.once('exit', done) && child.kill()) };
}

async function start() {
  const port = await freePort();
  const replica = await startGateway({ config, port, origin: balancer.origin, env: { SSL_CERT_FILE: place('authority.crt') } });
  return Object.assign(replica, { port });
}

/** Ends TLS, and sends each request to the next replica that says it is ready, which it asks four times a second. */
async function startBalancer(port, origin) {
  const run = { origin, sent: new Map(), failed: 0 };
  const ready = new Set();
  const asking = setInterval(() => {
    for (const replica of [...replicas]) {
      fetch(`${replica.admin}/readyz`).then(({ ok }) => (ok ? ready.add(replica) : ready.delete(replica)), () => ready.delete(replica));
    }
  }, 250);
  let turn = 0;
  const server = createServer(certificate(), (req, res) => {
    const able = replicas.filter((replica) => ready.has(replica));
    const { port: to } = able[turn++ % Math.max(able.length, 1)] ?? replicas[0];
    run.sent.set(to, (run.sent.get(to) ?? 0) + 1);
    const passed = request({ host: '127.0.0.1', port: to, method: req.method, path: req.url, headers: { ...req.headers, 'x-forwarded-for': req.socket.remoteAddress.replace('::ffff:', '') } }, (answer) => {
      res.writeHead(answer.statusCode, answer.rawHeaders.length > 0 ? answer.headers : {});
      answer.pipe(res);
    });
    passed.on('error', () => {
      run.failed++;
      res.destroy();
    });
    res.on('close', () => passed.destroy());
    req.pipe(passed);
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  run.stop = () => new Promise((done) => {
    clearInterval(asking);
    server.close(done);
    server.closeAllConnections();
  });
  return run;
}

/** Runs a command of the binary; provider, APIs and load balancer are of this process, and answer meanwhile. */
function vestibule(...args) {
  const env = typeof args.at(-1) === 'object' ? args.pop() : {};
  return new Promise((done) => {
    execFile(binary(), args, { env: { PATH: process.env.PATH, SSL_CERT_FILE: place('authority.crt'), ...env } }, (failure, stdout, stderr) => {
      done({ status: failure?.code ?? 0, output: stdout + stderr });
    });
  });
}

/** The operators' command, on the machine of the first replica. */
async function sessions(...args) {
  const { status, output } = await vestibule('sessions', ...args, '-config', place('vestibule.yaml'), { VESTIBULE_SERVER_ADMIN_ADDRESS: new URL(replicas[0].admin).host });
  assert.equal(status, 0, output);
  return output;
}

const ask = (page, query) => page.evaluate(async (text) => {
  const answer = await fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf': '1' }, body: JSON.stringify({ query: text }) });
  return answer.json();
}, query);
const me = (page) => ask(page, '{ me { id } }');
