// The wire between browsers and a gateway. It tells what came over it and what was answered, which a page that may not read does
// not learn; and it can take from requests what a browser says of itself, or from the gateway its defence.
import { Agent, STATUS_CODES, createServer, request } from 'node:http';

/**
 * Starts a wire from `port` to the gateway at `to`. The answer has `seen` (requests in their order: {method, path, headers, as the
 * browser sent them, and status and location, once answered}), `until(what)`, which comes when `what()` is true of `seen`, `stop()`,
 * and two that tests set: `change`, what becomes of a request's headers, and `open`: every origin may send and read anything.
 */
export async function startWire({ port, to }) {
  const waiting = new Set();
  const wire = { seen: [], change: (headers) => headers, open: false };
  const told = () => waiting.forEach((look) => look());
  wire.until = (what) => new Promise((done) => {
    const look = () => {
      if (!what()) return;
      waiting.delete(look);
      done();
    };
    waiting.add(look);
    look();
  });

  const agent = new Agent({ keepAlive: true });
  const pass = (req) => {
    const { method, url: path, headers } = req;
    const note = { method, path, headers };
    wire.seen.push(note);
    told();
    const answered = (status, location) => {
      Object.assign(note, { status, location });
      told();
    };
    const out = request({ host: '127.0.0.1', port: to, method, path, headers: wire.change({ ...headers }), agent: headers.upgrade ? false : agent });
    out.on('response', (answer) => answered(answer.statusCode, answer.headers.location));
    out.on('error', () => answered(note.status ?? 0));
    return { out, answered };
  };

  const server = createServer((req, res) => {
    if (wire.open && req.method === 'OPTIONS') {
      wire.seen.push({ method: 'OPTIONS', path: req.url, headers: req.headers, status: 204 });
      told();
      res.writeHead(204, { ...readable(req), 'access-control-allow-methods': 'GET, POST, DELETE', 'access-control-allow-headers': 'x-csrf, content-type' }).end();
      return;
    }
    const { out } = pass(req);
    out.on('response', (answer) => {
      res.writeHead(answer.statusCode, { ...answer.headers, ...(wire.open ? readable(req) : {}) });
      res.flushHeaders();
      answer.pipe(res);
      answer.on('error', () => res.destroy());
    });
    out.on('error', () => res.destroy());
    res.on('close', () => out.destroy());
    req.pipe(out);
  });
  const sockets = new Set();
  server.on('upgrade', (req, browser) => {
    const head = ({ statusCode, headers }) => `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
    const { out, answered } = pass(req);
    sockets.add(browser);
    browser.on('close', () => {
      sockets.delete(browser);
      out.destroy();
    });
    browser.on('error', () => browser.destroy());
    out.on('response', (answer) => {
      browser.write(head(answer));
      answer.pipe(browser);
    });
    out.on('upgrade', (answer, gateway, first) => {
      answered(answer.statusCode);
      browser.write(head(answer));
      browser.write(first);
      gateway.on('error', () => browser.destroy());
      gateway.on('close', () => browser.destroy());
      browser.on('close', () => gateway.destroy());
      gateway.pipe(browser).pipe(gateway);
    });
    out.on('error', () => browser.destroy());
    out.end();
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  wire.stop = () => new Promise((done) => {
    server.close(done);
    server.closeAllConnections();
    sockets.forEach((socket) => socket.destroy());
    agent.destroy();
  });
  return wire;
}

/** What lets the page that asks read the answer. */
const readable = ({ headers }) => ({
  'access-control-allow-origin': headers.origin ?? '*', 'access-control-allow-credentials': 'true', 'cross-origin-resource-policy': 'cross-origin',
});
