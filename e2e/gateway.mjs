// Starts the gateway's binary for a test and stops it again. The binary is built once by `make e2e`
// (or by the first test that needs it) and named by VESTIBULE_BINARY.
import { spawn, execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as canary from './canary.mjs';
import { scratch } from './scratch.mjs';

const root = resolve(import.meta.dirname, '..');

/** Where gateways are reached, for the canary to know their answers. */
export const origins = new Set();

let last = 15_000 + Math.floor(Math.random() * 15_000);
/**
 * A port that was free a moment ago, and another at each call. It is from below those that the system gives to whoever asks for any,
 * connections too: one of these may be somebody else's before it is used.
 */
export function freePort() {
  return new Promise((done) => {
    const server = createServer();
    const look = () => server.listen((last = last < 30_000 ? last + 1 : 15_000), '127.0.0.1');
    server.on('error', look);
    server.once('listening', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
    look();
  });
}

let built;
/** The gateway's binary. */
export function binary() {
  built ??= process.env.VESTIBULE_BINARY ?? build();
  return built;
}

function build() {
  const out = join(scratch('e2e'), 'vestibule');
  execFileSync('go', ['build', '-o', out, '.'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  return out;
}

/**
 * Starts the gateway and waits until it is ready.
 *
 * Without `config` it is the demo. `config` is the text of a YAML file; `env` adds variables.
 * The answer has `origin`, `admin`, `log` (all it wrote) and `stop()`, which fails if the process did not end in order,
 * or if a secret was in its log or in an answer that a browser saw. `origin` is where browsers reach it, if not at
 * localhost.
 */
export async function startGateway({ config, env = {}, port, origin } = {}) {
  port ??= await freePort();
  const adminPort = await freePort();
  const demoPort = await freePort();
  const addresses = {
    VESTIBULE_SERVER_ADDRESS: `127.0.0.1:${port}`,
    VESTIBULE_SERVER_ADMIN_ADDRESS: `127.0.0.1:${adminPort}`,
  };
  const args = [];
  if (config === undefined) {
    addresses.VESTIBULE_DEMO_ADDRESS = `127.0.0.1:${demoPort}`;
  } else {
    const file = join(scratch('e2e'), 'vestibule.yaml');
    writeFileSync(file, config);
    args.push('-config', file);
  }
  const child = spawn(binary(), args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...addresses, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gateway = {
    origin: origin ?? `http://localhost:${port}`,
    admin: `http://127.0.0.1:${adminPort}`,
    demo: `http://127.0.0.1:${demoPort}`,
    log: '',
    child,
  };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (gateway.log += chunk));
  const ended = new Promise((done) => child.once('exit', (code, signal) => done({ code, signal })));
  origins.add(gateway.origin);
  gateway.stop = async () => {
    if (config === undefined) {
      const { issued } = await (await fetch(`${gateway.demo}/control/provider/issued`)).json();
      for (const { kind, value } of issued) canary.secret(`the provider's ${kind}`, value);
    }
    child.kill('SIGTERM');
    const { code, signal } = await ended;
    if (code !== 0) throw new Error(`the gateway ended with ${code ?? signal}:\n${gateway.log}`);
    gateway.log.split('\n').forEach((line, i) => canary.saw(`line ${i + 1} of the gateway's log`, line));
    const leaks = canary.leaks();
    if (leaks.length > 0) throw new Error(`secrets leaked:\n${leaks.join('\n')}`);
  };
  gateway.ended = ended;
  await ready(gateway);
  if (config === undefined) await fetch(`${gateway.demo}/control/provider/issued`, { method: 'POST' });
  return gateway;
}

async function ready(gateway) {
  const deadline = Date.now() + 60_000;
  let gone;
  gateway.ended.then((how) => (gone = how));
  while (Date.now() < deadline) {
    if (gone) throw new Error(`the gateway ended at start with ${gone.code ?? gone.signal}:\n${gateway.log}`);
    try {
      const answer = await fetch(`${gateway.admin}/readyz`);
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((next) => setTimeout(next, 50));
  }
  gateway.child.kill('SIGKILL');
  throw new Error(`the gateway was not ready in time:\n${gateway.log}`);
}
