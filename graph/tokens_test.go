package graph_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vestibule.example/graph"
	"vestibule.example/graph/exec"
)

// The tokens of every API that an operation may ask are fetched before anything runs, each once.
func TestAnOperationNamesItsAPIs(t *testing.T) {
	var prepared [][]string
	g := newGate(t, "plan", func(cfg *graph.Config) {
		cfg.Prepare = func(_ context.Context, apis []string) { prepared = append(prepared, apis) }
	})
	alice := g.signIn(t)
	for query, want := range map[string][]string{
		"{ viewer { authenticated } }":                          nil,
		"{ products { edges { node { category { name } } } } }": {"catalog"},
		"{ a: me { id } b: me { addresses { id } } }":           {"accounts"},
		"{ orders { edges { node { shipments { id } } } } }":    {"orders", "shipping"},
		"{ ...All } fragment All on Query { me { ...Of } categories { id } } fragment Of on Customer { orders { edges { node { ... on Order { customer { id } } } } } }": {"accounts", "catalog", "orders"},
	} {
		prepared = nil
		g.asks(t, alice, query)
		if len(prepared) != 1 {
			t.Fatalf("%s: prepared %d times, want once", query, len(prepared))
		}
		got := slices.Sorted(slices.Values(prepared[0]))
		if !slices.Equal(got, want) {
			t.Errorf("%s: prepared %v, want %v", query, got, want)
		}
	}
	prepared = nil
	g.asks(t, alice, "{ me { nothing } }")
	if len(prepared) > 0 {
		t.Errorf("an invalid operation prepared %v", prepared)
	}
	g.asks(t, nil, "{ me { addresses { id } } categories { id } }")
	if len(prepared) != 1 || !slices.Equal(prepared[0], []string{"catalog"}) {
		t.Errorf("nobody's operation prepared %v, want the catalogue alone: she may not have the rest", prepared)
	}
}

// Nobody adds a resolver and forgets what it asks.
func TestEveryResolverSaysWhichAPIItAsks(t *testing.T) {
	root := reflect.TypeFor[exec.ResolverRoot]()
	var fields []string
	for i := range root.NumMethod() {
		object := root.Method(i)
		resolver := object.Type.Out(0)
		for j := range resolver.NumMethod() {
			name := resolver.Method(j).Name
			fields = append(fields, object.Name+"."+strings.ToLower(name[:1])+name[1:])
		}
	}
	slices.Sort(fields)
	if known := graph.FieldsWithAPIs(); !slices.Equal(fields, known) {
		t.Errorf("fields with resolvers are %v\nand fieldAPIs knows %v", fields, known)
	}
}
