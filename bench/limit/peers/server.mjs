// Serves /graphql by one of the peers: its order is a line of JSON on standard input, its report one on standard output, and
// it ends when its input does.
import { createInterface } from "node:readline"

import { startMercurius } from "./mercurius.mjs"
import { yoga } from "./yoga.mjs"

const lines = createInterface({ input: process.stdin })
lines.once("line", async (line) => {
  const { Kind, APIs } = JSON.parse(line)
  const port = await (Kind === "yoga" ? yoga : startMercurius)(APIs)
  console.log(JSON.stringify({ Address: `127.0.0.1:${port}` }))
})
lines.once("close", () => process.exit(0))
