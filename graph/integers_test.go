//go:build !nodemo

package graph_test

import (
	"testing"

	"vestibule.example/graph"
)

// GOH-17: what is no Int of 32 bits is refused where it stands, in a document or a variable, before any API hears of it, whoever
// runs operations (specification §3.5.1, Input Coercion).
func TestIntegersAreOf32Bits(t *testing.T) {
	const (
		variable = "query($v:Int!){products(first:$v){totalCount}}"
		line     = `mutation{placeOrder(input:{idempotencyKey:"k-0123456789",lines:[{productId:"p-100",quantity:`
		lines    = `{"idempotencyKey":"k-0123456789","lines":[{"productId":"p-100","quantity":`
		input    = "mutation($v:PlaceOrderInput!){placeOrder(input:$v){order{id}}}"
	)
	for _, executor := range []string{"plan", "gqlgen"} {
		e := newEndpoint(t, func(c *graph.Config) { c.Executor = executor })
		for _, c := range []struct {
			query, variables string
			column           int // where the error is; 0 if there is none
		}{
			{"{products(first:50){totalCount}}", `{}`, 0},
			{"{products(first:2147483648){totalCount}}", `{}`, 17},
			{"{products(first:-2147483649){totalCount}}", `{}`, 17},
			{"{products(first:9223372036854775808){totalCount}}", `{}`, 17},
			{"{products(first:1.0){totalCount}}", `{}`, 17},
			{"{products(first:1e3){totalCount}}", `{}`, 17},
			{line + "2147483648}]}){order{id}}}", `{}`, len(line) + 1},
			{"query($v:Int!=2147483648){products(first:$v){totalCount}}", `{}`, 15},
			{"query($v:Int!=2147483648){products(first:$v){totalCount}}", `{"v":5}`, 15},
			{variable, `{"v":50}`, 0},
			{variable, `{"v":2147483648}`, 7},
			{variable, `{"v":-2147483649}`, 7},
			{variable, `{"v":9223372036854775808}`, 7},
			{variable, `{"v":1.0}`, 7},
			{variable, `{"v":1e3}`, 7},
			{variable, `{"v":1.5}`, 7},
			{input, `{"v":` + lines + `2147483648}]}}`, 10},
			{input, `{"v":` + lines + `1.0}]}}`, 10},
			{"mutation($v:Int!){" + line[len("mutation{"):] + "$v}]}){order{id}}}", `{"v":2147483648}`, 10},
		} {
			before := e.asked()
			r := e.send(t, "POST", "", `{"query":`+quoted(c.query)+`,"variables":`+c.variables+`}`, jsonHeader())
			var answer struct {
				Data   any
				Errors []problem
			}
			decode(t, r.body, &answer)
			switch {
			case c.column == 0 && (len(answer.Errors) > 0 || e.asked() == before):
				t.Errorf("%s: %s with %s: %s, want it answered", executor, c.query, c.variables, r.body)
			case c.column == 0:
			case len(answer.Errors) != 1 || answer.Errors[0].code() != "GRAPHQL_VALIDATION_FAILED" || answer.Data != nil || e.asked() != before:
				t.Errorf("%s: %s with %s: %s, want it refused", executor, c.query, c.variables, r.body)
			case len(answer.Errors[0].Locations) != 1 || answer.Errors[0].Locations[0]["column"] != c.column:
				t.Errorf("%s: %s with %s: the error is at %v, want column %d", executor, c.query, c.variables, answer.Errors[0].Locations, c.column)
			}
		}
	}
}
