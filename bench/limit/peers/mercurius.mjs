// mercurius with graphql-jit and its own loaders.
import fastify from "fastify"
import mercurius from "mercurius"

import { batched, callers, resolvers, typeDefs } from "./schema.mjs"

export async function startMercurius(apis) {
  const callsOf = callers(apis)
  const loaders = {}
  for (const [type, fields] of Object.entries(batched)) {
    loaders[type] = {}
    for (const [field, fetch] of Object.entries(fields)) {
      loaders[type][field] = { loader: (queries, context) => fetch(queries.map((q) => q.obj), context), opts: { cache: false } }
    }
  }
  const app = fastify({ logger: false })
  await app.register(mercurius, {
    schema: typeDefs, resolvers, loaders, jit: 1, graphiql: false,
    context: (request) => ({ call: callsOf(request.headers.authorization) }),
  })
  await app.listen({ port: 0, host: "127.0.0.1" })
  return app.server.address().port
}
