//go:build !nodemo

package graph_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"vestibule.example/graph"
)

// explained is an answer to a request to explain.
type explained struct {
	Data       json.RawMessage
	Errors     []problem
	Extensions struct {
		Cost struct {
			Value, Max int
			Calls      map[string]struct{ Max int }
		}
		Plan struct {
			MaxCalls int
			Fields   []explainedField
			Exceeds  []struct {
				Name, API  string
				Value, Max int
				Locations  []map[string]int
			}
			Refused bool
		}
	}
}

type explainedField struct {
	Path, Field, API string
	Parents, Calls   int
	PerElement       bool
	Fields           []explainedField
}

// explaining is the body of a request to explain.
func explaining(query string, variables map[string]any) string {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables, "extensions": map[string]any{"vestibule": map[string]any{"explain": true}}})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func (e *endpoint) explain(t *testing.T, query string, variables map[string]any) (explained, reply) {
	t.Helper()
	r := e.send(t, "POST", "", explaining(query, variables), jsonHeader())
	var answer explained
	decode(t, r.body, &answer)
	return answer, r
}

func inDevelopment(cfg *graph.Config) { cfg.Development, cfg.Trace = true, true }

// GQL-6, GQL-10: what an operation would cost and call is told without asking anybody.
func TestAnOperationIsExplainedBeforeItRuns(t *testing.T) {
	e := newEndpoint(t, inDevelopment)
	got, r := e.explain(t, `query($n: Int!) { products(first: $n) { edges { node { category { name } } } } me { orders(first: 2) { edges { node { shipments { tracking { place } } } } } } }`, map[string]any{"n": 3})
	if r.status != 200 || got.Data != nil || got.Errors != nil || strings.Contains(r.body, `"data"`) {
		t.Errorf("answer = %d %s, want extensions and neither data nor errors", r.status, r.body)
	}
	want := []explainedField{
		{Path: "products", Field: "Query.products", API: "catalog", Parents: 1, Calls: 1, Fields: []explainedField{
			{Path: "products.edges.node.category", Field: "Product.category", API: "catalog", Parents: 3, Calls: 1},
		}},
		{Path: "me", Field: "Query.me", API: "accounts", Parents: 1, Calls: 1, Fields: []explainedField{
			{Path: "me.orders", Field: "Customer.orders", API: "orders", Parents: 1, Calls: 1, Fields: []explainedField{
				{Path: "me.orders.edges.node.shipments", Field: "Order.shipments", API: "shipping", Parents: 2, Calls: 1, Fields: []explainedField{
					{Path: "me.orders.edges.node.shipments.tracking", Field: "Shipment.tracking", API: "shipping", Parents: 10, Calls: 1},
				}},
			}},
		}},
	}
	plan := got.Extensions.Plan
	if !reflect.DeepEqual(plan.Fields, want) || plan.MaxCalls != 100 || plan.Exceeds != nil || plan.Refused {
		t.Errorf("plan = %+v, want the fields %+v, 100 calls at most and nothing exceeded", plan, want)
	}
	cost := got.Extensions.Cost
	if cost.Value < 20 || cost.Max != 10_000 || cost.Calls["catalog"].Max != 2 || cost.Calls["shipping"].Max != 2 {
		t.Errorf("cost = %+v, want some of 10000, and two calls of the catalogue and of shipping", cost)
	}
	if mutation, r := e.explain(t, `mutation { cancelOrder(input: {orderId: "o-1001"}) { order { id } } }`, nil); len(mutation.Extensions.Plan.Fields) != 1 {
		t.Errorf("a mutation = %s, want its one call", r.body)
	}
	if subscription, r := e.explain(t, `subscription { orderUpdated(id: "o-1001") { id } }`, nil); len(subscription.Extensions.Plan.Fields) != 1 {
		t.Errorf("a subscription = %s, want its one call", r.body)
	}
	header := http.Header{"Accept": {"text/event-stream"}}
	if r := e.send(t, "GET", "?query="+url.QueryEscape("{categories{id}}")+"&extensions="+url.QueryEscape(`{"vestibule":{"explain":true}}`), "", header); r.status != 200 || !strings.Contains(r.body, `"maxCalls":100`) {
		t.Errorf("by GET, for who only reads streams = %d %s, want JSON", r.status, r.body)
	}
	if n := e.asked(); n != 0 {
		t.Errorf("the APIs were asked %d times", n)
	}
}

// What would be refused is told with every limit that it breaks, and a document that is none as it ever is.
func TestWhatWouldBeRefusedIsExplained(t *testing.T) {
	const dear = `{ products(first: 101) { edges { node { id } } } orders(first: 50) { edges { node { customer { addresses { city } } } } } }`
	for _, measure := range []bool{false, true} {
		e := newEndpoint(t, func(cfg *graph.Config) {
			inDevelopment(cfg)
			cfg.Limits = graph.Limits{Cost: 50, Calls: 5, Depth: 4, Measure: measure}
		})
		got, r := e.explain(t, `{ products(first: 101) { totalCount } me { addresses { city } } }`, nil)
		var names []string
		for _, x := range got.Extensions.Plan.Exceeds {
			names = append(names, x.Name)
			if x.Value <= x.Max || len(x.Locations) != 1 {
				t.Errorf("exceeded = %+v, want by how much and where", x)
			}
		}
		if got.Extensions.Plan.Refused == measure || len(names) == 0 || names[0] != "listSize" {
			t.Errorf("measured only: %v: plan = %s, want it refused unless measured, for listSize", measure, r.body)
		}
		deep, r := e.explain(t, dear, nil)
		switch {
		case measure && len(deep.Extensions.Plan.Exceeds) != 4: // depth, listSize, cost, calls of accounts
			t.Errorf("measured = %s, want four limits", r.body)
		case !measure && (len(deep.Errors) != 1 || deep.Errors[0].code() != "QUERY_TOO_COMPLEX"):
			t.Errorf("too deep = %s, want the refusal as ever", r.body)
		}
		if none, r := e.explain(t, `{ nothing }`, nil); len(none.Errors) != 1 || none.Errors[0].code() != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("not of the schema = %s, want the fault", r.body)
		}
		if none, r := e.explain(t, `query($n: Int) { products(first: $n) { totalCount } }`, map[string]any{"n": nil}); len(none.Errors) != 1 || none.Errors[0].code() != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("without a length = %s, want the fault", r.body)
		}
		unknown := `{"documentId":"` + strings.Repeat("0", 64) + `","extensions":{"vestibule":{"explain":true}}}`
		if r := e.send(t, "POST", "", unknown, jsonHeader()); !strings.Contains(r.body, "PERSISTED_QUERY_NOT_FOUND") {
			t.Errorf("a document that is not there = %s, want that", r.body)
		}
		if n := e.asked(); n != 0 {
			t.Errorf("the APIs were asked %d times", n)
		}
	}
}

// An estimate is charged as a request, not as the operation.
func TestExplainingCostsOneUnit(t *testing.T) {
	e := newEndpoint(t, func(cfg *graph.Config) {
		inDevelopment(cfg)
		cfg.Rate = graph.Rate{Anonymous: 3, ClientAddress: func(*http.Request) netip.Addr { return netip.Addr{} }, Now: func() time.Time { return time.Unix(0, 0) }}
	})
	for i, want := range []int{200, 200, 200, 429} {
		if _, r := e.explain(t, `{ products(first: 50) { edges { node { id } } } }`, nil); r.status != want {
			t.Errorf("estimate %d = %d, want %d", i+1, r.status, want)
		}
	}
}

// Who wanted to know what an operation would do did not want it done: production refuses it, rather than pass the wish over.
func TestProductionDoesNotExplain(t *testing.T) {
	e := newEndpoint(t, func(cfg *graph.Config) { cfg.Introspection = true })
	got, r := e.explain(t, `{ categories { id } }`, nil)
	if r.status != 400 || len(got.Errors) != 1 || got.Errors[0].code() != "OPERATION_NOT_ALLOWED" || strings.Contains(r.body, "catalog") {
		t.Errorf("answer = %d %s, want OPERATION_NOT_ALLOWED", r.status, r.body)
	}
	unclear := `{"query":"{categories{id}}","extensions":{"vestibule":{"explain":"yes"}}}`
	if r := e.send(t, "POST", "", unclear, jsonHeader()); r.status != 400 {
		t.Errorf("explain that is no boolean = %d %s, want 400", r.status, r.body)
	}
	if n := e.asked(); n != 0 {
		t.Errorf("the APIs were asked %d times", n)
	}
	for _, extensions := range []string{`{"vestibule":{"explain":false}}`, `{"vestibule":{}}`, `{"vestibule":null}`, `{"other":{"explain":true}}`} {
		if r := e.send(t, "POST", "", `{"query":"{categories{id}}","extensions":`+extensions+`}`, jsonHeader()); r.status != 200 || !strings.Contains(r.body, `"data"`) {
			t.Errorf("with %s = %d %s, want an answer", extensions, r.status, r.body)
		}
	}
}
