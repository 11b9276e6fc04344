//go:build !nodemo

package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"vestibule.example/graph"
)

// trace asks an operation of a developer's gateway and reads its extensions.trace.
func (e *endpoint) trace(t *testing.T, query string) map[string]any {
	t.Helper()
	r, _, _ := e.ask(t, query, nil)
	var answer struct {
		Extensions struct{ Trace map[string]any }
	}
	if err := json.Unmarshal([]byte(r.body), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Extensions.Trace
}

// Each answer says in development what it asked of the APIs, for which fields, and which executor ran it.
func TestAnswersAreExplained(t *testing.T) {
	for executor, fallback := range map[string]any{"plan": nil, "gqlgen": "configuration"} {
		e := newEndpoint(t, func(cfg *graph.Config) { cfg.Development, cfg.Trace, cfg.Executor = true, true, executor })
		trace := e.trace(t, `{ some: products(first: 2) { edges { node { category { name } } } } product(id: "p-nowhere") { id } }`)
		if trace["executor"] != executor || trace["fallback"] != fallback {
			t.Errorf("run by %v for %v, want %s for %v", trace["executor"], trace["fallback"], executor, fallback)
		}
		var told []string
		calls, _ := trace["calls"].([]any)
		for _, c := range calls {
			call, _ := c.(map[string]any)
			told = append(told, fmt.Sprint(call["method"], " ", call["api"], call["path"], " for ", call["fields"], ": ", call["via"], " ", call["status"], " ", call["error"]))
			if call["durationMs"] == nil || call["startMs"] == nil {
				t.Errorf("%s: the call %v has no time", executor, call)
			}
		}
		slices.Sort(told)
		want := []string{
			"GET catalog/categories for [some.edges.node.category]: sent 200 <nil>",
			"GET catalog/products/p-nowhere for [product]: sent 404 NOT_FOUND",
			"GET catalog/products?page=1&pageSize=2 for [some]: sent 200 <nil>",
		}
		if !slices.Equal(told, want) {
			t.Errorf("%s told\n%q, want\n%q", executor, told, want)
		}
	}
}

// Production tells nobody what lies behind the gateway.
func TestProductionExplainsNothing(t *testing.T) {
	e := newEndpoint(t, nil)
	if trace := e.trace(t, `{ categories { id } }`); trace != nil {
		t.Errorf("extensions.trace = %v", trace)
	}
}
