// graphql-yoga with graphql-jit, and a DataLoader for each batched field of a request.
import { createServer } from "node:http"

import { useGraphQlJit } from "@envelop/graphql-jit"
import DataLoader from "dataloader"
import { createSchema, createYoga } from "graphql-yoga"

import { batched, callers, resolvers, typeDefs } from "./schema.mjs"

export async function yoga(apis) {
  const callsOf = callers(apis)
  const loading = {}
  for (const [type, fields] of Object.entries(batched)) {
    loading[type] = {}
    for (const [field, fetch] of Object.entries(fields)) {
      const name = `${type}.${field}`
      loading[type][field] = (parent, _, context) => (context.loaders[name] ??= new DataLoader((parents) => fetch(parents, context), { cache: false })).load(parent)
    }
  }
  const merged = { ...resolvers }
  for (const type of Object.keys(loading)) merged[type] = { ...resolvers[type], ...loading[type] }
  const server = createServer(
    createYoga({
      schema: createSchema({ typeDefs, resolvers: merged }),
      context: ({ request }) => ({ call: callsOf(request.headers.get("authorization")), loaders: {} }),
      graphiql: false, landingPage: false, logging: false, maskedErrors: false, multipart: false,
      plugins: [useGraphQlJit()],
    }),
  )
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready))
  return server.address().port
}
