package graph

import "vestibule.example/graph/cost"

const pricesAtOnce = 50

// Calls is read by the developers' tool as text.
func Calls() cost.Table {
	return cost.Table{
		Fields: map[string]cost.Field{
			"Query.report": {API: "ledger", Calls: 2, More: map[string]int{"input": 1}},
			"Query.found":  {API: "search", Call: "GET /found"},
			"Item.price":   {Loader: "prices"},
			"Item.rank":    {API: "search", Each: true},
		},
		Loaders: map[string]cost.Loader{
			"prices": {API: "ledger", Chunk: pricesAtOnce},
		},
	}
}
