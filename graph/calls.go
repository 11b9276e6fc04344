package graph

import (
	"maps"

	"vestibule.example/graph/cost"
)

// Calls says how the resolvers call the APIs. Every field with a resolver is in it, even one that calls nobody: a test
// compares the table with the schema, and another with the calls that the APIs get. `make plan` reads it as source text, so its
// values must be written out.
func Calls() cost.Table {
	table := cost.Table{
		Fields: map[string]cost.Field{
			"Query.viewer": {},

			"Mutation.addAddress":       {API: "accounts", Calls: 2},
			"Mutation.endSession":       {},
			"Mutation.endOtherSessions": {},

			// Each event of a subscription is answered anew: what is said here is asked for when it begins and for each of them.
			"Subscription.orderUpdated":  {API: "orders"},
			"Subscription.shipmentMoved": {API: "shipping"},

			"Viewer.session":        {},
			"Viewer.sessions":       {},
			"Order.lines":           {},
			"Product.category":      {Loader: "categories"},
			"ShipmentMove.shipment": {API: "shipping"},
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
