package plan_test

import (
	"context"
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/differ"
)

type addedKey struct{}

// What a directive of the schema adds to the context reaches its field's resolver. Those beneath are asked for the objects of several fields
// together, and have it on gqlgen's executor alone.
func TestWhatADirectiveAddsToTheContext(t *testing.T) {
	var j journal
	world := &plantest.World{Seed: 7, Before: func(ctx context.Context, field string, _ int) error {
		j.note("%s %v", field, ctx.Value(addedKey{}))
		return nil
	}}
	adds := func(ctx context.Context, _ any, next graphql.Resolver, role string) (any, error) {
		return next(context.WithValue(ctx, addedKey{}, role))
	}
	schema := plantest.NewExecutableSchema(plantest.Config{Resolvers: &plantest.Resolver{World: world}, Directives: plantest.DirectiveRoot{Limited: adds}})
	p := differ.NewPair(schema, plantest.PlanTables())
	for name, c := range map[string]struct {
		e    *executor.Executor
		seen []string
	}{
		"plan":   {p.Tested, []string{"alpha <nil>", "guarded any", "rank <nil>", "score <nil>"}},
		"gqlgen": {p.Oracle, []string{"alpha <nil>", "guarded any", "rank any", "score any"}},
	} {
		j.lines = nil
		if _, err := differ.Execute(t.Context(), c.e, "{alpha{guarded{rank score}}}", nil); err != nil {
			t.Fatal(err)
		}
		slices.Sort(j.lines)
		if !slices.Equal(j.lines, c.seen) {
			t.Errorf("%s: resolvers see %q, want %q", name, j.lines, c.seen)
		}
	}
}
