package plan_test

import (
	"context"
	"testing"
	"time"

	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/differ"
)

// many are resolvers of which one gives a long list without what must be there.
type many struct{ plantest.ResolverRoot }

type manyQuery struct{ plantest.QueryResolver }

func (m many) Query() plantest.QueryResolver { return manyQuery{m.ResolverRoot.Query()} }

func (manyQuery) Alphas(_ context.Context, count int, _ *plantest.Filter) ([]*plantest.Alpha, error) {
	return make([]*plantest.Alpha, count), nil
}

// An API that leaves out what the schema promises, for each of many, costs as much again for each, and not for each other one as well.
func TestManyNullsAreToldInTime(t *testing.T) {
	const count, patience = 80_000, 20 * time.Second // It took half a second, and more than a minute when each null looked through all errors.
	p := differ.NewPair(plantest.NewExecutableSchema(plantest.Config{Resolvers: many{&plantest.Resolver{World: &plantest.World{Seed: 7}}}}), plantest.PlanTables())
	start := time.Now()
	got, err := differ.Execute(t.Context(), p.Tested, "query($n:Int!){alphas(count:$n){id}}", map[string]any{"n": count})
	if took := time.Since(start); err != nil || len(got.Errors) != count || took > patience {
		t.Errorf("%d errors after %s, %v, want %d within %s", len(got.Errors), took, err, count, patience)
	}
}
