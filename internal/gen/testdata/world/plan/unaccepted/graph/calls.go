package graph

import "vestibule.example/graph/cost"

// Calls has a field that nobody has accepted.
func Calls() cost.Table {
	return cost.Table{
		Fields: map[string]cost.Field{
			"Query.items": {API: "shop"},
			"Item.rank":   {API: "search"},
			"Item.price":  {API: "ledger", Each: true},
		},
	}
}
