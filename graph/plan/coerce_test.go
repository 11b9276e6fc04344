package plan_test

import (
	"testing"

	"github.com/99designs/gqlgen/graphql/executor"

	"vestibule.example/graph/plan/plantest/differ"
)

// An event whose value Int cannot hold has the field's error, and ends nothing: the next is told as ever (specification §3.5.1).
func TestEventsBeyondInt(t *testing.T) {
	p := newPair(faulty(nil))
	for name, runner := range map[string]*executor.Executor{"plan": p.Tested, "gqlgen": p.Oracle} {
		got, err := differ.Subscribe(t.Context(), runner, "subscription{ticks}", nil)
		if err != nil || len(got) != 3 {
			t.Fatalf("%s: %v, %v, want three events", name, got, err)
		}
		for i, want := range []string{`{"ticks":1}`, `null`, `{"ticks":2}`} {
			if got[i].Data != want {
				t.Errorf("%s: event %d is %s, want %s", name, i, got[i].Data, want)
			}
		}
		if errs := got[1].Errors; len(errs) != 1 || errs[0].Path.String() != "ticks" || errs[0].Extensions["code"] != "RANGE" || len(errs[0].Locations) != 1 {
			t.Errorf("%s: errors %v, want one of ticks", name, errs)
		}
	}
}
