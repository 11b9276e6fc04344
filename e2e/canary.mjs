// Looks for every secret that a test file's world issued in everything that its browsers saw of a gateway and in every
// line that the gateway wrote. The twin of demo/canary, which has the reasons; streams are its business, since a browser
// shows their bodies to nobody before they end.
const window = 16;
const windows = new Map(); // what to look for → kind
const texts = new Map(); // what came out → where first

/** A secret that must be in no text. */
export function secret(kind, value) {
  if (!value || value.length < window) return;
  const jwt = value.startsWith('eyJ') && value.split('.').length === 3;
  for (const part of jwt ? value.split('.').slice(1) : [value]) {
    for (const spelling of spellings(part)) if (spelling.length >= window) windows.set(spelling.slice(0, window), kind);
  }
}

/** The beginnings of a secret in every encoding that is not undone by `readings`. */
function spellings(part) {
  const bytes = Buffer.from(part);
  const shifted = [0, 2, 3].flatMap((shared, before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]);
    return [text.toString('base64').slice(shared), text.toString('base64url').slice(shared)];
  });
  return [part, ...shifted, bytes.toString('hex'), bytes.toString('hex').toUpperCase()];
}

/** A text that came out; `where` must hold nothing of it. */
export function saw(where, text) {
  if (text && !texts.has(text)) texts.set(text, where);
}

function readings(text) {
  const all = [text];
  while (all.length < 4) {
    const next = all.at(-1).replace(/%([0-9a-f]{2})|\\[ux]([0-9a-f]{4}|[0-9a-f]{2})|\\([^ux])|&#(\d{1,6});|&amp;/gi, (_, percent, escaped, plain, entity) => {
      if (plain) return plain;
      if (percent || escaped) return String.fromCharCode(parseInt(percent ?? escaped, 16));
      return entity ? String.fromCodePoint(Math.min(Number(entity), 0x10ffff)) : '&';
    });
    if (next === all.at(-1)) break;
    all.push(next);
  }
  return all;
}

/** The kind and the place of each secret in a text, never its value. */
export function leaks() {
  const found = new Set();
  for (const [text, where] of texts) {
    for (const reading of readings(text)) {
      for (let i = 0; i + window <= reading.length; i++) {
        const kind = windows.get(reading.slice(i, i + window));
        if (kind) found.add(`${kind} in ${where}`);
      }
    }
  }
  return [...found].sort();
}

/** Where texts came out. */
export const places = () => new Set(texts.values());

/** How many secrets and texts are known. */
export const counts = () => ({ secrets: windows.size, texts: texts.size });

// What a redirect to the provider is there to carry, by the path that redirects.
const carried = {
  '/auth/login': ['state', 'nonce'],
  '/auth/logout': ['state', 'id_token_hint'],
  '/auth/logout/continue': ['state', 'id_token_hint'],
};

function location(from, address) {
  const to = new URL(address, from);
  if (to.origin === from.origin) return address;
  for (const name of carried[from.pathname] ?? []) {
    secret(`the ${name} of a redirect to the provider`, to.searchParams.get(name));
    to.searchParams.delete(name);
  }
  return to.href;
}

/** Takes in one answer of a gateway; what it is there to carry becomes a secret to look for everywhere else. */
export function answer({ method, url, headers, body }) {
  const at = new URL(url);
  const where = `${method} ${at.pathname}`;
  for (const { name, value } of headers) {
    let text = value;
    if (name.toLowerCase() === 'set-cookie') {
      text = value.split('\n').map((cookie) => {
        const [, kept, content, rest] = /^([^=]*=)([^;]*)(.*)$/s.exec(cookie);
        secret('a cookie', content);
        return kept + rest;
      }).join('\n');
    }
    if (name.toLowerCase() === 'location') text = location(at, value);
    saw(`${where}, header ${name}`, text);
  }
  let text = body.toString('latin1');
  if (where === 'GET /auth/session' || where === 'POST /auth/logout') {
    text = text.replace(/(\/auth\/logout(?:\/continue)?\?t=)([\w-]+)/g, (_, path, proof) => {
      secret('a proof for logging out', proof);
      return path;
    });
  }
  saw(`${where}, body`, text);
}
