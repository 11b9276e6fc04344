package plan_test

import (
	"errors"
	"testing"

	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/differ"
)

func newPair(world *plantest.World) *differ.Pair {
	return differ.NewPair(plantest.New(world), plantest.PlanTables())
}

// everyShape is the schema written by hand; graph/plan/plantest/shapes has those that are made up.
func everyShape() differ.Subject {
	return differ.Subject{New: plantest.New, Tables: plantest.PlanTables(), Seldom: []string{"vault"}}
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

// Whenever a context ends, what was there by then is told as it would have been, what is missing is null, or beneath a null, and has the
// context's cause as its error; and whoever waits gets an answer.
func TestCancelledAnywhere(t *testing.T) {
	if missing, err := everyShape().Cuts(t.Context(), 1, 400); err != nil || missing < 80 {
		t.Errorf("%v; of %d answers something is missing, want 80 at least", err, missing)
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
		if _, err := everyShape().Cut(t.Context(), seed); err != nil && !errors.Is(err, differ.ErrInvalid) {
			t.Error(err)
		}
	})
}
