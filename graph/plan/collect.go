package plan

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// collector merges the fields that a selection set asks of one object type (CollectFields of the specification, and its
// merging of the selection sets of fields in one place). Unlike gqlgen's it also merges fields of the same name that are asked for
// through two interfaces of the type.
type collector struct {
	doc       *ast.QueryDocument
	variables map[string]any
	// satisfies has the type conditions of fragments that hold: the type's own name and its abstract types.
	satisfies map[string]bool
	visited   map[string]bool
	fields    []graphql.CollectedField
}

func (c *collector) collect(set ast.SelectionSet) {
	for _, selected := range set {
		switch s := selected.(type) {
		case *ast.Field:
			if c.included(s.Directives) {
				c.add(s)
			}
		case *ast.InlineFragment:
			if c.included(s.Directives) && (s.TypeCondition == "" || c.satisfies[s.TypeCondition]) {
				c.collect(s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if c.visited[s.Name] || !c.included(s.Directives) {
				continue
			}
			c.visited[s.Name] = true
			if f := c.doc.Fragments.ForName(s.Name); c.satisfies[f.TypeCondition] {
				c.collect(f.SelectionSet)
			}
		}
	}
}

func (c *collector) add(f *ast.Field) {
	for i := range c.fields {
		if c.fields[i].Alias == f.Alias {
			c.fields[i].Selections = append(c.fields[i].Selections, f.SelectionSet...)
			return
		}
	}
	c.fields = append(c.fields, graphql.CollectedField{Field: f, Selections: append(ast.SelectionSet(nil), f.SelectionSet...), IsNonDeferrable: true})
}

// included applies @skip and @include. Their variables are booleans here: operation.bits has made sure.
func (c *collector) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		if arg := d.Arguments.ForName("if"); arg != nil {
			value, _ := arg.Value.Value(c.variables)
			if on, _ := value.(bool); on != (d.Name == "include") {
				return false
			}
		}
	}
	return true
}

// survey finds what decides how an operation runs, before any plan is compiled.
type survey struct {
	doc     *ast.QueryDocument
	visited map[string]bool
	reason  Reason
	// conditions are the variables of @skip and @include, each once.
	conditions []*ast.Value
}

func (s *survey) look(set ast.SelectionSet) {
	for _, selected := range set {
		switch selected := selected.(type) {
		case *ast.Field:
			if len(selected.Name) > 2 && selected.Name[:2] == "__" && selected.Name != typename {
				s.reason = ReasonIntrospection
			}
			s.directives(selected.Directives)
			s.look(selected.SelectionSet)
		case *ast.InlineFragment:
			s.directives(selected.Directives)
			s.look(selected.SelectionSet)
		case *ast.FragmentSpread:
			s.directives(selected.Directives)
			if f := s.doc.Fragments.ForName(selected.Name); !s.visited[selected.Name] {
				s.visited[selected.Name] = true
				s.directives(f.Directives)
				s.look(f.SelectionSet)
			}
		}
	}
}

func (s *survey) directives(list ast.DirectiveList) {
	for _, d := range list {
		switch d.Name {
		case "skip", "include":
			if arg := d.Arguments.ForName("if"); arg != nil && arg.Value.Kind == ast.Variable {
				s.condition(arg.Value)
			}
		case "defer":
			s.reason = ReasonDefer
		default:
			s.reason = ReasonDirective
		}
	}
}

func (s *survey) condition(v *ast.Value) {
	for _, known := range s.conditions {
		if known.Raw == v.Raw {
			return
		}
	}
	s.conditions = append(s.conditions, v)
}
