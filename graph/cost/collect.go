package cost

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// asked is one response field of one object type, with all selections that are asked of it.
type asked struct {
	*ast.Field
	sets []ast.SelectionSet
}

// collector merges the fields that selections ask of an object type (CollectFields of the specification).
type collector struct {
	doc       *ast.QueryDocument
	schema    *ast.Schema
	variables map[string]any
	object    *ast.Definition
	visited   map[string]bool
	places    map[string]int
	fields    []asked
}

func (c *collector) collect(set ast.SelectionSet) {
	for _, selected := range set {
		switch s := selected.(type) {
		case *ast.Field:
			if !c.included(s.Directives) {
				continue
			}
			place, there := c.places[s.Alias]
			if !there {
				place = len(c.fields)
				c.places[s.Alias] = place
				c.fields = append(c.fields, asked{Field: s})
			}
			c.fields[place].sets = append(c.fields[place].sets, s.SelectionSet)
		case *ast.InlineFragment:
			if c.included(s.Directives) && (s.TypeCondition == "" || c.satisfies(s.TypeCondition)) {
				c.collect(s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if c.visited[s.Name] || !c.included(s.Directives) {
				continue
			}
			c.visited[s.Name] = true
			if f := c.doc.Fragments.ForName(s.Name); c.satisfies(f.TypeCondition) {
				c.collect(f.SelectionSet)
			}
		}
	}
}

// satisfies tells whether the object type is the one that a fragment is on, or one of those.
func (c *collector) satisfies(condition string) bool {
	return slices.ContainsFunc(c.schema.PossibleTypes[condition], func(t *ast.Definition) bool { return t.Name == c.object.Name })
}

// included applies @skip and @include.
func (c *collector) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		value, _ := d.Arguments.ForName("if").Value.Value(c.variables)
		if on, ok := value.(bool); ok && on != (d.Name == "include") {
			return false
		}
	}
	return true
}
