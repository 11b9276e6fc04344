package restgen

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// input is what a reference stands for.
type input struct {
	typ *ast.Type // an argument's; nil for a value of the parent
	arg *ast.ArgumentDefinition
	// path are the fields within an argument.
	path     []*ast.FieldDefinition
	member   *member
	nullable bool
}

// bindRequest finds what a call's references are, and checks them against the operation's parameters.
func (p *Plan) bindRequest(c *call) {
	used := map[string]bool{}
	p.bindPath(c, c.at(c.op.method), used)
	p.bindQuery(c, c.at(c.op.method), used)
	p.bindSent(c, used)
	for _, a := range c.arguments() {
		if c.batch != nil {
			p.faults.at(a.Position, "batch-argument", "%s has an argument, and its call is for many objects at once: such a field is hand-written", c.name())
			continue
		}
		p.mustUse(c, a, used)
	}
}

// mustUse reports an argument that the call does not use.
func (p *Plan) mustUse(c *call, a *ast.ArgumentDefinition, used map[string]bool) {
	if !used[a.Name] {
		p.faults.at(a.Position, "argument-unused", "%s has an argument %s of which the call makes no use: want {args.%s} in it", c.name(), a.Name, a.Name)
	}
}

func (c *call) arguments() ast.ArgumentDefinitionList {
	if c.field == nil {
		return nil
	}
	return c.field.Arguments
}

// resolve finds what a reference stands for. It returns nil, and reports the fault, if there is no such thing.
func (p *Plan) resolve(c *call, ref *reference, pos *ast.Position, used map[string]bool) *input {
	switch {
	case ref.root == "key" || ref.root == "keys":
		if c.field == nil {
			return &input{}
		}
		p.faults.at(pos, "key", "%s: %s is for the @rest of an object type: want {parents.NAME}, {parent.NAME} or {args.NAME}", c.name(), ref)
		return nil
	case c.field == nil:
		p.faults.at(pos, "key", "%s: there is no %s where an object is asked for by its key: want {keys} or {key}", c.name(), ref)
		return nil
	case ref.root != "args":
		return p.resolveParent(c, ref, pos)
	}
	a := c.field.Arguments.ForName(ref.path[0])
	if a == nil {
		var names []string
		for _, other := range c.arguments() {
			names = append(names, other.Name)
		}
		p.faults.at(pos, "argument", "%s has no argument %s%s", c.name(), ref.path[0], meant(ref.path[0], names))
		return nil
	}
	used[a.Name] = true
	in := &input{typ: a.Type, arg: a, nullable: !a.Type.NonNull}
	for _, name := range ref.path[1:] {
		def := p.schema.Types[in.typ.Name()]
		if in.typ.Elem != nil || def.Kind != ast.InputObject {
			p.faults.at(pos, "argument", "%s: %s is %s and has no %s", c.name(), ref, in.typ, name)
			return nil
		}
		f := def.Fields.ForName(name)
		if f == nil {
			p.faults.at(pos, "argument", "%s: %s has no field %s%s", c.name(), def.Name, name, meant(name, fieldNames(def)))
			return nil
		}
		in.typ, in.path, in.nullable = f.Type, append(in.path, f), in.nullable || !f.Type.NonNull
	}
	c.values[ref] = in
	return in
}

func fieldNames(def *ast.Definition) []string {
	var names []string
	for _, f := range def.Fields {
		names = append(names, f.Name)
	}
	return names
}

func (p *Plan) resolveParent(c *call, ref *reference, pos *ast.Position) *input {
	if p.isRoot(c.owner) {
		p.faults.at(pos, "parent", "%s is a root field and has no parent: want {args.NAME}", c.name())
		return nil
	}
	o := p.objects[c.owner.Name]
	if o == nil {
		p.faults.at(pos, "parent", "%s is read from no API, so that nothing is known of {parent}: such a field is hand-written", c.owner.Name)
		return nil
	}
	c.usesOwner = true
	m := o.members[strings.Join(ref.path, ".")]
	if m == nil {
		if m = p.keep(o, ref.path, pos, "parent"); m == nil {
			return nil
		}
	}
	in := &input{member: m, nullable: m.optional || m.field != nil && m.nullable}
	c.values[ref] = in
	return in
}

// bindPath checks the references of the path.
func (p *Plan) bindPath(c *call, pos *ast.Position, used map[string]bool) {
	names := pathParameters(c.op.path)
	for _, piece := range c.path {
		if piece.ref == nil {
			continue
		}
		name := names[0]
		names = names[1:]
		in := p.resolve(c, piece.ref, pos, used)
		if in == nil {
			continue
		}
		if in.nullable && in.member == nil {
			p.faults.at(pos, "path-null", "%s: %s may be null and a path cannot leave it out: want %s!", c.name(), piece.ref, in.typ)
		}
		if piece.ref.root == "key" {
			continue
		}
		if piece.ref.many() {
			p.faults.at(pos, "key", "%s: %s is many values and stands in a path: want it in the query", c.name(), piece.ref)
			continue
		}
		if in.nullable && in.member != nil && c.field.Type.NonNull {
			p.faults.at(pos, "path-null", "%s: %s may be null, and the field is then too: want %s", c.name(), piece.ref, strings.TrimSuffix(c.field.Type.String(), "!"))
		}
		if parameter := c.op.parameter("path", name); parameter != nil {
			if parameter.style != "" && parameter.style != "simple" {
				p.faults.at(pos, "path-style", "%s: the path parameter %s is of the style %s: such a field is hand-written", c.name(), name, parameter.style)
				continue
			}
			p.checkParameter(c, piece.ref, in, parameter, pos)
		}
	}
}

func pathParameters(path string) []string {
	var names []string
	for rest := path; ; {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			return names
		}
		name, behind, _ := strings.Cut(after, "}")
		names, rest = append(names, name), behind
	}
}

// bindQuery checks the query's parameters.
func (p *Plan) bindQuery(c *call, pos *ast.Position, used map[string]bool) {
	given := map[string]bool{}
	if c.page != nil {
		given[c.page.size], given[c.page.param] = true, true
		used["first"], used["after"] = true, true
	}
	for _, q := range c.query {
		given[q.name] = true
		parameter := c.op.parameter("query", q.name)
		if parameter == nil {
			p.faults.at(pos, "query", "%s %s of %s has no query parameter %s%s", strings.ToUpper(c.op.method), c.op.path, c.api, q.name, meant(q.name, c.op.names("query")))
		}
		if q.value.ref == nil {
			if parameter != nil {
				p.checkConstant(c, q, parameter, pos)
			}
			continue
		}
		in := p.resolve(c, q.value.ref, pos, used)
		if in == nil || parameter == nil {
			continue
		}
		if q.value.ref.many() {
			p.checkKeys(c, parameter, pos)
			continue
		}
		if in.nullable && parameter.required {
			p.faults.at(pos, "query-null", "%s: %s may be null, but the query parameter %s is required", c.name(), q.value.ref, q.name)
		}
		p.checkParameter(c, q.value.ref, in, parameter, pos)
	}
	for _, parameter := range c.op.parameters {
		if parameter.in == "query" && parameter.required && !parameter.isAmong(given) {
			p.faults.at(pos, "query-required", "%s: %s %s needs the query parameter %s: want %s={args.NAME} or a constant", c.name(), strings.ToUpper(c.op.method), c.op.path, parameter.name, parameter.name)
		}
	}
}

// isAmong tells whether a query has a parameter, or, of one of the style deepObject, a property.
func (p *parameter) isAmong(given map[string]bool) bool {
	for name := range given {
		if name == p.name || p.style == "deepObject" && strings.HasPrefix(name, p.name+"[") {
			return true
		}
	}
	return false
}

func (p *Plan) checkConstant(c *call, q queryParameter, parameter *parameter, pos *ast.Position) {
	s := c.op.doc.shape(parameter.schema)
	if s.enum != nil && !slices.Contains(s.enum, q.value.text) {
		p.faults.at(pos, "query-type", "%s: %s is none of the values of the query parameter %s: want one of %s", c.name(), q.value.text, q.name, strings.Join(s.enum, ", "))
	}
}

// checkParameter checks that a value can be a parameter.
func (p *Plan) checkParameter(c *call, ref *reference, in *input, parameter *parameter, pos *ast.Position) {
	if parameter.media {
		p.faults.at(pos, "query-style", "%s: the parameter %s is a document of its own (content): such a field is hand-written", c.name(), parameter.name)
		return
	}
	s := c.op.doc.shape(parameter.schema)
	if in.member != nil {
		if in.member.value.nilable {
			p.faults.at(pos, "query-type", "%s: %s is %s and cannot be a parameter", c.name(), ref, in.member.value.kind)
		}
		return
	}
	t := in.typ
	if t.Elem != nil {
		if s = s.only("array"); s.kind != "array" || parameter.in != "query" || t.Elem.Elem != nil || !t.Elem.NonNull {
			p.faults.at(pos, "query-type", "%s: %s is %s, but the parameter %s is %s", c.name(), ref, t, parameter.name, s)
			return
		}
		if !parameter.exploded {
			p.faults.at(pos, "query-style", "%s: the parameter %s is a list that is not repeated (explode: false): such a field is hand-written", c.name(), parameter.name)
		}
		t, s = t.Elem, c.op.doc.shape(s.items)
	}
	def := p.schema.Types[t.Name()]
	at := place{pos, c.name() + ": " + ref.String(), "the parameter " + parameter.name}
	switch def.Kind {
	case ast.Enum:
		if s = s.only("string"); s.kind != "string" {
			p.mismatch(at, t, s)
			return
		}
		p.bindEnum(c.api, def, s, at, false)
	case ast.Scalar:
		if s.kind == "" {
			return
		}
		asked := *s
		asked.format = strings.TrimSuffix(asked.format, "int64") // A smaller number is one too.
		if v := p.bindScalar(def, t, &asked, at); v != nil && v.convert == "unix" {
			p.mismatch(at, t, s)
		}
	default:
		p.faults.at(pos, "query-type", "%s: %s is %s and cannot be a parameter: want one of its fields", c.name(), ref, t)
	}
}
