package plan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/differ"
)

func newPair(world *plantest.World) *differ.Pair {
	return differ.NewPair(plantest.New(world), plantest.PlanTables())
}

// everyShape is the schema written by hand; graph/plan/plantest/shapes has those that are made up.
func everyShape() differ.Subject {
	return differ.Subject{New: plantest.New, Tables: plantest.PlanTables(), Seldom: []string{"vault", "ledgers"}}
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

// What is made up meets a field and a fault only by chance: here every field of every type meets every fault.
func TestEveryFieldAsGqlgenHasIt(t *testing.T) {
	schema := newPair(&plantest.World{}).Planned.Schema()
	all := func(object string) string {
		var b strings.Builder
		for _, f := range schema.Types[object].Fields {
			b.WriteString(" " + object + "_" + f.Name + ":" + f.Name) // One name may not be of two types.
			if schema.Types[f.Type.Name()].IsCompositeType() {
				b.WriteString("{__typename}")
			}
		}
		return b.String()
	}
	query := "{alphas(count:4){...A} anys(count:4){...A ...B ...G} insets(count:4){" + all("Inset") + "}} fragment A on Alpha{" + all("Alpha") + "} fragment B on Beta{" + all("Beta") + "} fragment G on Gamma{" + all("Gamma") + "}"
	for seed := range uint64(100) {
		p := newPair(&plantest.World{Seed: seed, Faults: 20 * (1 + seed%20)})
		if err := p.Compare(t.Context(), differ.Operation{Text: query}); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if stats := p.Planned.Stats(); stats.Planned != 1 {
			t.Fatalf("%+v, want a plan", stats)
		}
	}
}

// Maps as models, of which some values are not of their types.
func TestMapsAsGqlgenHasThem(t *testing.T) {
	for seed := range uint64(40) {
		for _, query := range []string{"{ledgers{total title spot{x}} insets{title}}", "{ledgers{__typename}}"} {
			p := newPair(&plantest.World{Seed: seed, Faults: 300})
			if err := p.Compare(t.Context(), differ.Operation{Text: query}); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
	}
}

// One fragment spread in several places, each with conditions of its own, in one kept document: every outcome is as gqlgen has it.
func TestConditionsOfFragmentsThatMeet(t *testing.T) {
	const query = `query($a:Boolean!,$b:Boolean!,$c:Boolean=true,$d:Boolean!){
		alpha{...F @skip(if:$a) ...F @include(if:$b) ...on Node @include(if:$c){...G ...F @skip(if:$d) spot:peer @skip(if:true){id}}}
		node(seed:2) @skip(if:$d) @include(if:$a){...on Alpha{...F} ...N @include(if:$c)}
	}
	fragment F on Alpha{whole ...G @include(if:$d) child @skip(if:$b){id}}
	fragment G on Alpha{yes child{name @include(if:$a) ...N @skip(if:$c)}}
	fragment N on Node{label id @include(if:$b)}`
	p := newPair(&plantest.World{Seed: 7})
	p.Tested.SetQueryCache(lru.New[*ast.QueryDocument](10))
	for range 2 { // The second time from the cache.
		for outcome := range 16 {
			on := func(bit int) bool { return outcome>>bit&1 == 1 }
			variables := map[string]any{"a": on(0), "b": on(1), "c": on(2), "d": on(3)}
			if on(2) {
				delete(variables, "c") // Its default says the same.
			}
			if err := p.Compare(t.Context(), differ.Operation{Text: query, Variables: variables}); err != nil {
				t.Errorf("%v: %v", variables, err)
			}
		}
	}
	if stats := p.Planned.Stats(); stats.Planned != 32 || stats.Compiled != 16 {
		t.Errorf("%+v, want 32 plans, of which 16 were compiled", stats)
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
