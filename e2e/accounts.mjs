// One REST API of the demo's contract (clients/accounts/openapi.yaml), guarded by a foreign provider's tokens.
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { WebSocketServer } from 'ws';

/**
 * Starts the API for tokens of `issuer` and `audience`. The answer has `url`, `seen` (what was asked: {path, jti,
 * cookie}) and `stop()`. `latency` in milliseconds delays each answer. Its WebSockets say nothing. Where pictures are,
 * somebody has put a script.
 */
export async function startAccounts({ issuer, audience, latency = 0 }) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const seen = [];
  // Tests have tokens of two seconds; on a busy machine one may end on its way here.
  const verify = (token) => jwtVerify(token, keys, { issuer, audience, clockTolerance: 10 });
  const bearer = (req) => /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
  const server = createServer(async (req, res) => {
    const answer = (status, body, headers = {}) => {
      res.writeHead(status, { 'content-type': status < 300 ? 'application/json' : 'application/problem+json', ...headers });
      res.end(JSON.stringify(body));
    };
    try {
      const token = bearer(req);
      if (!token) return answer(401, { title: 'A bearer token is needed', status: 401 }, { 'www-authenticate': 'Bearer' });
      const { payload } = await verify(token);
      seen.push({ path: req.url, jti: payload.jti, cookie: req.headers.cookie });
      await new Promise((next) => setTimeout(next, latency));
      if (req.url === '/pictures/script') return res.writeHead(200, { 'content-type': 'text/javascript' }).end('globalThis.ran = true; postMessage("it runs")');
      if (req.url !== '/me') return answer(404, { title: 'No such resource', status: 404 });
      return answer(200, {
        id: `c-${payload.sub}`, name: `Customer ${payload.sub}`, email: `${payload.sub}@example.test`, tier: 'gold', memberSince: '2020-01-02T03:04:05Z',
      });
    } catch {
      return answer(401, { title: 'The token is not valid here', status: 401 }, { 'www-authenticate': 'Bearer error="invalid_token"' });
    }
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', async (req, connection, head) => {
    try {
      const { payload } = await verify(bearer(req));
      seen.push({ path: req.url, jti: payload.jti, cookie: req.headers.cookie });
      sockets.handleUpgrade(req, connection, head, () => {});
    } catch {
      connection.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    stop: () => new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
      sockets.clients.forEach((socket) => socket.terminate());
    }),
  };
}
