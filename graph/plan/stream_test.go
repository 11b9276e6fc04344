package plan_test

import (
	"context"
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"vestibule.example/graph/plan"
	"vestibule.example/graph/plan/plantest"
)

// subscribe takes all events of a subscription, as transports do.
func subscribe(t *testing.T, e *executor.Executor, denied map[plan.Coordinate]error, query string, variables map[string]any) (events []answer) {
	t.Helper()
	ctx := graphql.StartOperationTrace(t.Context())
	oc, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: variables})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	source := &plan.Source{}
	dispatch := func(ctx context.Context) *graphql.Response {
		responses, ctx := e.DispatchOperation(ctx, oc)
		return responses(ctx)
	}
	if opened := dispatch(source.Opening(plan.Deny(ctx, denied))); len(opened.Errors) > 0 {
		return []answer{{string(opened.Data), opened.Errors}}
	}
	for source.Next(ctx) {
		got := dispatch(source.Event(plan.Deny(ctx, denied)))
		events = append(events, answer{string(got.Data), got.Errors})
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
		{name: "scalars", query: "subscription{t:ticks}", events: 2, first: `{"t":1}`},
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
					denied[f] = errDenied
				}
				p := newPair(world)
				got, want := subscribe(t, p.tested, denied, c.query, c.variables), subscribe(t, p.oracle, denied, c.query, c.variables)
				if len(got) != c.events || len(want) != c.events || c.first != "" && got[0].data != c.first {
					t.Fatalf("%d and %d events, the first %+v, want %d and %s", len(got), len(want), got[0], c.events, c.first)
				}
				for i := range got {
					if got[i].data != want[i].data || !slices.Equal(tellAll(got[i]), tellAll(want[i])) {
						t.Errorf("seed %d, event %d: %s %v, gqlgen: %s %v", seed, i, got[i].data, tellAll(got[i]), want[i].data, tellAll(want[i]))
					}
				}
			}
		})
	}
}

// A subscription whose events nobody takes one by one runs on gqlgen's executor, which is counted.
func TestASubscriptionWithoutASource(t *testing.T) {
	p := newPair(&plantest.World{Seed: 1})
	got, err := execute(t.Context(), p.tested, "subscription{ticks}", nil)
	if err != nil || got.data != `{"ticks":1}` {
		t.Errorf("%+v, %v", got, err)
	}
	if stats := p.planned.Stats(); stats.Fallbacks[plan.ReasonSubscription] != 1 || stats.Planned != 0 {
		t.Errorf("stats = %+v, want one fallback for a subscription", stats)
	}
	subscribe(t, p.tested, nil, "subscription{ticks}", nil)
	if stats := p.planned.Stats(); stats.Planned != 2 || stats.Compiled != 1 {
		t.Errorf("stats = %+v, want two events by one plan", stats)
	}
}
