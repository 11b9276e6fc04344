package plan_test

import (
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql/executor"

	"vestibule.example/graph/plan"
	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/differ"
)

func subscribe(t *testing.T, e *executor.Executor, denied map[plan.Coordinate]error, query string, variables map[string]any) []differ.Answer {
	t.Helper()
	events, err := differ.Subscribe(plan.Deny(t.Context(), denied), e, query, variables)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// Each event of a subscription is answered by a plan as gqlgen's executor would answer it, whoever runs it.
func TestEventsAreAnsweredAsGqlgenDoes(t *testing.T) {
	at := func(object, field string) plan.Coordinate { return plan.Coordinate{Object: object, Field: field} }
	for _, c := range []struct {
		name, query string
		variables   map[string]any
		denied      []plan.Coordinate
		events      int
		first       string
	}{
		{name: "scalars", query: "subscription{t:ticks}", events: 3, first: `{"t":1}`},
		{name: "objects with what lies beneath", query: "subscription{alphas(count:4){id friend{score} kidsN{mate{id}} nodes{id}}}", events: 4, first: `{"alphas":null}`},
		{name: "an abstract type that must not be null", query: "subscription{nodes{id ...on Alpha{rank}}}", events: 3},
		{name: "fragments at the root", query: "subscription{...S} fragment S on Subscription{alphas(count:1){id}}", events: 1, first: `{"alphas":null}`},
		{name: "variables", query: "subscription($n:Int!){alphas(count:$n){id}}", variables: map[string]any{"n": 2}, events: 2},
		{name: "a condition that no plan is kept for", query: "subscription($c:Boolean=true){alphas(count:2){id label @include(if:$c)}}", variables: map[string]any{"c": nil}, events: 2},
		{name: "a resolver that refuses", query: "subscription{refused{id}}", events: 1, first: ""},
		{name: "nothing that is not skipped", query: "subscription($s:Boolean!){ticks @skip(if:$s)}", variables: map[string]any{"s": true}, events: 1},
		{name: "a denied field", query: "subscription{alphas(count:2){id friend{id}}}", denied: []plan.Coordinate{at("Alpha", "friend")}, events: 2},
		{name: "a denied root", query: "subscription{alphas{id}}", denied: []plan.Coordinate{at("Subscription", "alphas")}, events: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(20) {
				world := &plantest.World{Seed: seed, Faults: 200}
				denied := map[plan.Coordinate]error{}
				for _, f := range c.denied {
					denied[f] = differ.ErrDenied
				}
				p := newPair(world)
				got, want := subscribe(t, p.Tested, denied, c.query, c.variables), subscribe(t, p.Oracle, denied, c.query, c.variables)
				if len(got) != c.events || len(want) != c.events || c.first != "" && got[0].Data != c.first {
					t.Fatalf("%d and %d events, the first %+v, want %d and %s", len(got), len(want), got[0], c.events, c.first)
				}
				for i := range got {
					if got[i].Data != want[i].Data || !slices.Equal(got[i].Told(), want[i].Told()) {
						t.Errorf("seed %d, event %d: %s %v, gqlgen: %s %v", seed, i, got[i].Data, got[i].Told(), want[i].Data, want[i].Told())
					}
				}
			}
		})
	}
}

// A subscription whose events nobody takes one by one runs on gqlgen's executor, which is counted.
func TestASubscriptionWithoutASource(t *testing.T) {
	p := newPair(&plantest.World{Seed: 1})
	got, err := differ.Execute(t.Context(), p.Tested, "subscription{ticks}", nil)
	if err != nil || got.Data != `{"ticks":1}` {
		t.Errorf("%+v, %v", got, err)
	}
	if stats := p.Planned.Stats(); stats.Fallbacks[plan.ReasonSubscription] != 1 || stats.Planned != 0 {
		t.Errorf("stats = %+v, want one fallback for a subscription", stats)
	}
	subscribe(t, p.Tested, nil, "subscription{ticks}", nil)
	if stats := p.Planned.Stats(); stats.Planned != 3 || stats.Compiled != 1 {
		t.Errorf("stats = %+v, want three events by one plan", stats)
	}
}
