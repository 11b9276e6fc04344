// What a hostile page can try, and what it would try it on: every way by which a browser sends a request for a page, and every
// route that a cookie opens.

/** What of an API the world relays, so that the relay has something to lose. */
export const relay = [
  { methods: ['GET', 'POST', 'DELETE'], path: '/me' },
  { methods: ['GET'], path: '/pictures/*', browser_loads: true },
  { methods: ['GET'], path: '/live', websocket: true },
];

const query = '{ me { id } }';
const mutation = 'mutation { cancelOrder(input: { orderId: "o-1" }) { order { id } } }';

/**
 * Routes by name: `on` as the gateway's router has it, and the method that means something there. `path` and `fields`, what a form
 * sends, may need what is `her`s, the victim's: `other`, the id of another session of hers, `t`, the secret of her logout link, and
 * `ticket`, that of the way on to the provider. The hostile page is given them, so that no guess is what saves her.
 *
 * What is to lose: `calls` an API, `ends` a session, or else an answer. `navigates`: it is meant for links and forms, and answers
 * scripts in no way. `open` says why no cookie opens it: it may answer, but nothing is lost.
 */
export const routes = {
  'a query': { on: '/graphql', method: 'GET', path: `/graphql?query=${encodeURIComponent(query)}`, calls: true },
  'a posted query': { on: '/graphql', method: 'POST', path: '/graphql', body: JSON.stringify({ query }), fields: ['query', query], calls: true },
  'a mutation': { on: '/graphql', method: 'POST', path: '/graphql', body: JSON.stringify({ query: mutation }), fields: ['query', mutation], calls: true },
  'a mutation in the address': { on: '/graphql', method: 'GET', path: `/graphql?query=${encodeURIComponent(mutation)}`, calls: true },
  'a subscription': { on: '/graphql', method: 'GET', path: '/graphql?query=subscription{orderUpdated(id:"o-1"){id}}' },
  'an API': { on: '/api/{name}/', method: 'GET', path: '/api/accounts/me', calls: true },
  'a change at an API': { on: '/api/{name}/', method: 'POST', path: '/api/accounts/me', body: '{}', calls: true },
  'a deletion at an API': { on: '/api/{name}/', method: 'DELETE', path: '/api/accounts/me', calls: true },
  'a picture of an API': { on: '/api/{name}/', method: 'GET', path: '/api/accounts/pictures/1', calls: true },
  'a WebSocket of an API': { on: '/api/{name}/', method: 'GET', path: '/api/accounts/live', calls: true },
  'the session': { on: 'GET /auth/session', method: 'GET', path: '/auth/session' },
  'all sessions': { on: 'GET /auth/sessions', method: 'GET', path: '/auth/sessions' },
  'the end of all sessions': { on: 'DELETE /auth/sessions', method: 'DELETE', path: '/auth/sessions?scope=all', ends: true },
  'the end of a session': { on: 'DELETE /auth/sessions/{id}', method: 'DELETE', path: (her) => `/auth/sessions/${her.other}`, ends: true },
  events: { on: 'GET /auth/events', method: 'GET', path: '/auth/events' },
  logout: { on: 'POST /auth/logout', method: 'POST', path: '/auth/logout', fields: (her) => ['t', her.t], ends: true },
  'the logout link': { on: 'GET /auth/logout', method: 'GET', path: (her) => `/auth/logout?t=${her.t}`, ends: true, navigates: true },
  'the way on to the provider': { on: 'GET /auth/logout/continue', method: 'GET', path: (her) => `/auth/logout/continue?t=${her.ticket}`, navigates: true },
  diagnostics: { on: 'GET /auth/diagnostics', method: 'GET', path: '/auth/diagnostics?ask=1', calls: true, navigates: true },

  'the login': { on: 'GET /auth/login', method: 'GET', path: '/auth/login?prompt=login', open: 'a login changes nothing before it is done' },
  'the callback': { on: 'GET /auth/callback', method: 'GET', path: '/auth/callback?code=guess&state=guess', open: 'it reads the cookie of a login, which is not done' },
  'the posted callback': { on: 'POST /auth/callback', method: 'POST', path: '/auth/callback', fields: ['state', 'guess'], open: 'the same' },
  'the way back from the provider': { on: 'GET /auth/logged-out', method: 'GET', path: '/auth/logged-out?state=guess', open: 'it reads no cookie, and ends nothing' },
  'back-channel logout': { on: 'POST /auth/backchannel-logout', method: 'POST', path: '/auth/backchannel-logout', fields: ['logout_token', 'guess'], open: 'it reads no cookie, but a token of the provider\'s' },
  'front-channel logout': { on: 'GET /auth/frontchannel-logout', method: 'GET', path: '/auth/frontchannel-logout?iss=guess&sid=guess', open: 'it reads no cookie, and is off' },
  'the playground': { on: '/playground', method: 'GET', path: '/playground', open: 'a page like any other, which asks as scripts do' },
  'a file of the playground': { on: '/playground/', method: 'GET', path: '/playground/none.js', open: 'a file like any other' },
  'a file of the app': { on: '/', method: 'GET', path: '/favicon.svg', open: 'a file like any other' },
};

/**
 * Ways by name: which methods each has, and what the hostile page runs. Each gets {url, method, body, fields} and `via`, the beginning
 * of an address of the hostile server's that redirects to what is behind it; and gives what the page could read; "" is nothing. They
 * run in the page, so that they may name nothing of this module.
 *
 * `reads`: it gives what it read, where it may. `strange`: what it sends is another site's, whatever page it stands in; `bare`: no
 * Strict cookie comes along. `never` says why the browser sends nothing for a page of another origin, `nowhere`: nor for one of ours.
 * `guarded`: it is tried where a cookie opens something, and nowhere else: it is slow, or made so (WebSockets that fail sixteen times).
 * `opens` a window, which goes where the answer leads.
 */
export const ways = {
  fetch: { methods: ['GET', 'POST', 'DELETE'], reads: true, run: read({}) },
  'fetch without CORS': { methods: ['GET', 'POST'], run: read({ mode: 'no-cors' }) },
  'fetch as if of the same origin': {
    methods: ['GET', 'POST', 'DELETE'],
    never: 'that is what the mode means',
    run: read({ mode: 'same-origin', headers: { 'x-csrf': '1', 'content-type': 'application/json' } }),
  },
  'fetch as if it navigated': { methods: ['GET'], never: 'the mode is not for scripts', nowhere: true, run: read({ mode: 'navigate' }) },
  'fetch with the header': { methods: ['GET', 'POST', 'DELETE'], reads: true, run: read({ headers: { 'x-csrf': '1', 'content-type': 'application/json' } }) },
  'fetch of text/plain': { methods: ['POST'], run: read({ mode: 'no-cors', headers: { 'content-type': 'text/plain' } }) },
  'fetch that survives its page': { methods: ['GET', 'POST'], run: read({ mode: 'no-cors', keepalive: true }) },
  'a body without a type': {
    methods: ['POST'],
    run: ({ url, body }) => fetch(url, { method: 'POST', credentials: 'include', mode: 'no-cors', body: new Blob([body ?? '']) }).then((r) => r.text(), () => ''),
  },
  XMLHttpRequest: {
    methods: ['GET', 'POST', 'DELETE'],
    reads: true,
    run: ({ url, method, body }) => new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open(method, url);
      request.withCredentials = true;
      request.onprogress = request.onloadend = () => {
        const text = request.responseText;
        request.onprogress = request.onloadend = null;
        request.abort();
        done(text);
      };
      request.send(body);
    }),
  },
  'a beacon': {
    methods: ['POST'],
    run: ({ url, body }) => {
      navigator.sendBeacon(url, body ?? '');
      return '';
    },
  },
  'a link that tells of clicks': {
    methods: ['POST'],
    run: ({ url }) => {
      Object.assign(document.createElement('a'), { href: '#', ping: url }).click();
      return '';
    },
  },
  'an image': { methods: ['GET'], run: element('img', 'src') },
  'an image by a redirect': { methods: ['GET'], strange: true, run: element('img', 'src', {}, true) },
  'a script': { methods: ['GET'], run: element('script', 'src') },
  'a style sheet': { methods: ['GET'], run: element('link', 'href', { rel: 'stylesheet' }) },
  'an object': { methods: ['GET'], run: element('embed', 'src', { type: 'image/png' }) },
  'a prefetch': { methods: ['GET'], run: element('link', 'href', { rel: 'prefetch' }) },
  'a frame': {
    methods: ['GET'],
    run: ({ url }) => new Promise((done) => {
      const frame = document.createElement('iframe');
      frame.onload = () => {
        let text = '';
        try {
          text = frame.contentDocument?.body?.textContent ?? '';
        } catch {
          // Another origin: nothing can be read, as it should be.
        }
        frame.remove();
        done(text);
      };
      frame.src = url;
      document.body.append(frame);
    }),
  },
  'a form': { methods: ['GET', 'POST'], run: form('application/x-www-form-urlencoded') },
  'a form of text/plain': { methods: ['POST'], run: form('text/plain') },
  'a form with files': { methods: ['POST'], run: form('multipart/form-data') },
  'a form by a redirect': { methods: ['POST'], strange: true, run: form('application/x-www-form-urlencoded', { redirected: true }) },
  'a form with a window of its own': { methods: ['POST'], guarded: true, opens: true, run: form('application/x-www-form-urlencoded', { ownWindow: true }) },
  'a link with a window of its own': {
    methods: ['GET'],
    guarded: true,
    opens: true,
    run: ({ url }) => {
      window.open(url);
      return '';
    },
  },
  'a sandboxed frame (Origin: null)': { methods: ['GET', 'POST', 'DELETE'], reads: true, strange: true, bare: true, guarded: true, run: sandboxed({}) },
  'a sandboxed frame with the header': { methods: ['GET', 'POST', 'DELETE'], reads: true, strange: true, bare: true, guarded: true, run: sandboxed({ 'x-csrf': '1', 'content-type': 'application/json' }) },
  'an EventSource': {
    methods: ['GET'],
    reads: true,
    run: ({ url }) => new Promise((done) => {
      const source = new EventSource(url, { withCredentials: true });
      const end = (read) => {
        source.close();
        done(read);
      };
      source.onopen = () => end('opened');
      source.onerror = () => end('');
    }),
  },
  'a WebSocket': {
    methods: ['GET'],
    guarded: true,
    reads: true,
    run: ({ url }) => new Promise((done) => {
      const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
      socket.onopen = () => {
        socket.close();
        done('opened');
      };
      socket.onerror = () => done('');
    }),
  },
};

// What follows writes functions for the page as texts, which hold all that they need.

function read(options) {
  return `async ({ url, method, body }) => {
    const stop = new AbortController();
    try {
      const answer = await fetch(url, { method, body, credentials: 'include', signal: stop.signal, ...${JSON.stringify(options)} });
      const first = await answer.body?.getReader().read(); // A stream would have no end.
      stop.abort();
      return new TextDecoder().decode(first?.value);
    } catch {
      return '';
    }
  }`;
}

function element(name, attribute, others = {}, redirected = false) {
  return `({ url, via }) => new Promise((done) => {
    const element = Object.assign(document.createElement('${name}'), ${JSON.stringify(others)});
    const end = (read) => {
      element.remove();
      done(read);
    };
    element.onload = () => end('${name === 'link' ? '' : 'loaded'}');
    element.onerror = () => end('');
    element['${attribute}'] = ${redirected ? 'via + encodeURIComponent(url)' : 'url'};
    document.body.append(element);
  })`;
}

function form(enctype, { redirected = false, ownWindow = false } = {}) {
  return `({ url, method, body, fields, via }) => new Promise((done) => {
    const name = 'target' + Math.random();
    const frame = Object.assign(document.createElement('iframe'), { name });
    const action = new URL(${redirected ? 'via + encodeURIComponent(url)' : 'url'});
    const form = Object.assign(document.createElement('form'), { method, action, target: ${ownWindow} ? '_blank' : name, enctype: '${enctype}' });
    // As text/plain a field is sent as name=value, which is JSON here. A form that is no POST has fields for what the address asks.
    const json = body && '${enctype}' === 'text/plain';
    for (const [name, value] of method === 'GET' ? action.searchParams : [json ? [body.slice(0, -1) + ',"x":"', '"}'] : fields ?? ['a', 'b']]) {
      form.append(Object.assign(document.createElement('input'), { name, value }));
    }
    document.body.append(frame, form);
    const end = () => {
      frame.remove();
      form.remove();
      done('');
    };
    frame.onload = () => { // of the empty frame, perhaps
      frame.onload = end;
    };
    if (frame.contentDocument.readyState === 'complete') frame.onload = end;
    form.submit();
    if (${ownWindow}) end();
  })`;
}

function sandboxed(headers) {
  return `({ url, method, body }) => new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts';
    const asked = JSON.stringify([url, { method, body, credentials: 'include', headers: ${JSON.stringify(headers)} }]);
    frame.srcdoc = '<script>fetch(...' + asked.replaceAll('<', '\\\\u003c') + ').then((r) => r.body.getReader().read()).then((first) => new TextDecoder().decode(first.value), () => "")' +
      '.then((text) => parent.postMessage(text, "*"))</' + 'script>';
    addEventListener('message', (event) => {
      frame.remove();
      done(event.data);
    }, { once: true });
    document.body.append(frame);
  })`;
}
