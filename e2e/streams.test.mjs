// Subscriptions with the clients that others wrote, as they come: graphql-sse and graphql-ws themselves, and Apollo Client,
// urql and Relay's network layer over one of them or by their own means. Each runs a query, a mutation, a subscription to
// its end, and errors, against the running gateway.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { ApolloClient, CombinedGraphQLErrors, InMemoryCache, gql } from '@apollo/client/core';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, fetchExchange } from '@urql/core';
import * as sse from 'graphql-sse';
import * as ws from 'graphql-ws';
import WebSocket from 'ws';
import { startGateway } from './gateway.mjs';
import { startBrowser } from './browser.mjs';

const { Network, Observable } = createRequire(import.meta.url)('relay-runtime');

const names = 'query Names { me { id } }';
const placing = `mutation Place($key: String!) { placeOrder(input: {idempotencyKey: $key, lines: [{productId: "p-100", quantity: 1}]}) { order { id } } }`;
const cancelling = 'mutation Cancel($id: ID!) { cancelOrder(input: {orderId: $id}) { order { id status } } }';
const partial = 'query Partial { me { id } orders(first: 1, after: "nonsense") { totalCount } }';
const watching = 'subscription Watch($id: ID!) { orderUpdated(id: $id) { id status } }';

let gateway, browser, url, cookie;
before(async () => {
  gateway = await startGateway();
  browser = await startBrowser();
  url = `${gateway.origin}/graphql`;
  cookie = await signIn();
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

async function signIn(context) {
  context ??= await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${gateway.origin}/auth/login?return_to=/account`);
  await page.fill('input[name=username]', 'alice');
  await page.fill('input[name=password]', 'alice');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${gateway.origin}/account`);
  return (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
}

const fetchFn = (address, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set('x-csrf', '1');
  headers.set('cookie', cookie);
  return fetch(address, { ...init, headers });
};

globalThis.WebSocket ??= WebSocket; // Apollo's link asks what kind of failure it has, by name.

/** A WebSocket as a page of the gateway's origin opens it. */
class PageSocket extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { headers: { cookie, origin: gateway.origin } });
  }
}
const socketClient = (options = {}) => ws.createClient({ url: url.replace('http', 'ws'), webSocketImpl: PageSocket, retryAttempts: 0, ...options });
const eventsClient = (options = {}) => sse.createClient({ url, fetchFn, retryAttempts: 0, ...options });

/** What comes of an operation: all its answers, in order. */
const collect = (client, query, variables, each = () => {}) =>
  new Promise((done, fail) => {
    const answers = [];
    client.subscribe(
      { query, variables },
      {
        next: (answer) => {
          answers.push(answer);
          each(answer);
        },
        error: fail,
        complete: () => done(answers),
      },
    );
  });

const place = async (client, key) => (await collect(client, placing, { key }))[0].data.placeOrder.order.id;

/** What each client must make of the gateway's streams; `run` calls each with every answer and gives all of them. */
function streams(name, run) {
  test(`${name}: a query, a mutation, a subscription to its end, and errors (SSE-1, SSE-2, WS-14)`, async () => {
    assert.equal((await run(names))[0].data.me.id, 'c-alice');
    const id = await place(eventsClient(), `e2e-${name.replace(/\W/g, '-')}`);
    let cancelled;
    const answers = await run(watching, { id }, (answer) => {
      assert.deepEqual(answer.errors ?? [], []);
      cancelled ??= run(cancelling, { id });
    });
    assert.equal((await cancelled)[0].data.cancelOrder.order.status, 'CANCELLED');
    assert.deepEqual(
      answers.map((answer) => answer.data.orderUpdated.status),
      ['PLACED', 'CANCELLED'],
    );
    const [beside] = await run(partial);
    assert.deepEqual([beside.data.me.id, beside.data.orders, beside.errors[0].extensions.code], ['c-alice', null, 'BAD_USER_INPUT'], 'an error beside data');
    const [failed] = await run(cancelling, { id: 'o-nothing' });
    assert.equal(failed.errors[0].extensions.code, 'NOT_FOUND', 'a mutation that fails');
    const [refused] = await run(watching, { id: 'o-nothing' });
    assert.equal(refused.errors[0].extensions.code, 'NOT_FOUND');
    const [invalid] = await run('subscription Nothing { nothing }');
    assert.equal(invalid.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
  });
}

/** Clients that hand an operation's errors to error() have them told as an answer. */
const asAnswer = (failure) => {
  if (Array.isArray(failure)) return [{ errors: failure }];
  if (failure?.graphQLErrors?.length) return [{ errors: failure.graphQLErrors }];
  if (CombinedGraphQLErrors.is(failure)) return [{ errors: failure.errors }];
  throw failure;
};

streams('graphql-sse', (query, variables, each) => collect(eventsClient(), query, variables, each));
streams('graphql-ws', (query, variables, each) => collect(socketClient(), query, variables, each).catch(asAnswer));

streams('Apollo Client over graphql-ws', (query, variables, each = () => {}) => {
  const client = new ApolloClient({ cache: new InMemoryCache(), link: new GraphQLWsLink(socketClient()), defaultOptions: { query: { errorPolicy: 'all' }, mutate: { errorPolicy: 'all' } } });
  const told = ({ data, error }) => ({ data, ...(error && asAnswer(error)[0]) });
  if (query.startsWith('query')) return client.query({ query: gql(query), variables }).then((result) => [told(result)]);
  if (query.startsWith('mutation')) return client.mutate({ mutation: gql(query), variables }).then((result) => [told(result)]);
  return new Promise((done, fail) => {
    const answers = [];
    client.subscribe({ query: gql(query), variables, errorPolicy: 'all' }).subscribe({
      next: (result) => {
        answers.push(told(result));
        each(answers.at(-1));
      },
      error: (failure) => done(asAnswer(failure)),
      complete: () => done(answers),
    });
  });
});

streams("urql's own streams", (query, variables = {}, each = () => {}) => {
  const client = new Client({ url, fetch: fetchFn, preferGetMethod: false, fetchSubscriptions: true, exchanges: [fetchExchange] });
  const told = ({ data, error }) => ({ data, ...(error && asAnswer(error)[0]) });
  if (query.startsWith('query')) return client.query(query, variables).toPromise().then((result) => [told(result)]);
  if (query.startsWith('mutation')) return client.mutation(query, variables).toPromise().then((result) => [told(result)]);
  return new Promise((done) => {
    const answers = [];
    const { unsubscribe } = client.subscription(query, variables).subscribe((result) => {
      if (result.data || result.error) {
        answers.push(told(result));
        each(answers.at(-1));
      }
      if (result.error || !result.hasNext || result.data?.orderUpdated?.status === 'CANCELLED') {
        queueMicrotask(() => unsubscribe());
        done(answers);
      }
    });
  });
});

streams("Relay's network layer over graphql-sse", (query, variables = {}, each = () => {}) => {
  const through = (request, given) => Observable.create((sink) => eventsClient().subscribe({ query: request.text, operationName: request.name, variables: given }, sink));
  const network = Network.create(through, through);
  const request = { id: null, name: query.match(/^\w+ (\w+)/)[1], text: query, operationKind: query.split(' ')[0], metadata: {}, cacheID: query };
  return new Promise((done, fail) => {
    const answers = [];
    network.execute(request, variables, { force: true }).subscribe({
      next: (answer) => {
        answers.push(answer);
        each(answer);
      },
      error: fail,
      complete: () => done(answers),
    });
  });
});

test('sign-out ends the streams of a session and of no other, and their clients know why (WS-12, SSE-6)', async () => {
  const mine = cookie;
  const id = await place(eventsClient(), 'e2e-sign-out');
  const stays = begun(eventsClient(), id);
  await stays.begins;
  const context = await browser.newContext();
  cookie = await signIn(context);
  const closed = new Promise((done) => {
    socketClient({ lazy: false, onNonLazyError: () => {}, on: { closed: done } });
  });
  const ends = begun(eventsClient(), id);
  await ends.begins;
  cookie = mine;
  const page = await context.newPage();
  await page.goto(`${gateway.origin}/account`);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  const answers = await ends.answers;
  assert.equal(answers.at(-1).errors[0].extensions.code, 'UNAUTHENTICATED');
  assert.equal((await closed).code, 4401);
  await collect(eventsClient(), cancelling, { id });
  assert.equal((await stays.answers).at(-1).data.orderUpdated.status, 'CANCELLED');
});

/** A watched order, from its first answer on. */
function begun(client, id) {
  let first;
  const begins = new Promise((done) => {
    first = done;
  });
  return { begins, answers: collect(client, watching, { id }, first) };
}

test('a gateway that stops asks its streams to come back, and their clients try', async () => {
  const [mine, ours] = [cookie, gateway];
  const other = await startGateway();
  [gateway, url] = [other, `${other.origin}/graphql`];
  cookie = await signIn();
  const id = await place(eventsClient(), 'e2e-stop');
  let connections = 0;
  const stream = begun(eventsClient({ retryAttempts: 1, retry: async () => {}, on: { connecting: () => connections++ } }), id);
  await stream.begins;
  const closed = new Promise((done) => {
    socketClient({ lazy: false, onNonLazyError: () => {}, on: { closed: done } });
  });
  await collect(socketClient(), names);
  const broken = assert.rejects(stream.answers, 'the stream did not complete');
  await other.stop();
  [cookie, gateway, url] = [mine, ours, `${ours.origin}/graphql`];
  assert.equal((await closed).code, 1012);
  await broken;
  assert.equal(connections, 2, 'it was asked for again');
});

test('the shop shows an order as it is now, and the playground a subscription as it goes on', async () => {
  // GraphiQL draws no line that is out of sight, and what an answer cost stands before its data.
  const context = await browser.newContext({ viewport: { width: 1280, height: 1400 } });
  const mine = cookie;
  cookie = await signIn(context);
  const [shop, playground] = [await context.newPage(), await context.newPage()];
  await playground.goto(`${gateway.origin}/playground?query=${encodeURIComponent('{ viewer { authenticated } }')}`);
  const editor = playground.locator('.graphiql-query-editor');
  await editor.locator('.view-line').first().waitFor();
  // Only now, since an order moves on by itself, and one that is shipped cannot be cancelled.
  const id = await place(eventsClient(), 'e2e-live');
  await shop.goto(`${gateway.origin}/orders/${id}`);
  await shop.getByRole('button', { name: 'Cancel the order' }).waitFor();
  const text = `subscription Live { orderUpdated(id: "${id}") { id status } }`;
  await editor.locator('.view-lines').click();
  await playground.keyboard.press('Control+A');
  await playground.keyboard.insertText(text);
  await playground.getByRole('tab', { name: 'Live' }).waitFor(); // GraphiQL has read what it holds.
  await playground.getByRole('button', { name: /Execute query/i }).click();
  const result = playground.locator('.result-window, .graphiql-response').first();
  await result.getByText(/PLACED|PACKED/).waitFor();
  await collect(eventsClient(), cancelling, { id });
  await result.getByText('CANCELLED').waitFor();
  await shop.getByText('Cancelled', { exact: true }).first().waitFor();
  cookie = mine;
  await context.close();
});

test('the shop leaves its streams while nobody looks, and when she who followed them has signed out', async () => {
  const context = await browser.newContext();
  const mine = cookie;
  cookie = await signIn(context);
  const id = await place(eventsClient(), 'e2e-leaves');
  const page = await context.newPage();
  const open = new Set();
  page.on('request', (request) => request.url().endsWith('/graphql') && request.headers().accept === 'text/event-stream' && open.add(request));
  for (const over of ['requestfinished', 'requestfailed']) page.on(over, (request) => open.delete(request));
  const becomes = async (n) => {
    for (const until = Date.now() + 10_000; open.size !== n;) {
      assert.ok(Date.now() < until, `${open.size} streams are open, want ${n}`);
      await page.evaluate(() => new Promise(requestAnimationFrame));
    }
  };
  await page.goto(`${gateway.origin}/orders/${id}`);
  await page.getByRole('button', { name: 'Cancel the order' }).waitFor();
  await becomes(2); // the order and its parcel
  const look = (visibility) => page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, visibility);
  await look('hidden');
  await becomes(0);
  await look('visible');
  await becomes(2);
  const other = await context.newPage();
  await other.goto(`${gateway.origin}/account`);
  await other.getByRole('button', { name: 'Sign out' }).first().click();
  await page.getByText('You have signed out.').waitFor();
  await becomes(0);
  cookie = mine;
  await context.close();
});
