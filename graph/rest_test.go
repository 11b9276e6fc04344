package graph_test

import (
	"maps"
	"strings"
	"testing"

	"vestibule.example/graph"
)

// A schema that asks an API which is not configured is found at the start, not by the first who asks.
func TestEveryAPIOfTheSchemaMustBeThere(t *testing.T) {
	for _, name := range []string{"accounts", "catalog", "orders"} {
		cfg := withClients(t, graph.Config{})
		cfg.Resolver.APIs = maps.Clone(cfg.Resolver.APIs)
		delete(cfg.Resolver.APIs, name)
		if _, err := graph.NewHandler(cfg); err == nil || !strings.Contains(err.Error(), "apis."+name) {
			t.Errorf("without %s: %v, want an error that names it", name, err)
		}
	}
}
