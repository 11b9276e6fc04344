// `make dev` in a copy of the repository, with a browser at the gateway's own address: what is changed in the app, in the schema
// and in Go is seen there, and so is a fault.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from './gateway.mjs';
import { startBrowser } from './browser.mjs';
import { scratch } from './scratch.mjs';

const root = resolve(import.meta.dirname, '..');
const spoken = '{ products(first: 1) { edges { node { name spoken } } } }';
let tree, dev, origin, browser, page;
const sockets = [], errors = [];

before(async () => {
  tree = scratch('dev');
  execFileSync('sh', ['-ec', `git ls-files -z --cached --others --exclude-standard -- ':!e2e' ':!bench/results' ':!docs' | tar --null -T - -cf - | tar -xf - -C "$0"`, tree], { cwd: root });
  const [port, admin, demo, vite] = [await freePort(), await freePort(), await freePort(), await freePort()];
  origin = `http://localhost:${port}`;
  const { VESTIBULE_BINARY, NODE_TEST_CONTEXT, MAKEFLAGS, MAKELEVEL, ...env } = process.env;
  Object.assign(env, {
    VITE_PORT: vite,
    VESTIBULE_SERVER_ADDRESS: `127.0.0.1:${port}`, VESTIBULE_SERVER_ADMIN_ADDRESS: `127.0.0.1:${admin}`, VESTIBULE_DEMO_ADDRESS: `127.0.0.1:${demo}`,
    // As `make build` has it, so that what that has compiled need not be compiled again for being elsewhere.
    GOFLAGS: '-trimpath', CGO_ENABLED: '0',
  });
  const child = spawn('make', ['dev'], { cwd: tree, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  dev = { child, log: '', ended: new Promise((done) => child.once('exit', done)) };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (dev.log += chunk));
  await until('the gateway serves', async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok);
  browser = await startBrowser();
  page = await browser.newPage();
  page.on('websocket', (socket) => sockets.push(socket.url()));
  page.on('pageerror', (error) => errors.push(String(error)));
});
after(async () => {
  await browser?.close();
  process.kill(-dev.child.pid, 'SIGINT'); // All of them, as Ctrl-C does.
  await dev.ended;
  await assert.rejects(fetch(origin), 'the gateway goes on');
});

/** Asks until the answer is a yes; what cannot be asked is none. */
async function until(what, ask) {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    if (await Promise.resolve().then(ask).catch(() => false)) return;
    await new Promise((next) => setTimeout(next, 100));
  }
  assert.fail(`not within two minutes: ${what}\n${dev.log.slice(-4000)}`);
}

/** Puts one text of a file in another's place. */
function edit(file, from, to) {
  const before = readFileSync(join(tree, file), 'utf8');
  assert.equal(before.split(from).length, 2, `${file} has not one "${from}"`);
  writeFileSync(join(tree, file), before.replace(from, () => to));
}

async function ask(query) {
  const answer = await fetch(`${origin}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf': '1' }, body: JSON.stringify({ query }) });
  return answer.json();
}

/** Marks the page, so that it is seen when another takes its place; one that is about to be replaced is none to mark. */
const mark = () => until('the page can be marked', () => page.evaluate(() => (globalThis.stayed = true)));
const stays = () => page.evaluate(() => globalThis.stayed === true);

test('a component that is edited is in the page at once, which does not load anew', async () => {
  await page.goto(origin);
  await page.locator('main a[href^="/product/"]').first().waitFor();
  await mark();
  edit('spa/app/src/pages/catalogue.tsx', 'Look around as you like.', 'Come in and look.');
  await page.getByText('Come in and look.').waitFor();
  assert.ok(await stays());
  assert.ok(sockets.length > 0);
  for (const socket of sockets) assert.equal(new URL(socket).host, new URL(origin).host);
});

test('a component that asks for more gets it', async () => {
  edit('spa/app/src/parts/product-card.tsx', '    price\n', '    price\n    description\n');
  edit('spa/app/src/parts/product-card.tsx', '{product.name}</Link>', '{product.name}</Link> <i>{product.description}</i>');
  await page.locator('main h2 i').filter({ hasText: /\w{3}/ }).first().waitFor({ timeout: 60_000 });
  assert.deepEqual(errors, []);
});

test('a field that is new in the schema is asked of the resolver that was written for it, and the page loads anew', async () => {
  await mark();
  edit('gqlgen.yml', '      category: { resolver: true, batch: true }\n', '      category: { resolver: true, batch: true }\n      spoken: { resolver: true }\n');
  edit('schema.graphqls', '  "What it is called."\n  name: String!\n  "What it is."', '  "What it is called."\n  name: String!\n  "In a sentence."\n  spoken: String!\n  "What it is."');
  await until('there is a place for the resolver', () => readFileSync(join(tree, 'graph/schema.resolvers.go'), 'utf8').includes(') Spoken('));
  edit('graph/schema.resolvers.go', 'panic("not implemented")', 'return "the " + obj.Name, nil');
  await until('the field is answered', async () => {
    const [{ node }] = (await ask(spoken)).data.products.edges;
    return node.spoken === `the ${node.name}`;
  });
  await until('the page has loaded anew', async () => !(await stays()));
  await page.locator('main a[href^="/product/"]').first().waitFor();
});

test('a fault of the schema is named with its place, what was built before goes on, and so does the gateway when it is mended', async () => {
  edit('schema.graphqls', '  spoken: String!', '  spoken: Strin!');
  const line = readFileSync(join(tree, 'schema.graphqls'), 'utf8').split('\n').findIndex((text) => text.includes('Strin!')) + 1;
  await until('the place of the fault is named', () => dev.log.includes(`schema.graphqls:${line}:`));
  await until('what was built before answers', async () => (await ask(spoken)).data.products.edges.length === 1);
  edit('schema.graphqls', '  spoken: Strin!', '  spoken: String! @deprecated(reason: "say name")');
  await until('the schema is served as it is now', async () => {
    const { data } = await ask('{ __type(name: "Product") { fields(includeDeprecated: true) { name deprecationReason } } }');
    return data.__type.fields.some(({ name, deprecationReason }) => name === 'spoken' && deprecationReason === 'say name');
  });
});
