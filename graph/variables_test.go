//go:build !nodemo

package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"vestibule.example/graph"
)

// GOH-17: a variable is of its type or the request is refused, before any API hears of it (specification §3.5, Input Coercion).
func TestVariablesAreOfTheirTypes(t *testing.T) {
	e := newEndpoint(t, nil)
	const (
		first    = "query($v:Int!){products(first:$v){totalCount}}"
		category = "query($v:ID){products(category:$v){totalCount}}"
		search   = "query($v:String){products(search:$v){totalCount}}"
		status   = "query($v:OrderStatus){orders(status:$v){totalCount}}"
		skip     = "query($v:Boolean!){products @skip(if:$v){totalCount}}"
		input    = "mutation($v:PlaceOrderInput!){placeOrder(input:$v){order{id}}}"
		lines    = `{"idempotencyKey":"k-0123456789","lines":[{"productId":"p-100","quantity":`
	)
	for _, c := range []struct {
		query, value string
		fits         bool
	}{
		{first, `5`, true}, {first, `"5"`, false}, {first, `5.5`, false}, {first, `true`, false}, {first, `2147483648`, false}, {first, `[5]`, false},
		{category, `"c"`, true}, {category, `5`, true}, {category, `null`, true}, {category, `5.5`, false}, {category, `5e1`, false}, {category, `true`, false},
		{search, `"c"`, true}, {search, `5`, false}, {search, `true`, false}, {search, `{}`, false},
		{status, `"PACKED"`, true}, {status, `"packed"`, false}, {status, `5`, false},
		{skip, `true`, true}, {skip, `"true"`, false}, {skip, `1`, false},
		{input, lines + `"1"}]}`, false}, {input, lines + `1.5}]}`, false}, {input, lines + `9999999999}]}`, false},
	} {
		before := e.asked()
		r := e.send(t, "POST", "", `{"query":`+quoted(c.query)+`,"variables":{"v":`+c.value+`}}`, jsonHeader())
		refused := strings.Contains(r.body, "GRAPHQL_VALIDATION_FAILED")
		if refused == c.fits || refused && e.asked() != before {
			t.Errorf("%s with %s: %s after %d calls of APIs, want it to fit: %t", c.query, c.value, r.body, e.asked()-before, c.fits)
		}
	}
}

// GQL-6: a length that comes as text is no way round the limits, least of all where a document's price is known already.
func TestALengthAsTextIsNoWayRoundTheLimits(t *testing.T) {
	e := newEndpoint(t, func(c *graph.Config) { c.Limits.ListSize = 30 })
	const query = "query($n:Int){products(first:$n){edges{node{name}}}}"
	if _, _, errors := e.ask(t, query, nil); len(errors) != 0 { // The price of what is not said is kept now.
		t.Fatal(errors)
	}
	before := e.asked()
	_, data, errors := e.ask(t, query, map[string]any{"n": "50"})
	if len(errors) != 1 || data != nil || e.asked() != before {
		t.Errorf("data = %v, errors = %v after %d calls, want it refused", data, errors, e.asked()-before)
	}
}

// What one variable asks for is not what another does: not even null, which has no default, and nothing.
func TestNullIsNotNothing(t *testing.T) {
	e := newEndpoint(t, nil)
	const query = "query($n:Int){products(first:$n){totalCount}}"
	r, data, errors := e.ask(t, query, map[string]any{"n": nil})
	if len(errors) != 1 || errors[0].code() != "GRAPHQL_VALIDATION_FAILED" || len(errors[0].Locations) != 1 || data != nil {
		t.Errorf("null for a length = %s, want it refused before it runs", r.body)
	}
	if _, _, errors := e.ask(t, query, map[string]any{}); len(errors) != 0 {
		t.Errorf("errors = %v, want the default's answer", errors)
	}
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}
