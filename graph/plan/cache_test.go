package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph/plan"
)

// What is kept is bounded by its memory, not by its number alone: that of the documents, which live as long as something is known of them,
// and that of the plans. Here each takes 2 MiB, or nothing to speak of.
func TestWhatIsKeptIsBounded(t *testing.T) {
	for _, c := range []struct {
		name         string
		text, grown  int
		fewest, most int
	}{
		{"long documents", 52_429, 0, 1, 32},
		{"large plans", 0, 2 << 20, 1, 32},
		{"small ones", 50, 500, 200, 200},
	} {
		kept := plan.NewCache[bool](1000)
		operations := make([]*ast.OperationDefinition, 200)
		for i := range operations {
			operations[i] = &ast.OperationDefinition{Position: &ast.Position{Src: &ast.Source{Input: strings.Repeat(" ", c.text)}}}
			kept.Get(operations[i], func() bool { return true })
			kept.Grow(c.grown)
		}
		known := 0
		for _, o := range slices.Backward(operations) {
			if kept.Get(o, func() bool { return false }) {
				known++
				continue
			}
			break // What is not known takes its place among what is.
		}
		if known < c.fewest || known > c.most {
			t.Errorf("%s: %d of %d are known still, want %d to %d", c.name, known, len(operations), c.fewest, c.most)
		}
	}
}
