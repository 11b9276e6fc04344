package restgen

import "strings"

type faultCase struct{ rule, schema string }

const maker = `
type Maker {
  id: ID!
  name: String!
}`

// item is a schema with one query of an item, whose type has the lines.
func item(lines string) string {
	return `type Query {
  item(id: ID!): Item @rest(api: "shop", get: "/items/{args.id}")
}
type Item {
` + lines + `
}`
}

// entity is a type that is asked for by key.
const entity = `
type Maker @rest(api: "stock", get: "/makers/{key}", each: true) {
  id: ID!
}`

// many is a schema whose items are asked for by their keys.
func many(get, more string) string {
	return `type Query {
  item(id: ID!): Item @load(key: "{args.id}")
}
type Item @rest(api: "shop", get: "` + get + `"` + more + `) {
  id: ID!
}`
}

// order is a schema with one mutation of an input object.
func order(more, input string) string {
	return `type Mutation {
  order(input: OrderInput!): Payload @rest(api: "shop", post: "/orders", ` + more + `)
}
type Query {
  x: Int
}
type Payload {
  item: Item
}
type Item {
  id: ID!
}
input Line {
  id: Int!
  count: Int!
}
input OrderInput {
  ` + input + `
}`
}

// ordered is order with a payload, if the call does not say one.
func ordered(more, input string) string {
	if !strings.Contains(more, "payload:") {
		more += `, payload: "item"`
	}
	return order(more, input)
}

// pages is a schema whose items are a connection.
func pages(page, more string) string {
	return `type Query {
  items(first: Int!, after: String): ItemConnection @rest(api: "shop", get: "/pages", take: "items") @page(` + page + `)
}
type ItemConnection {
  edges: [ItemEdge!]!
  pageInfo: PageInfo!
  ` + more + `
}
type ItemEdge {
  cursor: String!
  node: Item!
}
type PageInfo {
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
  endCursor: String
}
type Item {
  id: ID!
}`
}

func query(field string) string { return "type Query {\n  " + field + "\n}\ntype Item {\n  id: ID!\n}" }

func faultCases() []faultCase {
	return []faultCase{
		{"api-unknown", query(`item(id: ID!): Item @rest(api: "shopp", get: "/items/{args.id}")`)},
		{"api-unknown", query(`item(id: ID!): Item @rest(api: "broken", get: "/items/{args.id}")`)},
		{"go-name", item("  fooBar: String @json(at: \"name\")\n  foo_bar: String @json(at: \"nickname\")")},
		{"go-name", item("  state: State") + "\nenum State {\n  ON_SALE\n  SOLD_OUT\n  SOLD__OUT @json(at: \"sold-out\")\n}"},
		{"go-name", strings.ReplaceAll(item("  id: ID!"), "Item", "item")},
		{"api-name", query(`item(id: ID!): Item @rest(api: "my-shop", get: "/items/{args.id}")`)},
		{"api-name", query(`item(id: ID!): Item @rest(api: "type", get: "/items/{args.id}")`)},
		{"method", query(`item(id: ID!): Item @rest(api: "shop")`)},
		{"method", query(`item(id: ID!): Item @rest(api: "shop", get: "/items/{args.id}", delete: "/items/{args.id}")`)},
		{"template", query(`item(id: ID!): Item @rest(api: "shop", get: "/items/{id}")`)},
		{"template", query(`item(id: ID!): Item @rest(api: "shop", get: "/items/{args.id")`)},
		{"template", query(`items(q: String): [Item] @rest(api: "shop", get: "/search?{args.q}")`)},
		{"template", query(`item(id: ID!): Item @rest(api: "shop", get: "/items/{args.}")`)},
		{"template", query(`items(q: String): [Item] @rest(api: "shop", get: "/items?q={args.q}x", take: "data")`)},
		{"template", query(`items: [Item] @rest(api: "shop", get: "/items?q", take: "data")`)},
		{"path", query(`item(id: ID!): Item @rest(api: "shop", get: "/item/{args.id}")`)},
		{"path-method", query(`item(id: ID!): Item @rest(api: "shop", put: "/items/{args.id}")`)},
		{"path-null", query(`item(id: ID): Item @rest(api: "shop", get: "/items/{args.id}")`)},
		{"path-null", item("  id: ID!\n  made: Maker! @rest(api: \"shop\", get: \"/items/{parent.nickname}\")") + maker},
		{"argument", query(`compare(id: ID!): Item @rest(api: "shop", get: "/compare/{args.id}...{args.idd}")`)},
		{"argument", query(`item(id: ID!): Item @rest(api: "shop", get: "/items/{args.id.x}")`)},
		{"argument", ordered(`body: ["items: {args.input.items}", "note: {args.input.notes}"]`, "items: [Line!]!, note: String")},
		{"argument-unused", query(`item(id: ID!, q: String): Item @rest(api: "shop", get: "/items/{args.id}")`)},
		{"parent", query(`item: Item @rest(api: "shop", get: "/items/{parent.id}")`)},
		{"parent", item("  id: ID!\n  made: Maker @rest(api: \"shop\", get: \"/items/{parent.makerId}\")") + maker},
		{"parent", `type Query {
  here: Here
}
type Here {
  id: ID!
  made: Maker @rest(api: "stock", get: "/makers/{parent.id}")
}` + maker},
		{"query", query(`items(q: String): [Item!] @rest(api: "shop", get: "/items?query={args.q}", take: "data")`)},
		{"query-required", query(`items: [Item!] @rest(api: "shop", get: "/search")`)},
		{"query-null", query(`items(q: String): [Item!] @rest(api: "shop", get: "/search?q={args.q}")`)},
		{"query-type", query(`items: [Item!] @rest(api: "shop", get: "/items?state=sold", take: "data")`)},
		{"query-type", query(`items(q: [String!]): [Item!] @rest(api: "shop", get: "/items?q={args.q}", take: "data")`)},
		{"query-type", query(`items(f: Filter): [Item!] @rest(api: "shop", get: "/items?q={args.f}", take: "data")`) + "\ninput Filter {\n  q: String\n}"},
		{"query-type", item("  id: ID!\n  like: [Item!] @rest(api: \"shop\", get: \"/items?q={parent.sizes}\", take: \"data\", each: true)")},
		{"query-type", many("/search?q={keys}", "")},
		{"query-style", query(`items(c: [String!]): [Item!] @rest(api: "shop", get: "/items?color={args.c}", take: "data")`)},
		{"query-style", many("/items?size={keys}", `, take: "data"`)},
		{"header-required", query(`tenant: String @rest(api: "shop", get: "/tenant")`)},
		{"take", query(`items: [Item!] @rest(api: "shop", get: "/items", take: "date")`)},
		{"optional-nonnull", query(`item(id: ID!): Item! @rest(api: "shop", get: "/items/{args.id}", optional: true)`)},
		{"non-null", query(`total: Int! @rest(api: "shop", get: "/items", take: "total")`)},
		{"non-null", item("  nickname: String!")},
		{"non-null", item("  sizes: [Int!]")},
		{"property", item("  title: String")},
		{"property", item("  makerId: ID!")},
		{"property", item("  views: Int @json(at: \"stats.view\")")},
		{"take", query(`items: [Item!] @rest(api: "shop", get: "/items")`)},
		{"type", item("  name: Int!")},
		{"type", item("  stats: String")},
		{"property", item("  extra: Maker") + strings.Replace(maker, "  name", "  home: String\n  name", 1)},
		{"type", item("  mixed: Maker") + maker},
		{"type", item("  state: Maker") + maker},
		{"type", item("  name: [String!]!")},
		{"format", item("  makerId: Int! @json(at: \"maker_id\")")},
		{"conversion", query(`item(id: ID!): ID @rest(api: "shop", get: "/items/{args.id}", take: "id")`)},
		{"conversion", item("  sizes: [ID]")},
		{"scalar", item("  name: Name!") + "\nscalar Name"},
		{"abstract", item("  parent: Named") + "\ninterface Named {\n  name: String!\n}"},
		{"enum-value", item("  state: State!") + "\nenum State {\n  ON_SALE\n  SOLD_OUT\n  LOST\n}"},
		{"enum-missing", item("  state: State!") + "\nenum State {\n  ON_SALE\n}"},
		{"two-apis", `type Query {
  one(id: ID!): Maker @rest(api: "shop", get: "/items/{args.id}/maker")
  other(id: ID!): Maker @rest(api: "stock", get: "/makers/{args.id}")
}` + maker},
		{"two-apis", `type Query {
  maker(id: ID!): Maker @rest(api: "stock", get: "/makers/{args.id}")
  items(state: Rank): [Item!] @rest(api: "shop", get: "/items?state={args.state}", take: "data")
}
type Maker {
  rank: Rank
}
enum Rank {
  A
  B
}
type Item {
  id: ID!
}`},
		{"two-types", `type Query {
  item(id: ID!): Thing @rest(api: "shop", get: "/items/{args.id}")
  maker(id: ID!): Thing @rest(api: "shop", get: "/items/{args.id}/maker")
}
type Thing {
  id: ID!
}`},
		{"keep", item("  id: ID!") + "\ntype Other @keep(properties: [\"x\"]) {\n  x: Int\n}"},
		{"keep", `type Query {
  item(id: ID!): Item @rest(api: "shop", get: "/items/{args.id}")
}
type Item @keep(properties: ["maker_idd"]) {
  id: ID!
}`},
		{"n-plus-1", `type Query {
  items: [Item!] @rest(api: "shop", get: "/items", take: "data")
}
type Item {
  id: ID!
  made: Maker @rest(api: "shop", get: "/items/{parent.id}/maker")
}` + maker},
		{"n-plus-1", `type Query {
  items: [Item!] @rest(api: "shop", get: "/items", take: "data")
}
type Item {
  id: ID!
  made: Maker @load(key: "{parent.maker_id}")
}
type Maker @rest(api: "stock", get: "/makers/{key}") {
  id: ID!
}`},
		{"n-plus-1", `type Query {
  items: [Item!] @rest(api: "shop", get: "/items", take: "data")
}
type Item {
  id: ID!
  others: [Item!] @rest(api: "shop", get: "/items", take: "data")
}`},
		{"key", `type Query {
  items: [Item!] @rest(api: "shop", get: "/items?tag={keys}", take: "data")
}
type Item {
  id: ID!
}`},
		{"key", many("/search?q=x", "")},
		{"key", many("/items?tag={keys}&q={args.q}", `, take: "data"`)},
		{"key", item("  id: ID!\n  like: Item @rest(api: \"shop\", get: \"/items/{parents.id}\", each: true)")},
		{"batch", many("/items?tag={keys}", "")},
		{"batch", item("  id: ID!\n  total: Int @rest(api: \"shop\", get: \"/items?tag={parents.id}\", take: \"total\")")},
		{"batch", query(`items: [Item!] @rest(api: "shop", get: "/items", take: "data", key: "id")`)},
		{"batch", item("  id: ID!\n  like: [Item!] @rest(api: \"shop\", get: \"/items?tag={parents.id}\", take: \"data\", headers: \"X-Of: me\")")},
		{"batch-argument", item("  id: ID!\n  like(q: String): [Item!] @rest(api: \"shop\", get: \"/items?tag={parents.id}\", take: \"data\")")},
		{"batch-max", many("/items?tag={keys}", `, take: "data", max: 100`)},
		{"batch-key", many("/items?tag={keys}", `, take: "data", key: "slug"`)},
		{"batch-key", many("/items?tag={keys}", `, take: "data", key: "sizes"`)},
		{"non-null", item("  id: ID!\n  made: Maker! @load(key: \"{parent.maker_id}\")") + entity},
		{"load", item("  id: ID!\n  made: Maker @load(key: \"{parent.maker_id}\")") + maker},
		{"load", item("  id: ID!\n  made: Maker @load(key: \"maker_id\")") + entity},
		{"argument-unused", item("  id: ID!\n  made(id: ID!): Maker @load(key: \"{parent.maker_id}\")") + entity},
		{"load-key", item("  id: ID!\n  made: [Maker!] @load(key: \"{parent.maker_id}\")") + entity},
		{"load-key", item("  id: ID!\n  made: Maker @load(key: \"{parent.stats}\")") + entity},
		{"page", pages("size: \"limit\"", "totalCount: Int")},
		{"page", pages(`size: "limit", cursor: "from", page: "page", next: "next"`, "totalCount: Int")},
		{"page", pages(`size: "limit", cursor: "from"`, "totalCount: Int")},
		{"page", pages(`size: "limit", cursor: "from", next: "total"`, "totalCount: Int")},
		{"page", strings.Replace(pages(`size: "limit", page: "page"`, "totalCount: Int"), `take: "items")`, `take: "items", optional: true)`, 1)},
		{"page", strings.Replace(pages(`size: "limit", page: "page"`, "totalCount: Int"), `take: "items")`, `take: "items", headers: "X-Of: me")`, 1)},
		{"page", strings.Replace(pages(`size: "tag", page: "tag"`, "totalCount: Int"), `get: "/pages", take: "items"`, `post: "/search"`, 1)},
		{"page-max", pages(`size: "limit", cursor: "from", next: "next", max: 51`, "totalCount: Int")},
		{"page-key", pages(`size: "limit", cursor: "from", key: "nickname"`, "totalCount: Int")},
		{"query", pages(`size: "limits", page: "page"`, "totalCount: Int")},
		{"non-null", pages(`size: "limit", page: "page"`, "totalCount: Int!")},
		{"non-null", pages(`size: "limit", page: "page", total: "total"`, "totalCount: Int!")},
		{"connection", pages(`size: "limit", page: "page"`, "nodes: [Item!]")},
		{"page-arguments", strings.Replace(pages(`size: "limit", page: "page"`, "totalCount: Int"), "first: Int!", "first: Int", 1)},
		{"answer", query(`gone(id: ID!): Boolean @rest(api: "shop", delete: "/items/{args.id}", optional: true)`)},
		{"answer", query(`gone(id: ID!): String @rest(api: "shop", delete: "/items/{args.id}")`)},
		{"template", ordered(`body: "items"`, "ids: [Int!]!")},
		{"template", ordered(`body: "items: {args.input.ids} and more"`, "ids: [Int!]!")},
		{"header", ordered(`body: "{args.input}", headers: "Authorization: x"`, "items: [Line!]!")},
		{"header", ordered(`body: "items: {args.input.items}", headers: ["X-Of: {args.input.items}"]`, "items: [Line!]!")},
		{"body", ordered(`body: "{args.input.items}"`, "items: [Line!]!")},
		{"body", query(`item(id: ID!): Item @rest(api: "shop", get: "/items/{args.id}", body: "id: {args.id}")`)},
		{"body-required", ordered(`body: "note: {args.input.note}"`, "note: String")},
		{"body-required", ordered(`headers: ["X-Note: {args.input.note}"]`, "note: String")},
		{"body-required", strings.Replace(ordered(`body: "{args.input}"`, "items: [Line!]!"), "  count: Int!\n", "", 1)},
		{"body-unknown", ordered(`body: "{args.input}"`, "items: [Line!]!, remark: String")},
		{"body-unknown", ordered(`body: ["items: {args.input.items}", "ship.via: post"]`, "items: [Line!]!")},
		{"body-null", ordered(`body: "{args.input}"`, "items: [Line!]")},
		{"body-null", ordered(`body: ["items: {args.input.items}", "ship.to: {args.input.to}"]`, "items: [Line!]!, to: String")},
		{"body-type", ordered(`body: ["items: {args.input.items}", "kind: loan"]`, "items: [Line!]!")},
		{"type", ordered(`body: "{args.input}"`, "items: [Line!]!, note: Int")},
		{"idempotency-key", ordered(`body: "{args.input}", idempotencyKey: "{args.input.key}"`, "items: [Line!]!, key: String")},
		{"template", ordered(`body: "{args.input}", idempotencyKey: "now"`, "items: [Line!]!")},
		{"payload", strings.Replace(ordered(`body: "{args.input}", payload: "order"`, "items: [Line!]!"), "  item: Item", "  item: Item\n  more: Int", 1)},
		{"payload", strings.Replace(ordered(`body: "{args.input}", payload: "item"`, "items: [Line!]!"), "  item: Item", "  item: Item\n  more: Int", 1)},
		{"fallback", query(`item(id: ID!): Item! @rest(api: "shop", get: "/items/{args.id}", fallback: true)`)},
		{"api-unknown", ordered(`body: "{args.input}", invalidates: ["stok"]`, "items: [Line!]!")},
		{"key", many("/items?tag={keys}", `, take: "data", fallback: true`)},
		{"subscription", query("x: Int") + "\ntype Subscription {\n  item(id: ID!): Item @rest(api: \"shop\", get: \"/items/{args.id}\")\n}"},
		{"subscription", query("x: Int") + "\ntype Subscription {\n  item(id: ID!): Item @rest(api: \"shop\", get: \"/items/{args.id}\", every: \"2s\", headers: \"X-Of: me\")\n}"},
		{"subscription", query(`item(id: ID!): Item @rest(api: "shop", get: "/items/{args.id}", every: "2s")`)},
		{"duration", query("x: Int") + "\ntype Subscription {\n  item(id: ID!): Item @rest(api: \"shop\", get: \"/items/{args.id}\", every: \"1ms\")\n}"},
		{"answer", query("x: Int") + "\ntype Subscription {\n  item(id: ID!): Item @rest(api: \"shop\", get: \"/items/{args.id}\", events: [])\n}"},
		{"events", query("x: Int") + "\ntype Subscription {\n  moved(id: ID!): Maker @rest(api: \"shop\", get: \"/items/{args.id}/events\", events: [\"moved\"])\n}" + maker},
		{"duration", query(`item(id: ID!): Item @rest(api: "shop", get: "/items/{args.id}", timeout: "2 seconds")`)},
		{"duration", query(`item(id: ID!): Item @rest(api: "shop", get: "/items/{args.id}", cache: "100ms")`)},
		{"cache", query(`gone(id: ID!): Boolean @rest(api: "shop", delete: "/items/{args.id}", cache: "none")`)},
		{"body-type", item("  id: ID!\n  name: String!\n  found: [Item!] @rest(api: \"shop\", post: \"/search\", body: \"note: {parent.name}\", each: true)")},
		{"body-type", strings.Replace(many("/search", `, body: "note: {keys}"`), "get:", "post:", 1)},
		{"batch", strings.Replace(many("/search?tag={keys}", ""), "get:", "post:", 1)},
		{"api-unknown", query(`item: Int @rest(api: "torn", get: "/items")`)},
		{"path-style", query(`styled(id: ID!): Item @rest(api: "shop", get: "/styled/{args.id}")`)},
		{"query-style", query(`moved(id: ID!, as: String): Odd @rest(api: "shop", get: "/odd/{args.id}?as={args.as}")`) + "\ntype Odd {\n  c: String\n}"},
		{"property-name", query(`moved(id: ID!): Odd @rest(api: "shop", get: "/odd/{args.id}")`) + "\ntype Odd {\n  x: String @json(at: \"a,b\")\n}"},
		{"servers", query(`moved(id: ID!): String @rest(api: "shop", get: "/odd/{args.id}", take: "c")`)},
		{"deprecated", query(`maker(id: ID!): Maker @rest(api: "shop", get: "/items/{args.id}/maker")`) + maker},
	}
}
