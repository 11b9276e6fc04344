package plan_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/graph/plan"
	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/differ"
)

// A field that an operation may not have is null with its error wherever it stands, whoever runs the operation; nothing that
// lies beneath is called, and the others are as ever.
func TestDeniedFields(t *testing.T) {
	at := func(object, field string) plan.Coordinate { return plan.Coordinate{Object: object, Field: field} }
	for _, c := range []struct {
		name, query string
		denied      []plan.Coordinate
		data        string
		errors      []string
		calls       []string
	}{
		{"a resolver's", "{alpha{yes friend{score}}}", []plan.Coordinate{at("Alpha", "friend")}, `{"alpha":{"yes":true,"friend":null}}`, []string{"alpha.friend"}, []string{"alpha of 1"}},
		{"the model's own", "{alpha{yes label spot{x}}}", []plan.Coordinate{at("Alpha", "label"), at("Alpha", "spot")}, `{"alpha":null}`, []string{"alpha.label", "alpha.spot"}, []string{"alpha of 1"}},
		{"a batch's", "{alphas(count:6){m:mate{id}}}", []plan.Coordinate{at("Alpha", "mate")}, `{"alphas":[{"m":null},{"m":null}]}`, []string{"alphas[0].m", "alphas[1].m"}, []string{"alphas of 1"}},
		{"that must not be null", "{constant alpha{childN{scoreN}}}", []plan.Coordinate{at("Alpha", "scoreN")}, `{"constant":"constant","alpha":null}`, []string{"alpha.childN.scoreN"}, []string{"alpha of 1"}},
		{"of one type of an interface's", "{node(seed:2){id}}", []plan.Coordinate{at("Beta", "id")}, `{"node":{"id":"990"}}`, nil, []string{"node of 1"}},
		{"of the type it is", "{node(seed:2){...on Node{id}}}", []plan.Coordinate{at("Alpha", "id")}, `{"node":null}`, []string{"node.id"}, []string{"node of 1"}},
		{"left out by the document", "{constant alpha @skip(if:true){id}}", []plan.Coordinate{at("Query", "alpha")}, `{"constant":"constant"}`, nil, nil},
		{"a mutation", "mutation{a:bump{id} b:bumpN(by:2){__typename}}", []plan.Coordinate{at("Mutation", "bump")}, `{"a":null,"b":{"__typename":"Alpha"}}`, []string{"a"}, []string{"bumpN of 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fields := map[plan.Coordinate]error{}
			for _, f := range c.denied {
				fields[f] = differ.ErrDenied
			}
			for _, gqlgen := range []bool{false, true} {
				var j journal
				schema := plan.New(plantest.New(j.world()), plantest.PlanTables(), plan.Config{Gqlgen: gqlgen})
				for range 2 { // The second time from the cache; a denial is not kept there, see below.
					j.lines = nil
					got, err := differ.Execute(plan.Deny(t.Context(), fields), differ.NewExecutor(schema), c.query, nil)
					if err != nil {
						t.Fatal(err)
					}
					var paths []string
					for _, e := range got.Errors {
						paths = append(paths, e.Path.String())
						if !errors.Is(e, differ.ErrDenied) || len(e.Locations) != 1 {
							t.Errorf("%s: %v at %v, want the denial and one location", e.Path, e, e.Locations)
						}
					}
					slices.Sort(paths)
					if got.Data != c.data || !slices.Equal(paths, c.errors) || !slices.Equal(j.lines, c.calls) {
						t.Errorf("gqlgen %v: %s = %s with errors at %v after calls %v, want %s, %v, %v", gqlgen, c.query, got.Data, paths, j.lines, c.data, c.errors, c.calls)
					}
				}
				if got, err := differ.Execute(t.Context(), differ.NewExecutor(schema), c.query, nil); err != nil || len(got.Errors) > 0 {
					t.Errorf("gqlgen %v: without denial %s = %s %v %v", gqlgen, c.query, got.Data, got.Errors, err)
				}
			}
		})
	}
}

// A subscription may lose its field between two events: from then on each is the denial, and what lies beneath is not asked.
func TestAFieldIsDeniedWhileItStreams(t *testing.T) {
	fields := map[plan.Coordinate]error{{Object: "Subscription", Field: "alphas"}: differ.ErrDenied}
	for _, gqlgen := range []bool{false, true} {
		var j journal
		e := differ.NewExecutor(plan.New(plantest.New(j.world()), plantest.PlanTables(), plan.Config{Gqlgen: gqlgen}))
		ctx := graphql.StartOperationTrace(t.Context())
		oc, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: "subscription{alphas(count:3){id friend{id}}}"})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		dispatch := func(ctx context.Context) *graphql.Response {
			answer, ctx := e.DispatchOperation(ctx, oc)
			return answer(ctx)
		}
		source := &plan.Source{}
		if opened := dispatch(source.Opening(ctx)); len(opened.Errors) > 0 {
			t.Fatal(opened.Errors)
		}
		for i := range 3 {
			if !source.Next(ctx) {
				t.Fatalf("gqlgen %v: no event %d", gqlgen, i)
			}
			event := source.Event(ctx)
			if i == 2 {
				j.lines, event = nil, plan.Deny(event, fields)
			}
			got := dispatch(event)
			if i < 2 && len(got.Errors) > 0 {
				t.Errorf("gqlgen %v: event %d has errors %v", gqlgen, i, got.Errors)
			}
			if i == 2 && (string(got.Data) != `{"alphas":null}` || len(got.Errors) != 1 || !errors.Is(got.Errors[0], differ.ErrDenied) || len(j.lines) > 0) {
				t.Errorf("gqlgen %v: %s, %v after calls %v, want the denial alone", gqlgen, got.Data, got.Errors, j.lines)
			}
		}
	}
}
