// The client module in a page of Vue, of Svelte, of Angular, and of nothing: each is built, served by the gateway under its content
// security policy, and signs in and out. docs/spa.md shows these pages.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { startGateway } from './gateway.mjs';
import { startBrowser, witness } from './browser.mjs';
import { scratch } from './scratch.mjs';

const here = join(import.meta.dirname, 'frameworks');
let browser;
before(async () => {
  execFileSync('npm', ['ci', '--no-fund', '--no-audit'], { cwd: here, stdio: 'ignore' });
  browser = await startBrowser();
});
after(() => browser?.close());

/** Signs in and out again; gives what the page complained of. */
async function visit(gateway) {
  const context = await browser.newContext();
  const seen = witness(context, gateway.origin);
  const page = await context.newPage();
  await page.goto(gateway.origin);
  try {
    await page.getByRole('heading', { name: 'Nobody' }).waitFor({ timeout: 10_000 });
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.fill('input[name=username]', 'alice');
    await page.fill('input[name=password]', 'alice');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Alice Archer' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Nobody' }).waitFor();
  } finally {
    await context.close();
  }
  const { errors, console } = await seen.settled();
  return [...errors, ...console];
}

for (const [name, policy] of [['plain', ''], ['vue', 'trusted-types=vue'], ['svelte', 'trusted-types=svelte-trusted-html'], ['angular', 'trusted-types=angular']]) {
  test(`${name}: a page of its own signs in, asks, and signs out`, async () => {
    const bundle = scratch(name);
    execFileSync(process.execPath, [join(here, 'build.mjs'), name, bundle], { stdio: ['ignore', 'ignore', 'inherit'] });
    const gateway = await startGateway({ env: { VESTIBULE_SPA_DIR: bundle, ...(policy && { VESTIBULE_SPA_CSP: policy }) } });
    try {
      assert.deepEqual(await visit(gateway), []);
    } finally {
      await gateway.stop();
    }
  });
}
