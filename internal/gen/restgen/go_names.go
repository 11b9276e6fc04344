package restgen

import (
	"go/token"

	"github.com/vektah/gqlparser/v2/ast"
)

// checkNames finds names that are one in Go, though they are two in the schema or in the JSON, or none at all there.
func (p *Plan) checkNames() {
	types := map[string]string{} // what has a name in an API's package
	for _, name := range keys(p.objects) {
		p.goName(types, p.objects[name].api+"."+name, name, "type "+name, p.objects[name].def.Position)
	}
	for _, name := range keys(p.enums) {
		p.goName(types, p.enums[name].api+"."+name, name, "enum "+name, p.enums[name].def.Position)
	}
	for _, name := range keys(p.enums) {
		e := p.enums[name]
		for _, v := range e.def.EnumValues {
			p.goName(types, e.api+"."+e.constant(v.Name), e.constant(v.Name), name+"."+v.Name, v.Position)
		}
	}
	for _, name := range keys(p.objects) {
		o := p.objects[name]
		taken := map[string]string{}
		for _, n := range o.tree().children {
			p.checkNode(o, n, taken)
		}
		for _, key := range keys(o.members) {
			if m := o.members[key]; m.isMethod() {
				p.goName(taken, m.name, m.name, name+"'s "+key, o.place(m))
			}
		}
	}
}

// breakCircles makes pointers of objects that would hold themselves, which no Go type can, whatever a document requires.
func (p *Plan) breakCircles() {
	for _, name := range keys(p.objects) {
		for _, key := range keys(p.objects[name].members) {
			if m := p.objects[name].members[key]; m.isValueOf(p, name, map[string]bool{}) {
				m.optional = true
			}
		}
	}
}

// isValueOf tells a member whose memory holds an object of that type.
func (m *member) isValueOf(p *Plan, name string, seen map[string]bool) bool {
	of := p.objects[m.value.goType]
	if of == nil || m.isPointer() || m.value.nilable {
		return false
	}
	if m.value.goType == name {
		return true
	}
	if seen[m.value.goType] {
		return false
	}
	seen[m.value.goType] = true
	for _, inner := range of.members {
		if inner.isValueOf(p, name, seen) {
			return true
		}
	}
	return false
}

// checkNode looks at a struct's field, and those within it.
func (p *Plan) checkNode(o *goObject, n *node, taken map[string]string) {
	if n.member != nil && len(n.children) == 0 {
		p.goName(taken, n.member.fieldName(), n.member.fieldName(), o.def.Name+"'s "+n.name, o.place(n.member))
		return
	}
	p.goName(taken, nestedName(n.name), nestedName(n.name), o.def.Name+"'s "+n.name, o.def.Position)
	within := map[string]string{}
	for _, child := range n.children {
		p.checkNode(o, child, within)
	}
}

// goName notes who has a name in Go.
func (p *Plan) goName(taken map[string]string, key, name, whose string, pos *ast.Position) {
	if !token.IsIdentifier(name) || !token.IsExported(name) {
		p.faults.at(pos, "go-name", "%s would be %q in Go: want a name that begins with a capital letter", whose, name)
	}
	if other, is := taken[key]; is {
		p.faults.at(pos, "go-name", "%s would be %s in Go, as %s is: want another name for one of them", whose, name, other)
	}
	taken[key] = whose
}

// place is where a member is asked for.
func (o *goObject) place(m *member) *ast.Position {
	if m.field != nil {
		return m.field.Position
	}
	return o.def.Position
}
