// GraphQL clients that others wrote, as they come: nothing but the header and the cookie is added. Each runs a query, a
// mutation and errors against the running gateway.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client/core';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { createHash } from 'node:crypto';
import { Client, cacheExchange, fetchExchange } from '@urql/core';
import { startGateway } from './gateway.mjs';
import { startWorld } from './world.mjs';
import { startBrowser } from './browser.mjs';

const { Network } = createRequire(import.meta.url)('relay-runtime');

const query = 'query Names($n: Int!) { products(first: $n) { edges { node { id name category { id name } } } } me { id } }';
const change = `mutation Add { addAddress(input: {label: "Work", recipient: "Alice", street: "S 1", postalCode: "1", city: "C", country: "DE"}) { address { id city } } }`;
const refused = `mutation Add { addAddress(input: {label: "", recipient: "Alice", street: "S 1", postalCode: "1", city: "C", country: "xx"}) { address { id } } }`;

let gateway, browser, ours, url;
const sent = [];
before(async () => {
  gateway = await startGateway();
  browser = await startBrowser();
  url = `${gateway.origin}/graphql`;
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${gateway.origin}/auth/login?return_to=/account`);
  await page.fill('input[name=username]', 'alice');
  await page.fill('input[name=password]', 'alice');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${gateway.origin}/account`);
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  ours = (signedIn) => (address, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('x-csrf', '1');
    if (signedIn) headers.set('cookie', cookie);
    sent.push(init.body);
    return fetch(address, { ...init, headers });
  };
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

/** What each client must make of the gateway's answers; `ask` gives { data, errors }, errors with their extensions. */
function behaves(name, ask) {
  test(`${name}: a query, a mutation, errors beside data and errors alone (GOH-7, GOH-12)`, async () => {
    const mine = await ask(true, query, { n: 2 });
    assert.deepEqual(mine.errors ?? [], []);
    assert.equal(mine.data.products.edges.length, 2);
    assert.equal(mine.data.me.id, 'c-alice');
    const changed = await ask(true, change);
    assert.equal(changed.data.addAddress.address.city, 'C');
    const input = await ask(true, refused);
    assert.equal(input.errors[0].extensions.code, 'BAD_USER_INPUT');
    const partial = await ask(false, query, { n: 2 });
    assert.equal(partial.errors[0].extensions.code, 'UNAUTHENTICATED');
    assert.equal(partial.errors[0].extensions.loginUrl, '/auth/login');
    assert.equal(partial.data.products.edges.length, 2, 'the rest of the answer is there');
    const invalid = await ask(false, 'query Invalid { nothing }');
    assert.equal(invalid.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
    const deep = await ask(false, `query Wide { ${Array.from({ length: 40 }, (_, i) => `a${i}: viewer { authenticated }`).join(' ')} }`);
    assert.equal(deep.errors[0].extensions.code, 'QUERY_TOO_COMPLEX');
  });
}

function apollo(signedIn, links = [], uri = url) {
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([...links, new HttpLink({ uri, fetch: ours(signedIn) })]),
    defaultOptions: { query: { errorPolicy: 'all' }, mutate: { errorPolicy: 'all' } },
  });
}

const apolloAsk = async (client, text, variables) => {
  const result = await (text.startsWith('mutation') ? client.mutate({ mutation: gql(text), variables }) : client.query({ query: gql(text), variables }));
  return { data: result.data, errors: CombinedGraphQLErrors.is(result.error) ? result.error.errors : result.error && assert.fail(result.error) };
};

behaves('Apollo Client', (signedIn, text, variables) => apolloAsk(apollo(signedIn), text, variables));

behaves('urql', async (signedIn, text, variables = {}) => {
  const client = new Client({ url, fetch: ours(signedIn), preferGetMethod: false, exchanges: [cacheExchange, fetchExchange] });
  const result = await (text.startsWith('mutation') ? client.mutation(text, variables) : client.query(text, variables)).toPromise();
  if (result.error?.networkError) assert.fail(result.error.networkError);
  return { data: result.data, errors: result.error?.graphQLErrors };
});

behaves("Relay's network layer", (signedIn, text, variables = {}) => {
  const network = Network.create(async (request, given) => {
    const answer = await ours(signedIn)(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
      body: JSON.stringify({ query: request.text, operationName: request.name, variables: given }),
    });
    return answer.json();
  });
  const request = { id: null, name: text.match(/^\w+ (\w+)/)[1], text, operationKind: text.split(' ')[0], metadata: {}, cacheID: text };
  return network.execute(request, variables, { force: true }).toPromise();
});

test("Apollo Client's automatic persisted queries: the text is sent once", async (t) => {
  const world = await startWorld({ env: { VESTIBULE_GRAPHQL_AUTOMATIC_PERSISTED: 'true' } });
  t.after(() => world.stop());
  const hashed = () => new PersistedQueryLink({ sha256: (text) => createHash('sha256').update(text).digest('hex') });
  sent.length = 0;
  for (let i = 0; i < 2; i++) {
    const { data } = await apolloAsk(apollo(false, [hashed()], `${world.origin}/graphql`), 'query Persisted { viewer { authenticated } }');
    assert.equal(data.viewer.authenticated, false);
  }
  assert.deepEqual(sent.map((body) => 'query' in JSON.parse(body)), [false, true, false]);
});
