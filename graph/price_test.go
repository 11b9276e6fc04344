//go:build !nodemo

package graph_test

import (
	"testing"

	"vestibule.example/graph"
)

// What is kept of a document's estimates takes no more memory than the document does, however often it names a fragment and
// however many outcomes its variables have.
func TestKeptEstimatesAreBounded(t *testing.T) {
	const head = "query($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!) { me { id @include(if: $a) name @include(if: $b) email @include(if: $c) "
	const fragment = "} } fragment F on OrderConnection { edges { node { customer { name } shipments { status @include(if: $d) tracking { description } } } } }"
	var outcomes []map[string]any
	for n := range 16 {
		outcomes = append(outcomes, map[string]any{"a": n&1 > 0, "b": n&2 > 0, "c": n&4 > 0, "d": n&8 > 0})
	}
	one, many := head+"orders(first: 1) { ...F } "+fragment, head+words(12, "o%d: orders(first: 1) { ...F } ")+fragment
	if kept := graph.KeptFields(t, one, outcomes[:2]); kept == 0 {
		t.Error("nothing is kept of a small document")
	}
	if kept := graph.KeptFields(t, many, outcomes); kept == 0 || kept > len(many)/8+4 {
		t.Errorf("%d fields are kept of a document of %d bytes", kept, len(many))
	}
	const input = "mutation($i: CancelOrderInput!) { cancelOrder(input: $i) { order { customer { name } } } }"
	if kept := graph.KeptFields(t, input, []map[string]any{{"i": map[string]any{"orderId": "o-1"}}}); kept != 0 {
		t.Errorf("%d fields are kept of a document whose variables no key stands for: nobody finds them", kept)
	}
}

// However high the limits are, a document with more fields than are ever priced is refused.
func TestWhatIsTooLargeToPriceIsRefused(t *testing.T) {
	e := newEndpoint(t, func(c *graph.Config) {
		c.Limits = graph.Limits{BodyBytes: 1 << 20, Tokens: 100_000, Fields: 50_000, Measure: true}
	})
	r, data, errors := e.ask(t, "{viewer{"+words(20_001, "a%d:authenticated ")+"}}", nil)
	if len(errors) != 1 || errors[0].code() != "QUERY_TOO_COMPLEX" || data != nil {
		t.Fatalf("answer = %.300s, want QUERY_TOO_COMPLEX", r.body)
	}
	if limit, _ := errors[0].Extensions["limit"].(map[string]any); limit["name"] != "fields" || len(errors[0].Locations) != 1 {
		t.Errorf("limit = %v at %v, want fields, and where", limit, errors[0].Locations)
	}
}
