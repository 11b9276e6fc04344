package plan_test

import (
	"errors"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/differ"
)

func newPair(world *plantest.World) *differ.Pair {
	return differ.NewPair(plantest.New(world), plantest.PlanTables())
}

// everyShape is the schema written by hand; graph/plan/plantest/shapes has those that are made up.
func everyShape() differ.Subject {
	return differ.Subject{
		New: func(seed, faults uint64) graphql.ExecutableSchema {
			return plantest.New(&plantest.World{Seed: seed, Faults: faults})
		},
		Tables: plantest.PlanTables(), Seldom: []string{"vault"},
	}
}

// Made-up operations over made-up worlds, in which nulls, errors, panics and denied fields stand anywhere, give what gqlgen's executor gives:
// the same data byte for byte, and the same errors.
func TestPlansAnswerAsGqlgenDoes(t *testing.T) {
	count, err := everyShape().Seeds(t.Context(), 1, 1500)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(count.String())
	if !count.Enough() {
		t.Errorf("%s, want 95 %%", count.String())
	}
}

func FuzzPlansAnswerAsGqlgenDoes(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		if _, err := everyShape().Seed(t.Context(), seed); err != nil && !errors.Is(err, differ.ErrInvalid) {
			t.Error(err)
		}
	})
}
