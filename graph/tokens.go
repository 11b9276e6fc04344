package graph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph/plan"
)

// fieldAPIs says which API the resolver of a field asks, none for those that ask nobody. Every field with a resolver is
// there: a test holds it against the schema.
var fieldAPIs = map[string]string{
	"Query.viewer": "", "Query.me": "accounts", "Query.orders": "orders", "Query.order": "orders",
	"Query.products": "catalog", "Query.product": "catalog", "Query.categories": "catalog",
	"Mutation.placeOrder": "orders", "Mutation.cancelOrder": "orders", "Mutation.addAddress": "accounts",
	"Mutation.endSession": "", "Mutation.endOtherSessions": "",
	"Viewer.session": "", "Viewer.sessions": "",
	"Customer.addresses": "accounts", "Customer.paymentMethods": "accounts", "Customer.orders": "orders",
	"Order.lines": "", "Order.customer": "accounts", "Order.shipments": "shipping",
	"OrderLine.product": "catalog", "Product.category": "catalog", "Shipment.tracking": "shipping",
}

// apisOf names the APIs that an operation may ask, each once: their tokens can be fetched before the first field needs one.
// What is denied asks nobody.
func apisOf(operation *ast.OperationDefinition, denied map[plan.Coordinate]error) []string {
	var names []string
	visited := map[string]bool{}
	var look func(ast.SelectionSet)
	look = func(set ast.SelectionSet) {
		for _, selected := range set {
			switch s := selected.(type) {
			case *ast.Field:
				if denied[plan.Coordinate{Object: s.ObjectDefinition.Name, Field: s.Name}] != nil {
					continue
				}
				if api := fieldAPIs[s.ObjectDefinition.Name+"."+s.Name]; api != "" && !slices.Contains(names, api) {
					names = append(names, api)
				}
				look(s.SelectionSet)
			case *ast.InlineFragment:
				look(s.SelectionSet)
			case *ast.FragmentSpread:
				if !visited[s.Name] {
					visited[s.Name] = true
					look(s.Definition.SelectionSet)
				}
			}
		}
	}
	look(operation.SelectionSet)
	return names
}
