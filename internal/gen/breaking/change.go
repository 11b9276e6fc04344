package breaking

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Change is something that clients can notice.
type Change struct {
	// At is the coordinate: "Type", "Type.field", "Type.field(argument:)" or "@directive".
	At string
	// What says in words what became of it.
	What string
	// mandatory tells that what could be left out must now be given.
	mandatory bool
}

func (c Change) String() string { return c.At + " " + c.What }

// Changes lists the breaking changes from one schema to another, in the order of the types' names.
func Changes(from, to *ast.Schema) []Change {
	c := &comparison{}
	c.roots(from, to)
	for _, name := range slices.Sorted(maps.Keys(from.Types)) {
		before, after := from.Types[name], to.Types[name]
		switch {
		case before.BuiltIn || strings.HasPrefix(name, "__"):
		case after == nil:
			c.add(name, "is removed")
		case before.Kind != after.Kind:
			c.add(name, "is now "+kind(after.Kind)+", and was "+kind(before.Kind))
		default:
			c.definition(before, after)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(from.Directives)) {
		c.directive(from.Directives[name], to.Directives[name])
	}
	return c.found
}

func kind(k ast.DefinitionKind) string {
	return strings.ToLower(strings.ReplaceAll(string(k), "_", " "))
}

type comparison struct{ found []Change }

func (c *comparison) add(at, what string) { c.found = append(c.found, Change{At: at, What: what}) }

func (c *comparison) demand(at, what string) {
	c.found = append(c.found, Change{At: at, What: what + ", and has to be given", mandatory: true})
}

func (c *comparison) roots(from, to *ast.Schema) {
	for _, r := range []struct {
		name          string
		before, after *ast.Definition
	}{{"query", from.Query, to.Query}, {"mutation", from.Mutation, to.Mutation}, {"subscription", from.Subscription, to.Subscription}} {
		if r.before != nil && (r.after == nil || r.after.Name != r.before.Name) {
			c.add(r.before.Name, "is not the root of "+r.name+" any more")
		}
	}
}

func (c *comparison) definition(before, after *ast.Definition) {
	input := before.Kind == ast.InputObject
	for _, f := range before.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		at := before.Name + "." + f.Name
		now := after.Fields.ForName(f.Name)
		switch {
		case now == nil:
			c.add(at, "is removed")
		case input && !accepts(now.Type, f.Type), !input && !accepts(f.Type, now.Type):
			c.add(at, "is now "+now.Type.String()+", and was "+f.Type.String())
		default:
			c.arguments(at, f.Arguments, now.Arguments)
		}
	}
	for _, f := range after.Fields {
		if input && before.Fields.ForName(f.Name) == nil && f.Type.NonNull && f.DefaultValue == nil {
			c.demand(before.Name+"."+f.Name, "is new")
		}
	}
	for _, v := range before.EnumValues {
		if after.EnumValues.ForName(v.Name) == nil {
			c.add(before.Name+"."+v.Name, "is removed")
		}
	}
	for _, member := range before.Types {
		if !slices.Contains(after.Types, member) {
			c.add(before.Name, "does not have "+member+" any more")
		}
	}
	for _, name := range before.Interfaces {
		if !slices.Contains(after.Interfaces, name) {
			c.add(before.Name, "does not implement "+name+" any more")
		}
	}
}

func (c *comparison) arguments(at string, before, after ast.ArgumentDefinitionList) {
	for _, a := range before {
		where := at + "(" + a.Name + ":)"
		now := after.ForName(a.Name)
		switch {
		case now == nil:
			c.add(where, "is removed")
		case !accepts(now.Type, a.Type):
			c.add(where, "is now "+now.Type.String()+", and was "+a.Type.String())
		case now.Type.NonNull && a.DefaultValue != nil && now.DefaultValue == nil:
			c.demand(where, "has lost its default")
		}
	}
	for _, a := range after {
		if before.ForName(a.Name) == nil && a.Type.NonNull && a.DefaultValue == nil {
			c.demand(at+"("+a.Name+":)", "is new")
		}
	}
}

func (c *comparison) directive(before, after *ast.DirectiveDefinition) {
	at := "@" + before.Name
	if !executable(before) {
		return // Clients cannot write it.
	}
	if after == nil {
		c.add(at, "is removed")
		return
	}
	c.arguments(at, before.Arguments, after.Arguments)
	for _, l := range before.Locations {
		if inDocuments(l) && !slices.Contains(after.Locations, l) {
			c.add(at, "cannot stand on "+strings.ToLower(string(l))+" any more")
		}
	}
}

func executable(d *ast.DirectiveDefinition) bool {
	return slices.ContainsFunc(d.Locations, inDocuments)
}

func inDocuments(l ast.DirectiveLocation) bool {
	switch l {
	case ast.LocationQuery, ast.LocationMutation, ast.LocationSubscription, ast.LocationField, ast.LocationFragmentDefinition,
		ast.LocationFragmentSpread, ast.LocationInlineFragment, ast.LocationVariableDefinition:
		return true
	}
	return false
}

// accepts tells whether values of the type given can stand where the type takes is expected: where it is the same type, or one that
// is null less often.
func accepts(takes, given *ast.Type) bool {
	if takes.NonNull && !given.NonNull {
		return false
	}
	if takes.Elem != nil || given.Elem != nil {
		return takes.Elem != nil && given.Elem != nil && accepts(takes.Elem, given.Elem)
	}
	return takes.NamedType == given.NamedType
}
