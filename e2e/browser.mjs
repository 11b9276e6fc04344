// Headless Chromium, and a witness of everything that a page saw.
import { chromium } from 'playwright-core';
import * as canary from './canary.mjs';
import { origins } from './gateway.mjs';

/** Starts Debian's Chromium; nothing of it reaches for the outside. The canary sees what it sees of a gateway. */
export async function startBrowser() {
  const browser = await launch();
  const open = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await open(options);
    const pending = [];
    let closing = false;
    context.on('response', (response) => {
      if (!origins.has(new URL(response.url()).origin)) return;
      const page = pageOf(response);
      const told = tell(response).catch((error) => {
        if (!closing && page && !page.isClosed()) throw error; // Else no page is left that could have seen it.
      });
      pending.push(page ? Promise.race([told, closed(page)]) : told);
    });
    const newPage = context.newPage.bind(context);
    context.newPage = async () => {
      const page = await newPage();
      await listen(page);
      return page;
    };
    const close = context.close.bind(context);
    context.close = async () => {
      await Promise.all(pending);
      closing = true;
      await close();
    };
    return context;
  };
  return browser;
}

/** Lets the canary hear the streams of a gateway while they are open: a response has a body only when it has ended. */
async function listen(page) {
  const devtools = await page.context().newCDPSession(page);
  const heard = new Map(); // request → where it is, and what came so far
  const take = (requestId, data) => {
    const stream = heard.get(requestId);
    if (!stream || !data) return;
    stream.text += Buffer.from(data, 'base64').toString('latin1');
    canary.saw(stream.where, stream.text);
  };
  devtools.on('Network.responseReceived', ({ requestId, response }) => {
    const url = new URL(response.url);
    if (response.mimeType !== 'text/event-stream' || !origins.has(url.origin)) return;
    heard.set(requestId, { where: `GET ${url.pathname}, stream`, text: '' });
    devtools.send('Network.streamResourceContent', { requestId }).then(({ bufferedData }) => take(requestId, bufferedData)).catch(() => {}); // It ended at once.
  });
  devtools.on('Network.dataReceived', ({ requestId, data }) => take(requestId, data));
  await devtools.send('Network.enable');
}

/** The page that asked; a window that is only opening is none yet. */
function pageOf(response) {
  try {
    return response.frame().page();
  } catch {
    return undefined;
  }
}

const closings = new WeakMap(); // page → comes when it has been closed, after which an answer may be told by nobody

function closed(page) {
  if (!closings.has(page)) closings.set(page, page.isClosed() ? undefined : new Promise((done) => page.once('close', () => done())));
  return closings.get(page);
}

async function tell(response) {
  const headers = await response.headersArray();
  const stream = headers.some(({ name, value }) => name.toLowerCase() === 'content-type' && value.startsWith('text/event-stream'));
  const bodiless = stream || (response.status() >= 300 && response.status() < 400);
  const body = bodiless ? Buffer.alloc(0) : await response.body().catch(() => Buffer.alloc(0));
  canary.answer({ method: response.request().method(), url: response.url(), headers, body });
}

/** One that has crashed before it could be asked anything tells nothing of us: Debian's does at times, and is started again. */
async function launch(again = 2) {
  try {
    return await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
      ],
    });
  } catch (error) {
    if (again === 0 || !/signal=SIG(SEGV|ABRT|TRAP|ILL|BUS)/.test(error)) throw error;
    return launch(again - 1);
  }
}

/**
 * Records what the browser shows to scripts and people on `origin`: every response's headers and body, console
 * errors, page errors, and violations of the content security policy.
 */
export function witness(context, origin) {
  const seen = { responses: [], console: [], errors: [], pending: [] };
  context.on('page', (page) => {
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) seen.console.push(`${message.type()}: ${message.text()} (${page.url()})`);
    });
    page.on('pageerror', (error) => seen.errors.push(String(error)));
  });
  context.on('response', (response) => {
    if (!response.url().startsWith(origin)) return;
    seen.pending.push((async () => {
      const headers = await response.allHeaders().catch(() => null);
      if (!headers) return; // The page was closed before the answer was complete: nobody has read it.
      let body = '';
      // A redirect has no body, and a stream's never ends while the page is open.
      if (response.status() < 300 && !(headers['content-type'] ?? '').startsWith('text/event-stream')) {
        body = (await response.body().catch(() => Buffer.alloc(0))).toString('latin1');
      }
      seen.responses.push({ url: response.url(), status: response.status(), headers, body });
    })());
  });
  seen.settled = async () => {
    await Promise.all(seen.pending);
    return seen;
  };
  return seen;
}

/** What any script of the page's origin could read. */
export function readableByScript(page) {
  return page.evaluate(async () => ({
    cookie: document.cookie,
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    html: document.documentElement.outerHTML,
  }));
}

/** The spellings in which a secret could hide in a text. */
export function spellings(secret) {
  const bytes = Buffer.from(secret);
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  return [
    secret, base64, base64.replaceAll('+', '-').replaceAll('/', '_'), bytes.toString('hex'), encodeURIComponent(secret),
    secret.slice(0, 16),
  ];
}

/** Places of `text` that look like a JSON Web Token, as such or inside base64. */
export function tokenShapes(text) {
  return text.match(/eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}|ZXlKa[\w+/-]{40,}/g) ?? [];
}
