package plan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph/plan"
	"vestibule.example/graph/plan/plantest"
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

// Where Go holds an Int in a type that writes itself, or that a function writes, what is written decides, not Go's number; one that Go holds unsigned
// is an Int like another.
func TestIntsOfAllGoTypes(t *testing.T) {
	beyond := 0
	for seed := range uint64(60) {
		p := newPair(&plantest.World{Seed: seed, Faults: 150})
		const query = "{alphas(count:4){weight prices views}}"
		if err := p.Compare(t.Context(), differ.Operation{Text: query}); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, err := differ.Execute(t.Context(), p.Tested, query, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got.Errors {
			switch name := e.Path[len(e.Path)-1]; {
			case e.Extensions["code"] != "RANGE":
			case name == ast.PathName("views"):
				beyond++
			default:
				t.Errorf("seed %d: %v at %s", seed, e, e.Path)
			}
		}
	}
	if beyond < 5 {
		t.Errorf("%d unsigned integers are beyond Int, want 5 at least", beyond)
	}
}

// A text that is none of an enum's values is an error, whoever runs the operation (specification §3.9).
func TestEnumsHaveTheSchemasValues(t *testing.T) {
	unknown := 0
	for seed := range uint64(60) {
		p := newPair(&plantest.World{Seed: seed, Faults: 150})
		const query = "{alphas(count:4){colour hues} a:alphas(count:3){hues}}"
		if err := p.Compare(t.Context(), differ.Operation{Text: query}); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, err := differ.Execute(t.Context(), p.Oracle, query, nil)
		if err != nil || strings.Contains(got.Data, "od") {
			t.Errorf("seed %d: %s, %v", seed, got.Data, err)
		}
		for _, e := range got.Errors {
			if errors.Is(e, plan.ErrNoValue) {
				unknown++
			}
		}
	}
	if unknown < 5 {
		t.Errorf("%d values are unknown, want 5 at least", unknown)
	}
}
