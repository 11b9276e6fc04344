//go:build !nodemo

package graph_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"vestibule.example/auth"
	"vestibule.example/graph"
	"vestibule.example/graph/graphtest"
)

// The resolvers of the shop, against what the APIs' documents describe.
func TestAnOrderJoinsFourAPIs(t *testing.T) {
	g := graphtest.Start(t, graphtest.Config{})
	g.SignIn("alice").Golden("testdata/resolvers/order")
	if got, want := g.Calls("shipping"), []string{"GET /shipments?orderId=o-1001", "GET /tracking?shipmentId=s-1001"}; !slices.Equal(got, want) {
		t.Errorf("shipping was asked %q, want %q", got, want)
	}
}

// What needs nobody is answered to nobody, and the rest says where to sign in.
func TestTheShopForNobody(t *testing.T) {
	graphtest.Start(t, graphtest.Config{}).Nobody().Golden("testdata/resolvers/nobody")
}

// The account page, by what the demo's APIs answered when they were asked once (-record asks them again).
func TestTheAccountPageOfAlice(t *testing.T) {
	recorded := map[string]graphtest.API{}
	for _, name := range []string{"accounts", "catalog", "orders", "shipping"} {
		recorded[name] = graphtest.API{Recording: "testdata/resolvers/account." + name + ".json"}
	}
	graphtest.Start(t, graphtest.Config{APIs: recorded}).SignIn("alice").Golden("testdata/resolvers/account")
}

func TestAnOrderIsPlaced(t *testing.T) {
	graphtest.Start(t, graphtest.Config{}).SignIn("alice").Golden("testdata/resolvers/place")
}

// An order that is not there is null; an API out of order is a field that says so, and an optional part has its fallback.
func TestWhatAnAPIRefuses(t *testing.T) {
	g := graphtest.Start(t, graphtest.Config{APIs: map[string]graphtest.API{
		"orders":   {Answers: map[string]http.HandlerFunc{"GET /orders/{orderId}": graphtest.JSON(404, `{"title": "Not Found"}`)}},
		"accounts": {Answers: map[string]http.HandlerFunc{"GET /me": graphtest.JSON(503, `{"title": "Closed for today"}`)}},
		"catalog":  {Answers: map[string]http.HandlerFunc{"GET /categories": graphtest.JSON(500, `{}`)}},
	}})
	answer := g.SignIn("alice").Ask(`{ order(id: "o-1") { id } me { name } product(id: "p-100") { name category { name } } }`, nil)
	if want := `{"order":null,"me":null,"product":{"name":"Reading lamp","category":null}}`; string(answer.Data) != want {
		t.Errorf("data %s, want %s", answer.Data, want)
	}
	if len(answer.Errors) != 1 || answer.Errors[0].Code() != "UPSTREAM_UNAVAILABLE" {
		t.Errorf("errors %v, want UPSTREAM_UNAVAILABLE of me alone", answer.Errors)
	}
}

// listing are the sessions of a store that lists one, or fails.
type listing struct {
	graph.Sessions

	err error
}

func (l listing) List(context.Context) ([]auth.SessionEntry, error) {
	return []auth.SessionEntry{{ID: "s-1"}}, l.err
}
func (listing) EndOthers(context.Context) error { return nil }

// A store that is away is not taken for one without sessions.
func TestSessionsThatCannotBeListed(t *testing.T) {
	for _, c := range []struct {
		err  error
		says []string
	}{
		{nil, nil},
		{auth.ErrStoreUnavailable, []string{"viewer.sessions UNAVAILABLE", "endOtherSessions UNAVAILABLE"}},
	} {
		g := newGate(t, "plan", func(cfg *graph.Config) {
			resolver := *cfg.Resolver
			resolver.Sessions = listing{err: c.err}
			cfg.Resolver = &resolver
		})
		alice := g.signIn(t)
		listed, faults, _ := g.asks(t, alice, "{viewer{sessions{id}}}")
		left, more, _ := g.asks(t, alice, "mutation{endOtherSessions{sessions{id}}}")
		if faults = append(faults, more...); !slices.Equal(faults, c.says) || strings.Contains(listed, "s-1") != (c.err == nil) || strings.Contains(left, "s-1") != (c.err == nil) {
			t.Errorf("with %v: %s and %s, %q, want %q", c.err, listed, left, faults, c.says)
		}
	}
}
