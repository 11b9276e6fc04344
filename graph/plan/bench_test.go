package plan_test

import (
	"context"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph/plan"
	"vestibule.example/graph/plan/plantest"
)

// runner executes an operation again and again, from the cache of parsed documents, as a server does.
func runner(tb testing.TB, planned bool, query string) func() {
	schema := plantest.New(&plantest.World{Seed: 1})
	if planned {
		schema = plan.New(schema, plantest.PlanTables(), plan.Config{})
	}
	e := executor.New(schema)
	e.SetQueryCache(lru.New[*ast.QueryDocument](10))
	return func() {
		ctx, done := plan.Lend(context.Background())
		defer done()
		ctx = graphql.StartOperationTrace(ctx)
		oc, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
		if len(errs) > 0 {
			tb.Fatal(errs)
		}
		responses, ctx := e.DispatchOperation(ctx, oc)
		if r := responses(ctx); len(r.Errors) > 0 {
			tb.Fatal(r.Errors)
		}
	}
}

func BenchmarkExecutors(b *testing.B) {
	for _, q := range []struct{ name, query string }{
		{"posts with users", "{posts{id userId title user{id name email}}}"},
		{"titles", "{posts{title}}"},
		{"constant", "{constant}"},
	} {
		for _, by := range []string{"gqlgen", "plan"} {
			b.Run(strings.ReplaceAll(q.name, " ", "-")+"/"+by, func(b *testing.B) {
				run := runner(b, by == "plan", q.query)
				b.ReportAllocs()
				for b.Loop() {
					run()
				}
			})
		}
	}
}

// The answer's scalars cost no allocation each: a hundred posts with ten scalars more take no more than without.
func TestAllocationsDoNotGrowWithScalars(t *testing.T) {
	// A thousand runs: under the race detector pools drop what they are given at random, and a mean of fewer tells of that.
	count := func(fields string) float64 { return testing.AllocsPerRun(1000, runner(t, true, "{posts{"+fields+"}}")) }
	few, many := count("id"), count("id userId title a:id b:id c:title d:title e:userId f:userId g:title h:id")
	if many > few+5 {
		t.Errorf("%v allocations with eleven fields, %v with one", many, few)
	}
}
