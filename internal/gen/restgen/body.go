package restgen

import (
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// body gives the schema of an operation's request body. form tells that it is sent as a form, required that it must be sent, and ok
// whether there is one that can be made here.
func (o *operation) body() (schema any, form, required, ok bool) {
	m := o.doc.at(o.raw["requestBody"])
	required, _ = m["required"].(bool)
	if schema, ok = jsonContent(m["content"]); ok {
		return schema, false, required, true
	}
	if media, is := object(m["content"])["application/x-www-form-urlencoded"]; is {
		return object(media)["schema"], true, required, true
	}
	return nil, false, required, false
}

// bindBody checks a call's body: that the operation has every property, of that type, and that none that it requires is missing.
func (p *Plan) bindBody(c *call, used map[string]bool) {
	schema, form, _, ok := c.op.body()
	if len(c.sent.body) == 0 {
		if s := c.op.doc.sent(schema); ok && len(s.required) > 0 {
			p.faults.at(c.pos, "body-required", "%s: %s %s needs a body with %s: want body: \"{args.input}\"", c.name(), strings.ToUpper(c.op.method), c.op.path, strings.Join(keys(s.required), ", "))
		}
		return
	}
	if !ok {
		p.faults.at(c.at("body"), "body", "%s: %s %s takes no body, neither JSON nor a form", c.name(), strings.ToUpper(c.op.method), c.op.path)
		return
	}
	c.sent.form, c.sent.whole = form, map[*reference][]*bodyField{}
	s := c.op.doc.sent(schema)
	given, before := map[string]bool{}, len(p.faults.list)
	for i := range c.sent.body {
		v := &c.sent.body[i]
		if v.name == "" {
			p.bindWhole(c, s, v, given, used)
			continue
		}
		v.path = c.op.doc.pathOf(s, strings.Split(v.name, "."))
		found, parent, name := p.property(c, s, v.path, v.pos)
		if found == nil {
			continue
		}
		given[v.path[0]] = true
		if v.value.ref == nil {
			v.kind = p.bindConstant(c, v, found)
			continue
		}
		in := p.resolve(c, v.value.ref, v.pos, used)
		if in == nil {
			continue
		}
		if c.batch != nil && v == c.batch.body {
			p.bindKeys(c, v, found)
			continue
		}
		if in.typ == nil {
			p.faults.at(v.pos, "body-type", "%s: %s is not an argument: a body is made of arguments and constants", c.name(), v.value.ref)
			continue
		}
		if in.nullable && parent.required[name] {
			p.faults.at(v.pos, "body-null", "%s: %s may be null, but the body's %s is required", c.name(), v.value.ref, v.name)
		}
		p.bindInput(c, in.typ, found, place{v.pos, c.name() + ": " + v.value.ref.String(), "the body's " + v.name})
	}
	for _, name := range keys(s.required) {
		if !given[name] && len(p.faults.list) == before {
			p.faults.at(c.at("body"), "body-required", "%s: the body of %s %s needs %s", c.name(), strings.ToUpper(c.op.method), c.op.path, name)
		}
	}
}

// bindKeys checks that many keys can be a property of a body.
func (p *Plan) bindKeys(c *call, v *namedValue, s *shape) {
	s = s.only("array")
	items := c.op.doc.shape(s.items).only("string", "integer")
	if v.kind = items.kind; s.kind != "array" || v.kind != "string" && v.kind != "integer" || c.sent.form {
		p.faults.at(v.pos, "body-type", "%s: %s is many keys, but the body's %s is %s: want a list of strings or integers, in JSON", c.name(), v.value.ref, v.name, s)
	}
}

// bodyProperty is the schema of a property of a body; nil if there is none.
func (o *operation) bodyProperty(path []string) any {
	schema, _, _, _ := o.body()
	for _, name := range o.doc.pathOf(o.doc.shape(schema), path) {
		schema = o.doc.shape(schema).only("object").props[name]
	}
	return schema
}

// property finds a property of a body by its path.
func (p *Plan) property(c *call, s *shape, path []string, pos *ast.Position) (found, parent *shape, name string) {
	for i, name := range path {
		s = s.only("object")
		prop, ok := s.props[name]
		if !ok {
			p.faults.at(pos, "body-unknown", "%s: the body of %s %s has no %s%s", c.name(), strings.ToUpper(c.op.method), c.op.path, strings.Join(path[:i+1], "."), meantName(name, keys(s.props)))
			return nil, nil, ""
		}
		parent, s = s, c.op.doc.sent(prop)
	}
	return s, parent, path[len(path)-1]
}

// bindWhole checks all fields of an input object as the body.
func (p *Plan) bindWhole(c *call, s *shape, v *namedValue, given, used map[string]bool) {
	in := p.resolve(c, v.value.ref, v.pos, used)
	if in == nil {
		return
	}
	if in.typ == nil || in.typ.Elem != nil || p.schema.Types[in.typ.Name()].Kind != ast.InputObject {
		p.faults.at(v.pos, "body", "%s: %s is no input object: want NAME: %s", c.name(), v.value.ref, v.value.ref)
		return
	}
	for _, f := range p.schema.Types[in.typ.Name()].Fields {
		if c.usedElsewhere(v.value.ref, f.Name) {
			continue
		}
		path := p.jsonPath(c, s, f)
		found, parent, name := p.property(c, s, path, f.Position)
		if found == nil {
			continue
		}
		given[path[0]] = true
		if (in.nullable || !f.Type.NonNull) && parent.required[name] {
			p.faults.at(f.Position, "body-null", "%s.%s may be null, but the body's %s is required: want %s!", in.typ.Name(), f.Name, strings.Join(path, "."), f.Type)
		}
		p.bindInput(c, f.Type, found, place{f.Position, in.typ.Name() + "." + f.Name, "the body's " + strings.Join(path, ".")})
		c.sent.whole[v.value.ref] = append(c.sent.whole[v.value.ref], &bodyField{f, path})
	}
}

// jsonPath finds where in a body a field of an input object goes.
func (p *Plan) jsonPath(c *call, s *shape, f *ast.FieldDefinition) []string {
	p.paths[f] = []string{f.Name}
	if d := f.Directives.ForName("json"); d != nil {
		p.paths[f] = c.op.doc.pathOf(s, strings.Split(argument(d, "at"), "."))
	}
	return p.paths[f]
}

// bindConstant checks a constant, and gives the JSON type it is of.
func (p *Plan) bindConstant(c *call, v *namedValue, s *shape) string {
	text, ok := v.value.text, false
	switch s = s.only("string", "boolean", "integer", "number"); s.kind {
	case "string":
		ok = s.enum == nil
		for _, e := range s.enum {
			ok = ok || e == text
		}
	case "boolean":
		ok = text == "true" || text == "false"
	case "integer":
		_, err := strconv.ParseInt(text, 10, 64)
		ok = err == nil
	case "number":
		_, err := strconv.ParseFloat(text, 64)
		ok = err == nil
	}
	if !ok {
		p.faults.at(v.pos, "body-type", "%s: %q is no value of the body's %s, which is %s", c.name(), text, v.name, s)
	}
	return s.kind
}

// bindInput checks that a value of the schema can be what the API is sent.
func (p *Plan) bindInput(c *call, t *ast.Type, s *shape, at place) {
	if t.Elem != nil {
		if s = s.only("array"); s.kind != "array" {
			p.mismatch(at, t, s)
			return
		}
		p.bindInput(c, t.Elem, c.op.doc.sent(s.items), place{at.pos, at.schema, "an element of " + at.json})
		return
	}
	def := p.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.Enum:
		if s = s.only("string"); s.kind != "string" {
			p.mismatch(at, t, s)
			return
		}
		p.bindEnum(c.api, def, s, at, false)
	case ast.InputObject:
		if s = s.only("object"); s.kind != "object" {
			p.mismatch(at, t, s)
			return
		}
		p.bindInputObject(c, def, s)
	default:
		p.bindInputScalar(c, def, t, s, at)
	}
}

func (p *Plan) bindInputScalar(c *call, def *ast.Definition, t *ast.Type, s *shape, at place) {
	kinds := map[string][]string{
		"ID": {"string"}, "String": {"string"}, "URL": {"string"}, "Decimal": {"string"}, "DateTime": {"string"}, "Boolean": {"boolean"}, "Int": {"integer", "number"}, "Float": {"number"},
	}[def.Name]
	if c.sent.form { // Where everything is text.
		kinds = append(kinds, map[string][]string{"ID": {"integer"}, "Decimal": {"number", "integer"}}[def.Name]...)
	}
	if kinds == nil {
		p.bindScalar(def, t, s, at)
		return
	}
	s = s.only(kinds...)
	for _, kind := range kinds {
		if s.kind == kind || s.kind == "" && s.alternatives == nil {
			return
		}
	}
	p.mismatch(at, t, s)
}

// bindInputObject checks an input object within a body.
func (p *Plan) bindInputObject(c *call, def *ast.Definition, s *shape) {
	at := def.Name + " in " + c.name()
	if p.inputs[at] { // It may hold itself.
		return
	}
	p.inputs[at] = true
	given := map[string]bool{}
	for _, f := range def.Fields {
		path := p.jsonPath(c, s, f)
		found, parent, name := p.property(c, s, path, f.Position)
		if found == nil {
			continue
		}
		given[path[0]] = true
		if !f.Type.NonNull && parent.required[name] {
			p.faults.at(f.Position, "body-null", "%s.%s may be null, but the body's %s is required: want %s!", def.Name, f.Name, strings.Join(path, "."), f.Type)
		}
		p.bindInput(c, f.Type, found, place{f.Position, def.Name + "." + f.Name, "the body's " + strings.Join(path, ".")})
	}
	for _, name := range keys(s.required) {
		if !given[name] {
			p.faults.at(def.Position, "body-required", "%s: the body of %s %s needs %s in it", def.Name, strings.ToUpper(c.op.method), c.op.path, name)
		}
	}
}
