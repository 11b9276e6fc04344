package restgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen/templates"
)

// needed is an object type in the table of needs, as the template sees it.
type needed struct {
	*goObject
	*emitter
}

// Needs are the objects that APIs give, in the order of their names.
func (e *emitter) Needs() []*needed {
	var all []*needed
	for _, name := range keys(e.plan.objects) {
		all = append(all, &needed{e.plan.objects[name], e})
	}
	return all
}

// Name is the schema's.
func (n *needed) Name() string { return n.def.Name }

// Entry is the object's entry in the table.
func (n *needed) Entry() string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\nType: reflect.TypeFor[%s.%s](),\n", templates.CurrentImports.Lookup(n.plan.packagePath(n.api)), n.def.Name)
	if always := n.always(); len(always) > 0 {
		fmt.Fprintf(&b, "Always: %#v,\n", always)
	}
	b.WriteString("Fields: map[string][]string{\n")
	for _, f := range n.def.Fields {
		if members, known := n.fieldNeeds(f.Name); known {
			fmt.Fprintf(&b, "%q: {", f.Name)
			for _, member := range members {
				fmt.Fprintf(&b, "%q, ", member)
			}
			b.WriteString("},\n")
		}
	}
	b.WriteString("},\n}")
	return b.String()
}

// always are the members that tell objects apart: by them they find who asked, or a page goes on.
func (n *needed) always() []string {
	names := map[string]bool{}
	for _, c := range n.plan.calls {
		if c.batch != nil && c.batch.member != nil && c.typ().Name() == n.def.Name {
			names[c.batch.member.path[0]] = true
		}
		if c.page != nil && c.page.member != nil && c.page.node == n.def.Name {
			names[c.page.member.path[0]] = true
		}
	}
	return keys(names)
}

// fieldNeeds are the members that a field needs, unless it is written by hand.
func (n *needed) fieldNeeds(field string) (members []string, known bool) {
	name := n.def.Name + "." + field
	if c := n.plan.calls[name]; c != nil {
		names := map[string]bool{}
		for _, in := range c.values {
			if in != nil && in.member != nil {
				names[in.member.path[0]] = true
			}
		}
		return keys(names), true
	}
	if l := n.plan.loads[name]; l != nil {
		if l.key.member == nil {
			return nil, true
		}
		return []string{l.key.member.path[0]}, true
	}
	if n.plan.byHand(n.def.Name, field) {
		return nil, false
	}
	for _, m := range n.members {
		if m.field != nil && m.field.Name == field && !slices.Contains(members, m.path[0]) {
			members = append(members, m.path[0])
		}
	}
	slices.Sort(members)
	return members, members != nil
}
