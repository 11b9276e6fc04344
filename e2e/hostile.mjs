// What a hostile page can try, and what it would try it on: every way by which a browser sends a request for a page, and every
// route that a cookie opens.

/** What of an API the world relays, so that the relay has something to lose. */
export const relay = [
  { methods: ['GET', 'POST', 'DELETE'], path: '/me' },
  { methods: ['GET'], path: '/pictures/*', browser_loads: true },
  { methods: ['GET'], path: '/live', websocket: true },
];

const query = JSON.stringify({ query: '{ me { id } }' });

/** Routes by name: each with the method that means something there. */
export const routes = {
  'a query': { method: 'GET', path: '/graphql?query={me{id}}' },
  'a posted query': { method: 'POST', path: '/graphql', body: query },
  'a subscription': { method: 'GET', path: '/graphql?query=subscription{orderUpdated(id:"o-1"){id}}' },
  'an API': { method: 'GET', path: '/api/accounts/me' },
  'a change at an API': { method: 'POST', path: '/api/accounts/me', body: '{}' },
  'a deletion at an API': { method: 'DELETE', path: '/api/accounts/me' },
  'a picture of an API': { method: 'GET', path: '/api/accounts/pictures/1' },
  'the session': { method: 'GET', path: '/auth/session' },
  'all sessions': { method: 'GET', path: '/auth/sessions' },
  'the end of all sessions': { method: 'DELETE', path: '/auth/sessions?scope=all' },
  'events': { method: 'GET', path: '/auth/events' },
  logout: { method: 'POST', path: '/auth/logout' },
  'the logout link': { method: 'GET', path: '/auth/logout?t=guess' },
};

/**
 * Ways by name: which methods each has, and what the hostile page runs. Each gets the route with its whole address, comes to an end
 * by itself, and gives what the page could read; "" is nothing. They run in the page, so that they may name nothing of this module.
 */
export const ways = {
  fetch: { methods: ['GET', 'POST', 'DELETE'], run: read({}) },
  'fetch without CORS': { methods: ['GET', 'POST'], run: read({ mode: 'no-cors' }) },
  'fetch as if of the same origin': { methods: ['GET', 'POST', 'DELETE'], run: read({ mode: 'same-origin' }) },
  'fetch as if it navigated': { methods: ['GET'], run: read({ mode: 'navigate' }) },
  'fetch with the header': { methods: ['GET', 'POST', 'DELETE'], run: read({ headers: { 'x-csrf': '1', 'content-type': 'application/json' } }) },
  'fetch of text/plain': { methods: ['POST'], run: read({ mode: 'no-cors', headers: { 'content-type': 'text/plain' } }) },
  'fetch that survives its page': { methods: ['GET', 'POST'], run: read({ mode: 'no-cors', keepalive: true }) },
  'a body without a type': {
    methods: ['POST'],
    run: ({ url, body }) => fetch(url, { method: 'POST', credentials: 'include', mode: 'no-cors', body: new Blob([body ?? '']) }).then((r) => r.text(), () => ''),
  },
  XMLHttpRequest: {
    methods: ['GET', 'POST', 'DELETE'],
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
    // What it sends cannot be waited for: a fetch behind it on the same way comes after it.
    run: ({ url, body }) => {
      navigator.sendBeacon(url, body ?? '');
      return fetch(url, { method: 'POST', credentials: 'include', mode: 'no-cors', body: body ?? '' }).then((r) => r.text(), () => '');
    },
  },
  'an image': { methods: ['GET'], run: element('img', 'src') },
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
  'a sandboxed frame (Origin: null)': { methods: ['GET', 'POST', 'DELETE'], run: sandboxed({}) },
  'a sandboxed frame with the header': { methods: ['GET', 'POST', 'DELETE'], run: sandboxed({ 'x-csrf': '1' }) },
  'an EventSource': {
    methods: ['GET'],
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

function element(name, attribute, others = {}) {
  return `({ url }) => new Promise((done) => {
    const element = Object.assign(document.createElement('${name}'), ${JSON.stringify(others)});
    const end = (read) => {
      element.remove();
      done(read);
    };
    element.onload = () => end('${name === 'link' ? '' : 'loaded'}');
    element.onerror = () => end('');
    element['${attribute}'] = url;
    document.body.append(element);
  })`;
}

function form(enctype) {
  return `({ url, method, body }) => new Promise((done) => {
    const name = 'target' + Math.random();
    const frame = Object.assign(document.createElement('iframe'), { name });
    const form = Object.assign(document.createElement('form'), { method, action: url, target: name, enctype: '${enctype}' });
    const field = document.createElement('input');
    // As text/plain it is sent as name=value, which is JSON here.
    [field.name, field.value] = body ? [body.slice(0, -1) + ',"x":"', '"}'] : ['a', 'b'];
    form.append(field);
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
