package graph

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Limits bound what a document may ask; each is decided before anything runs. A zero is replaced by its default.
type Limits struct {
	// BodyBytes bounds the request body; default 256 KiB.
	BodyBytes int64
	// Tokens bounds the document as the parser reads it; default 5,000.
	Tokens int
	// Depth bounds the nesting of fields, fragments followed; default 15.
	Depth int
	// Aliases, RootFields and Directives bound their number; defaults 30, 20 and 50.
	Aliases, RootFields, Directives int
	// Fields bounds the number of fields once fragments are put in their places; default 2,000.
	Fields int
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		value *int
		is    int
	}{{&l.Tokens, 5000}, {&l.Depth, 15}, {&l.Aliases, 30}, {&l.RootFields, 20}, {&l.Directives, 50}, {&l.Fields, 2000}} {
		if *d.value == 0 {
			*d.value = d.is
		}
	}
	if l.BodyBytes == 0 {
		l.BodyBytes = 256 << 10
	}
	return l
}

// measure is what a selection amounts to once its fragments are in their places.
type measure struct {
	depth, fields, aliases, directives int
	deepest                            *ast.Position
}

// meter measures an operation; each fragment is measured once, so that a document that names fragments in fragments costs
// what it has in tokens and not what it would expand to. Cycles are the validator's to refuse, before this.
type meter struct {
	fragments map[string]measure
}

// most keeps sums of nested fragments from overflowing.
const most = 1 << 40

func (m *meter) selection(set ast.SelectionSet) measure {
	var sum measure
	for _, s := range set {
		var one measure
		switch s := s.(type) {
		case *ast.Field:
			one = m.selection(s.SelectionSet)
			one.depth++
			one.fields++
			one.directives += len(s.Directives)
			if s.Alias != s.Name {
				one.aliases++
			}
			if one.deepest == nil {
				one.deepest = s.Position
			}
		case *ast.InlineFragment:
			one = m.selection(s.SelectionSet)
			one.directives += len(s.Directives)
		case *ast.FragmentSpread:
			one = m.fragment(s.Definition)
			one.directives += len(s.Directives)
		}
		sum.fields = min(sum.fields+one.fields, most)
		sum.aliases = min(sum.aliases+one.aliases, most)
		sum.directives = min(sum.directives+one.directives, most)
		if one.depth > sum.depth {
			sum.depth, sum.deepest = one.depth, one.deepest
		}
	}
	return sum
}

func (m *meter) fragment(f *ast.FragmentDefinition) measure {
	if f == nil {
		return measure{}
	}
	if known, ok := m.fragments[f.Name]; ok {
		return known
	}
	sum := m.selection(f.SelectionSet)
	m.fragments[f.Name] = sum
	return sum
}

// check refuses an operation that asks for too much; nil if it does not.
func (l Limits) check(operation *ast.OperationDefinition) *gqlerror.Error {
	m := &meter{fragments: map[string]measure{}}
	sum := m.selection(operation.SelectionSet)
	sum.directives += len(operation.Directives)
	roots := m.roots(operation.SelectionSet)
	for _, bound := range []struct {
		name       string
		value, max int
		at         *ast.Position
	}{
		{"depth", sum.depth, l.Depth, sum.deepest},
		{"aliases", sum.aliases, l.Aliases, operation.Position},
		{"rootFields", roots, l.RootFields, operation.Position},
		{"directives", sum.directives, l.Directives, operation.Position},
		{"fields", sum.fields, l.Fields, operation.Position},
	} {
		if bound.value > bound.max {
			return tooComplex(bound.name, bound.value, bound.max, bound.at)
		}
	}
	return nil
}

// roots counts the fields of the operation itself, through fragments.
func (m *meter) roots(set ast.SelectionSet) int {
	n := 0
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			n++
		case *ast.InlineFragment:
			n += m.roots(s.SelectionSet)
		case *ast.FragmentSpread:
			if s.Definition != nil && n < most {
				n += m.roots(s.Definition.SelectionSet)
			}
		}
	}
	return min(n, most)
}

func tooComplex(name string, value, limit int, at *ast.Position) *gqlerror.Error {
	var locations []gqlerror.Location
	if at != nil {
		locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
	return &gqlerror.Error{
		Message:   fmt.Sprintf("The operation asks for too much: %s is %d, and at most %d are allowed.", name, value, limit),
		Locations: locations,
		Extensions: map[string]any{
			"code": codeTooComplex, "limit": map[string]any{"name": name, "value": value, "max": limit, "locations": locations},
		},
	}
}
