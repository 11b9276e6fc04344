package cost

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Variables are those variables of an operation on which its estimate depends.
type Variables struct {
	// values count by their value, and given by whether they have one.
	values, given []string
	// any tells that so much may matter of one of them, such as an input object, that no key can stand for it.
	any bool
}

// Variables finds the variables on which an operation's estimate depends. doc must be valid.
func (m *Model) Variables(doc *ast.QueryDocument, operation *ast.OperationDefinition) Variables {
	u := &uses{Model: m, doc: doc, visited: map[string]bool{}}
	u.look(operation.SelectionSet)
	return u.found
}

// Key is a text that is the same only for variables with the same estimate; ok is false if too much depends on them to make one. Null
// differs from a variable that is not given, which may have a default.
func (v Variables) Key(variables map[string]any) (key string, ok bool) {
	if v.any {
		return "", false
	}
	var b strings.Builder
	for _, name := range v.values {
		value, given := variables[name]
		n, isNumber := number(value)
		on, isCondition := value.(bool)
		switch {
		case isNumber:
			b.WriteString(strconv.FormatFloat(n, 'g', -1, 64))
		case isCondition:
			b.WriteString(strconv.FormatBool(on))
		case value != nil:
			return "", false
		case given:
			b.WriteString("null")
		}
		b.WriteByte(' ')
	}
	for _, name := range v.given {
		value, given := variables[name]
		b.WriteString(strconv.FormatBool(value != nil))
		if given && value == nil {
			b.WriteString("null")
		}
		b.WriteByte(' ')
	}
	return b.String(), true
}

// uses looks through an operation for the variables that its estimate depends on.
type uses struct {
	*Model
	doc     *ast.QueryDocument
	visited map[string]bool
	found   Variables
}

func (u *uses) look(set ast.SelectionSet) {
	for _, selected := range set {
		switch s := selected.(type) {
		case *ast.Field:
			u.directives(s.Directives)
			u.arguments(s)
			u.look(s.SelectionSet)
		case *ast.InlineFragment:
			u.directives(s.Directives)
			u.look(s.SelectionSet)
		case *ast.FragmentSpread:
			u.directives(s.Directives)
			if !u.visited[s.Name] {
				u.visited[s.Name] = true
				u.look(u.doc.Fragments.ForName(s.Name).SelectionSet)
			}
		}
	}
}

func (u *uses) directives(list ast.DirectiveList) {
	for _, d := range list {
		for _, a := range d.Arguments {
			if a.Value.Kind == ast.Variable {
				note(&u.found.values, a.Value.Raw)
			}
		}
	}
}

func (u *uses) arguments(f *ast.Field) {
	if f.ObjectDefinition == nil || len(f.Arguments) == 0 {
		return
	}
	for _, a := range f.Arguments {
		if a.Value.Kind != ast.Variable {
			u.found.any = u.found.any || holdsVariable(a.Value)
			continue
		}
		def := f.Definition.Arguments.ForName(a.Name)
		switch {
		case u.schema.Types[def.Type.Name()].Kind == ast.InputObject:
			u.found.any = true
		case def.Type.Elem != nil && def.Directives.ForName("cost") != nil:
			u.found.any = true
		case u.slices(f, a.Name):
			note(&u.found.values, a.Value.Raw)
		default:
			note(&u.found.given, a.Value.Raw)
		}
	}
}

// slices tells whether an argument says how long the field's list is, for any type that the field can be of.
func (u *uses) slices(f *ast.Field, argument string) bool {
	types := append([]*ast.Definition{f.ObjectDefinition}, u.schema.PossibleTypes[f.ObjectDefinition.Name]...)
	return slices.ContainsFunc(types, func(t *ast.Definition) bool {
		known := u.fields[t.Name+"."+f.Name]
		return known != nil && known.list != nil && slices.ContainsFunc(known.list.slicing, func(path []string) bool { return path[0] == argument })
	})
}

// holdsVariable tells whether a variable stands within a list or an input object.
func holdsVariable(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		return true
	}
	return slices.ContainsFunc(v.Children, func(c *ast.ChildValue) bool { return holdsVariable(c.Value) })
}

func note(names *[]string, name string) {
	if !slices.Contains(*names, name) {
		*names = append(*names, name)
	}
}
