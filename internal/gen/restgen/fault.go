package restgen

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/internal/nearest"
)

// Fault is something in the schema that cannot be made into Go.
type Fault struct {
	File         string
	Line, Column int
	// Rule is the short name of what it breaks, as docs/rest-errors.md lists it.
	Rule    string
	Message string
}

// Error is one line: the place, the rule, what is wrong and what to do.
func (f *Fault) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s", f.File, f.Line, f.Column, f.Rule, f.Message)
}

// faults collects what is wrong, each fault once.
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

// err joins all faults, sorted by their places in the schema; nil if there is none.
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

// meant ends a sentence with the name that somebody may have meant, if one of those there are is near.
func meant(name string, there []string) string {
	best := nearest.To(name, there)
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
