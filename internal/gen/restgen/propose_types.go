package restgen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// typeName gives a type a name that no other has.
func (p *proposal) typeName(wanted string) string {
	free := func(name string) bool {
		switch name {
		case "", "Query", "Mutation", "Subscription": // These would be the schema's roots.
			return false
		}
		return p.schema.Types[name] == nil && !p.taken[name]
	}
	name := wanted
	if !free(name) {
		name = pascal(p.wish.API) + wanted
	}
	for i := 2; !free(name); i++ {
		name = fmt.Sprintf("%s%s%d", pascal(p.wish.API), wanted, i)
	}
	p.taken[name] = true
	return name
}

// component is the name that a document gives to a schema; empty if it has none.
func (d *document) component(schema any) string {
	m := object(schema)
	if ref := text1(m["$ref"]); ref != "" {
		return ref[strings.LastIndexByte(ref, '/')+1:]
	}
	for _, word := range []string{"allOf", "oneOf", "anyOf"} { // One, perhaps beside null.
		var name string
		some := 0
		for _, part := range list(m[word]) {
			if d.shape(part).isNull() {
				continue
			}
			some++
			name = d.component(part)
		}
		if some == 1 && name != "" {
			return name
		}
	}
	return ""
}

// objectType proposes an object type; empty if it lies too deep.
func (p *proposal) objectType(schema any, s *shape, place string, depth int) string {
	component := p.doc.component(schema)
	key := cmp.Or(component, place)
	if known := p.types[key]; known != nil {
		return known.name
	}
	if depth > p.wish.Depth {
		return ""
	}
	description := cmp.Or(sentence(text1(p.doc.at(schema)["description"])), sentence(text1(object(schema)["description"])))
	t := &sketch{keyword: "type", name: p.typeName(pascal(key)), description: cmp.Or(description, "As "+p.wish.API+" gives it.")}
	p.types[key] = t
	p.sketches = append(p.sketches, t)
	p.queue = append(p.queue, func() {
		seen := map[string]bool{}
		for _, name := range keys(s.props) {
			if p.doc.says(s.props[name], "writeOnly") {
				continue
			}
			t.drafts = append(t.drafts, p.property(t, s, name, seen, depth))
		}
	})
	return t.name
}

// property proposes a field for a property.
func (p *proposal) property(t *sketch, s *shape, name string, seen map[string]bool, depth int) *draft {
	field := camel(name)
	d := &draft{what: name, description: sentence(text1(p.doc.at(s.props[name])["description"]))}
	key := strings.ToLower(goName(field))
	if field == "" || seen[key] {
		d.why = "no name for it in a schema"
		return d
	}
	seen[key] = true
	found := p.doc.given(s.props[name])
	typ, needs, why := p.outputType(s.props[name], found, t.name+pascal(name), name, depth)
	if why != "" {
		d.why = why
		return d
	}
	d.needs = needs
	if s.required[name] && !found.nullable {
		typ += "!"
	}
	d.text = field + ": " + typ
	if field != name {
		d.text += fmt.Sprintf(" @json(at: %q)", name)
	}
	d.text += p.listSize(typ)
	return d
}

// listSize is the directive of a list that nobody knows the length of, if the schema has it.
func (p *proposal) listSize(typ string) string {
	if !strings.HasPrefix(typ, "[") || p.schema.Directives["listSize"] == nil {
		return ""
	}
	return " @listSize(assumedSize: 20)"
}

// outputType is the type of a value that the API gives, without what makes it non-null; why tells what it has none for.
func (p *proposal) outputType(schema any, s *shape, place, name string, depth int) (typ, needs, why string) {
	switch {
	case s.alternatives != nil:
		return "", "", "one of several types, which is for code: @keep"
	case s.kind == "array":
		items := p.doc.given(s.items)
		if items.kind == "integer" && items.format == "int64" && isKey(singular(name)) {
			return "", "", "keys of 64 bits, of which Float loses digits: @load, or @keep for code"
		}
		element, needs, why := p.outputType(s.items, items, singular(place), "", depth)
		if why != "" {
			return "", "", why
		}
		if !items.nullable {
			element += "!"
		}
		return "[" + element + "]", needs, ""
	case s.kind == "object" && len(s.props) == 0:
		return "", "", "a map, which is for code: @keep"
	case s.kind == "object":
		name := p.objectType(schema, s, place, depth+1)
		if name == "" {
			return "", "", "objects further within: -depth"
		}
		return name, name, ""
	case s.enum != nil:
		if name := p.enumType(schema, s, place); name != "" {
			return name, name, ""
		}
		return "String", "", ""
	}
	if typ := p.scalarType(s, name); typ != "" {
		return typ, "", ""
	}
	return "", "", "of any type, which is for code: @keep"
}

// isKey tells whether a property's name is that of a key.
func isKey(name string) bool {
	return strings.EqualFold(name, "id") || strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "Id") || strings.HasSuffix(name, "ID") || strings.HasSuffix(name, "-id")
}

// scalarType is the scalar of a value; empty if there is none.
func (p *proposal) scalarType(s *shape, name string) string {
	isID := isKey(name)
	has := func(scalar string) bool { return p.schema.Types[scalar] != nil }
	switch {
	case s.kind == "string" && s.format == "date-time" && has("DateTime"), s.format == "unix-time" && has("DateTime") && name != "":
		return "DateTime"
	case s.kind == "string" && isID, s.kind == "integer" && isID:
		return "ID"
	case s.kind == "string":
		return "String"
	case s.kind == "integer" && s.format != "int64":
		return "Int"
	case s.kind == "integer", s.kind == "number":
		return "Float"
	case s.kind == "boolean":
		return "Boolean"
	}
	return ""
}

// enumType proposes an enum; empty if one of its values has no name in a schema.
func (p *proposal) enumType(schema any, s *shape, place string) string {
	key := strings.Join(slices.Sorted(slices.Values(s.enum)), "\n")
	if known := p.enums[key]; known != "" {
		return known
	}
	seen := map[string]bool{}
	var values []*draft
	for _, value := range s.enum {
		name := capitals(value)
		id := strings.ToLower(goName(name))
		if name == "" || seen[name] || seen[id] {
			return ""
		}
		seen[name], seen[id] = true, true
		d := &draft{text: name, what: value}
		if matching(&ast.EnumValueDefinition{Name: name}, s.enum) != value {
			d.text += fmt.Sprintf(" @json(at: %q)", value)
		}
		values = append(values, d)
	}
	if len(values) == 0 {
		return ""
	}
	wanted := cmp.Or(pascal(p.doc.component(schema)), place)
	e := &sketch{keyword: "enum", name: p.typeName(wanted), description: cmp.Or(sentence(text1(p.doc.at(schema)["description"])), "As "+p.wish.API+" has it."), drafts: values}
	p.enums[key] = e.name
	p.sketches = append(p.sketches, e)
	return e.name
}
