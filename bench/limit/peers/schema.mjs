// What both servers answer: the posts of the public graphql-benchmarks suite, and as much of the shop as the account page shows.
import { Agent, request } from "undici"

export const typeDefs = `
type Query { posts: [Post!] greet: String! me: Customer }
type Post { id: Int! userId: Int! title: String! body: String! user: User }
type User { id: Int! name: String! username: String! email: String! phone: String! website: String! }
type Customer { id: ID! name: String! email: String! addresses: [Address!] paymentMethods: [PaymentMethod!] orders(first: Int! = 10): OrderConnection }
type Address { id: ID! city: String! }
type PaymentMethod { id: ID! display: String! }
type OrderConnection { totalCount: Int! edges: [OrderEdge!]! }
type OrderEdge { node: Order! }
type Order { id: ID! status: String! total: String! lines: [OrderLine!] customer: Customer shipments: [Shipment!] }
type OrderLine { quantity: Int! product: Product }
type Product { id: ID! name: String! category: Category }
type Category { id: ID! name: String! }
type Shipment { id: ID! status: String! tracking: [TrackingEvent!] }
type TrackingEvent { description: String! }
`

/** Makes the calls of one request, with the token that it brought. */
export function callers(apis) {
  const dispatcher = new Agent({ connections: 128, keepAliveTimeout: 60_000 })
  return (authorization) => async (api, path) => {
    const answer = await request(apis[api] + path, { dispatcher, headers: { accept: "application/json", authorization } })
    if (answer.statusCode !== 200) {
      await answer.body.dump()
      throw new Error(`${api}${path}: ${answer.statusCode}`)
    }
    return answer.body.json()
  }
}

/** The keys once each and in order, as a query. */
const keys = (name, parents, key) => "?" + [...new Set(parents.map(key))].sort().map((k) => `${name}=${encodeURIComponent(k)}`).join("&")

const one = (items, key, parents, of) => {
  const byKey = new Map(items.map((item) => [item[key], item]))
  return parents.map((p) => byKey.get(of(p)) ?? null)
}

const many = (items, key, parents, of) => {
  const byKey = new Map(parents.map((p) => [of(p), []]))
  for (const item of items) byKey.get(item[key])?.push(item)
  return parents.map((p) => byKey.get(of(p)))
}

/** Fields that are fetched for several parents in one call. */
export const batched = {
  Post: { user: async (posts, { call }) => one(await call("posts", "/users" + keys("id", posts, (p) => p.userId)), "id", posts, (p) => p.userId) },
  Order: {
    customer: async (orders, { call }) => one((await call("accounts", "/customers" + keys("id", orders, (o) => o.customerId))).items, "id", orders, (o) => o.customerId),
    shipments: async (orders, { call }) => many((await call("shipping", "/shipments" + keys("orderId", orders, (o) => o.id))).items, "orderId", orders, (o) => o.id),
  },
  OrderLine: { product: async (lines, { call }) => one((await call("catalog", "/products" + keys("id", lines, (l) => l.productId))).items, "id", lines, (l) => l.productId) },
  Product: { category: async (products, { call }) => one(await call("catalog", "/categories"), "id", products, (p) => p.categoryId) },
  Shipment: { tracking: async (list, { call }) => many((await call("shipping", "/tracking" + keys("shipmentId", list, (s) => s.id))).items, "shipmentId", list, (s) => s.id) },
}

export const resolvers = {
  Query: {
    greet: () => "Hello World!",
    posts: (_, __, { call }) => call("posts", "/posts"),
    me: (_, __, { call }) => call("accounts", "/me"),
  },
  Customer: {
    addresses: (customer, _, { call }) => call("accounts", `/customers/${encodeURIComponent(customer.id)}/addresses`),
    paymentMethods: (customer, _, { call }) => call("accounts", `/customers/${encodeURIComponent(customer.id)}/payment-methods`),
    orders: async (customer, { first }, { call }) => {
      const page = await call("orders", `/orders?customerId=${encodeURIComponent(customer.id)}&limit=${first}`)
      return { totalCount: page.total, edges: page.items.map((node) => ({ node })) }
    },
  },
  Order: { status: (order) => order.status.toUpperCase() },
  Shipment: { status: (shipment) => shipment.status.toUpperCase() },
}
