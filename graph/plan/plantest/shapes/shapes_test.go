package shapes_test

import (
	"testing"

	"go.uber.org/goleak"

	"vestibule.example/graph/plan/plantest/differ"
	"vestibule.example/graph/plan/plantest/shapes/shape1"
	"vestibule.example/graph/plan/plantest/shapes/shape2"
	"vestibule.example/graph/plan/plantest/shapes/shape3"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Whatever a schema is like and however it is bound to Go, plans answer as gqlgen's executor does; `go run ./make -seeds 20` tries others.
func TestPlansAnswerAsGqlgenDoesForAnySchema(t *testing.T) {
	var total differ.Count
	for _, s := range []struct {
		name    string
		subject differ.Subject
	}{
		{"shape1", differ.Subject{New: shape1.New, Tables: shape1.PlanTables()}},
		{"shape2", differ.Subject{New: shape2.New, Tables: shape2.PlanTables()}},
		{"shape3", differ.Subject{New: shape3.New, Tables: shape3.PlanTables()}},
	} {
		t.Run(s.name, func(t *testing.T) {
			s.subject.Seldom = []string{"vault"}
			count, err := s.subject.Seeds(t.Context(), 1, 700)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(count.String())
			total.Add(count)
			if missing, err := s.subject.Cuts(t.Context(), 1, 200); err != nil || missing < 40 {
				t.Errorf("with contexts that end: %v; of %d answers something is missing, want 40 at least", err, missing)
			}
		})
	}
	if !t.Failed() && !total.Enough() {
		t.Errorf("%s, want 95 %%", total.String())
	}
}
