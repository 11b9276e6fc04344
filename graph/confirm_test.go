//go:build !nodemo

package graph_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"vestibule.example/graph"
)

type confirmedKey struct{}

// A mutation runs with the session as it is confirmed to be, and not at all where that cannot be told; a query does not ask
// (SES-16).
func TestWhatIsConfirmed(t *testing.T) {
	var asked int
	var outage error
	var prepared []bool
	e := newEndpoint(t, func(cfg *graph.Config) {
		cfg.Confirm = func(ctx context.Context) (context.Context, error) {
			asked++
			return context.WithValue(ctx, confirmedKey{}, true), outage
		}
		cfg.Prepare = func(ctx context.Context, _ []string) { prepared = append(prepared, ctx.Value(confirmedKey{}) != nil) }
	})
	const mutation = `mutation { cancelOrder(input: {orderId: "o-1"}) { order { id } } }`
	e.ask(t, `{ categories { id } }`, nil)
	e.ask(t, mutation, nil)
	if asked != 1 || len(prepared) != 2 || prepared[0] || !prepared[1] {
		t.Errorf("asked %d times, operations ran confirmed: %v; want the mutation alone", asked, prepared)
	}
	before := e.asked()
	outage = errors.New("the store is away")
	r, _, problems := e.ask(t, mutation, nil)
	if r.status != 503 || r.header.Get("Retry-After") == "" || len(problems) != 1 || problems[0].code() != "UNAVAILABLE" || e.asked() != before || len(prepared) != 2 {
		t.Errorf("without the store: %d %s, Retry-After %q, want 503 UNAVAILABLE, and nothing done", r.status, r.body, r.header.Get("Retry-After"))
	}
	if !strings.Contains(e.log.String(), "the store is away") {
		t.Error("the log does not say why")
	}
}
