package graph

import (
	"maps"

	"vestibule.example/graph/cost"
)

// batchMax is how many ids the APIs take in one call.
const batchMax = 50

// Calls says how the resolvers call the APIs. Every field with a resolver is there, those that ask nobody among them: a test
// holds the table against the schema, and another against what the APIs are asked.
func Calls() cost.Table {
	page := cost.Field{API: "orders"}
	table := cost.Table{
		Fields: map[string]cost.Field{
			"Query.viewer":   {},
			"Query.orders":   page,
			"Query.products": {API: "catalog", More: map[string]int{"after": 1}}, // A page that begins between two of the API's takes both.

			"Mutation.placeOrder":       {API: "orders"},
			"Mutation.cancelOrder":      {API: "orders"},
			"Mutation.addAddress":       {API: "accounts", Calls: 2},
			"Mutation.endSession":       {},
			"Mutation.endOtherSessions": {},

			"Viewer.session":    {},
			"Viewer.sessions":   {},
			"Customer.orders":   page,
			"Order.lines":       {},
			"Order.customer":    {Loader: "customers"},
			"Order.shipments":   {Loader: "shipments"},
			"OrderLine.product": {Loader: "products"},
			"Product.category":  {Loader: "categories"},
			"Shipment.tracking": {Loader: "tracking"},
		},
		Loaders: map[string]cost.Loader{ // see loaders.go
			"customers":  {API: "accounts", Chunk: batchMax},
			"shipments":  {API: "shipping", Chunk: batchMax},
			"products":   {API: "catalog", Chunk: batchMax},
			"tracking":   {API: "shipping", Chunk: batchMax},
			"categories": {API: "catalog", Keys: 1},
		},
	}
	maps.Copy(table.Fields, restCalls())
	return table
}
