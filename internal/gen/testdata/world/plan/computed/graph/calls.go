package graph

import "vestibule.example/graph/cost"

func most() int { return 50 }

// Calls cannot be read as text.
func Calls() cost.Table {
	return cost.Table{
		Loaders: map[string]cost.Loader{
			"prices": {API: "ledger", Chunk: 1},

			"ranks": {Chunk: most()},
		},
	}
}
