package restgen

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Fault is something in the schema that cannot be made into Go.
type Fault struct {
	File         string
	Line, Column int
	// Rule is its short name, as docs/rest-errors.md lists it.
	Rule    string
	Message string
}

// Error is one line: the place, the rule, what is wrong and what to do.
func (f *Fault) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s", f.File, f.Line, f.Column, f.Rule, f.Message)
}

// faults collects them, each once.
type faults struct {
	list []*Fault
	seen map[Fault]bool
}

func (f *faults) at(pos *ast.Position, rule, format string, args ...any) {
	fault := Fault{Rule: rule, Message: fmt.Sprintf(format, args...)}
	if pos != nil {
		fault.File, fault.Line, fault.Column = pos.Src.Name, pos.Line, pos.Column
	}
	if f.seen[fault] {
		return
	}
	if f.seen == nil {
		f.seen = map[Fault]bool{}
	}
	f.seen[fault] = true
	f.list = append(f.list, &fault)
}

// err joins all, in the schema's order.
func (f *faults) err() error {
	slices.SortStableFunc(f.list, func(a, b *Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(f.list))
	for i, fault := range f.list {
		errs[i] = fault
	}
	return errors.Join(errs...)
}

// meant is what somebody may have meant by a name: the nearest of those there are, as an end of a sentence. One in which more than a
// third differs is another word.
func meant(name string, there []string) string {
	best, least := "", len(name)/3+2
	for _, candidate := range there {
		if d := distance(name, candidate); candidate != name && d < least {
			best, least = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
