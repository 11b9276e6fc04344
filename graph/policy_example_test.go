package graph_test

import (
	"context"
	"fmt"

	"vestibule.example/auth"
	"vestibule.example/graph"
)

// A policy is a function with a name, which the schema's @policy says.
func ExamplePolicy() {
	cfg := graph.Config{
		Policies: map[string]graph.Policy{
			"staff": func(ctx context.Context, viewer *auth.Session) (bool, error) {
				return viewer != nil && viewer.Claim("department") == "support", nil
			},
		},
	}
	fmt.Println(cfg.Policies["staff"](context.Background(), nil))
	// Output: false <nil>
}
