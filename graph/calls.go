package graph

import (
	"maps"

	"vestibule.example/graph/cost"
)

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

			"Viewer.session":   {},
			"Viewer.sessions":  {},
			"Customer.orders":  page,
			"Order.lines":      {},
			"Product.category": {Loader: "categories"},
		},
		Loaders: map[string]cost.Loader{ // see loaders.go
			"categories": {API: "catalog", Keys: 1},
		},
	}
	generated := restCalls()
	maps.Copy(table.Fields, generated.Fields)
	maps.Copy(table.Loaders, generated.Loaders)
	return table
}
