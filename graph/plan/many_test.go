package plan_test

import (
	"context"
	"fmt"
	"testing"

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

// askMany asks for a list of so many nulls, none of which may be, and gives how many errors were told.
func askMany(ctx context.Context, p *differ.Pair, count int) (int, error) {
	got, err := differ.Execute(ctx, p.Tested, "query($n:Int!){alphas(count:$n){id}}", map[string]any{"n": count})
	if err != nil {
		return 0, err
	}
	return len(got.Errors), nil
}

func newMany() *differ.Pair {
	return differ.NewPair(plantest.NewExecutableSchema(plantest.Config{Resolvers: many{&plantest.Resolver{World: &plantest.World{Seed: 7}}}}), plantest.PlanTables())
}

// Of an API that leaves out what the schema promises, for each of many, each is told.
func TestManyNullsAreTold(t *testing.T) {
	const count = 10_000
	if told, err := askMany(t.Context(), newMany(), count); err != nil || told != count {
		t.Errorf("%d errors, %v, want %d", told, err, count)
	}
}

// A null that must not be costs the same however many there are: ns/null is about the same in all sizes.
func BenchmarkManyNulls(b *testing.B) {
	for _, count := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			p := newMany()
			for b.Loop() {
				if told, err := askMany(b.Context(), p, count); err != nil || told != count {
					b.Fatalf("%d errors, %v, want %d", told, err, count)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/null")
		})
	}
}
