package breaking

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// used collects the coordinates that a document uses: what it names, and all that its variables may hold.
type used struct {
	schema *ast.Schema
	at     map[string]bool
}

// uses collects what a document that is valid in the schema uses.
func uses(schema *ast.Schema, doc *ast.QueryDocument) map[string]bool {
	u := &used{schema, map[string]bool{}}
	for _, o := range doc.Operations {
		for _, v := range o.VariableDefinitions {
			u.input(v.Type.Name())
			u.directives(v.Directives)
		}
		root := map[ast.Operation]*ast.Definition{ast.Query: schema.Query, ast.Mutation: schema.Mutation, ast.Subscription: schema.Subscription}[o.Operation]
		u.at[root.Name] = true
		u.directives(o.Directives)
		u.selection(o.SelectionSet)
	}
	for _, f := range doc.Fragments {
		u.at[f.TypeCondition] = true
		u.directives(f.Directives)
		u.selection(f.SelectionSet)
	}
	return u.at
}

func (u *used) selection(set ast.SelectionSet) {
	for _, selected := range set {
		switch s := selected.(type) {
		case *ast.Field:
			u.directives(s.Directives)
			u.field(s)
			u.selection(s.SelectionSet)
		case *ast.InlineFragment:
			u.directives(s.Directives)
			u.at[s.TypeCondition] = true
			u.selection(s.SelectionSet)
		case *ast.FragmentSpread:
			u.directives(s.Directives)
		}
	}
}

// field notes the field itself, of its own type and, where that is an interface, of all types that implement it; its result, with the
// values of an enum; and the arguments that are given, with all that their types may hold.
func (u *used) field(f *ast.Field) {
	if strings.HasPrefix(f.Name, "__") {
		return
	}
	for _, owner := range append([]*ast.Definition{f.ObjectDefinition}, u.schema.GetPossibleTypes(f.ObjectDefinition)...) {
		at := owner.Name + "." + f.Name
		u.at[owner.Name], u.at[at] = true, true
		for _, a := range f.Arguments {
			u.at[at+"("+a.Name+":)"] = true
		}
	}
	result := u.schema.Types[f.Definition.Type.Name()]
	u.at[result.Name] = true
	for _, v := range result.EnumValues {
		u.at[result.Name+"."+v.Name] = true
	}
	for _, a := range f.Arguments {
		u.input(f.Definition.Arguments.ForName(a.Name).Type.Name())
	}
}

// input notes an input type and all that it may hold.
func (u *used) input(name string) {
	def := u.schema.Types[name]
	if u.at[name] && def.Kind != ast.Enum {
		return
	}
	u.at[name] = true
	for _, v := range def.EnumValues {
		u.at[name+"."+v.Name] = true
	}
	if def.Kind == ast.InputObject {
		for _, f := range def.Fields {
			u.at[name+"."+f.Name] = true
			u.input(f.Type.Name())
		}
	}
}

func (u *used) directives(list ast.DirectiveList) {
	for _, d := range list {
		u.at["@"+d.Name] = true
		for _, a := range d.Arguments {
			u.at["@"+d.Name+"("+a.Name+":)"] = true
		}
	}
}
