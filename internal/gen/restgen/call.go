package restgen

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph/cost"
)

// call is what @rest says, on a field or an object type.
type call struct {
	owner     *ast.Definition
	field     *ast.FieldDefinition // nil: it is the owner's own call, by key
	pos       *ast.Position        // the directive's
	api       string
	op        *operation
	path      []piece
	query     []queryParameter
	at        func(argument string) *ast.Position
	take      []string
	null      bool // what 404 means
	each      bool
	values    map[*reference]*input // what the references are
	usesOwner bool
	batch     *batch // nil: one call for one value
	page      *page  // nil: no connection
	sent      sent
	payload   *ast.FieldDefinition // what of the object the answer is; nil: all of it
	fallback  bool
	own       overrides
	stream    *stream // nil: no subscription
	none      bool    // the answer is that it succeeded
}

func (c *call) name() string {
	if c.field == nil {
		return c.owner.Name
	}
	return c.owner.Name + "." + c.field.Name
}

// typ is what the call gives, for one key.
func (c *call) typ() *ast.Type {
	if c.field == nil {
		return &ast.Type{NamedType: c.owner.Name}
	}
	if c.payload != nil {
		return c.payload.Type
	}
	return c.field.Type
}

// methods are the directive's arguments that say the method.
func methods() []string { return []string{"get", "post", "put", "patch", "delete"} }

// readCall reads a directive and finds its operation. A call with a fault is left out.
func (p *Plan) readCall(def *ast.Definition, f *ast.FieldDefinition, d *ast.Directive) {
	c := &call{owner: def, field: f, pos: d.Position, values: map[*reference]*input{}}
	c.at = func(argument string) *ast.Position {
		if a := d.Arguments.ForName(argument); a != nil {
			return a.Value.Position
		}
		return d.Position
	}
	before := len(p.faults.list)
	c.api = argument(d, "api")
	var given []string
	for _, m := range methods() {
		if d.Arguments.ForName(m) != nil {
			given = append(given, m)
		}
	}
	if len(given) != 1 {
		p.faults.at(d.Position, "method", "%s has %s: want one of get, post, put, patch and delete, with the path", c.name(), counted(given))
		return
	}
	c.op = p.findOperation(c, given[0], argument(d, given[0]))
	if take := argument(d, "take"); take != "" {
		c.take = strings.Split(take, ".")
	}
	c.each = argument(d, "each") == "true"
	if c.op != nil {
		p.readSent(c, d)
		p.readOverrides(c, d)
		p.readPage(c)
		p.readBatch(c, d)
		p.readStream(c, d)
		p.readOptional(c, argument(d, "optional"))
	}
	if len(p.faults.list) == before && c.op != nil {
		p.calls[c.name()] = c
		p.order = append(p.order, c.name())
	} else {
		p.faulty[c.name()] = true
	}
}

func counted(given []string) string {
	if len(given) == 0 {
		return "no method"
	}
	return strings.Join(given, " and ")
}

// argument is a directive's argument as text; empty if it is not given.
func argument(d *ast.Directive, name string) string {
	if a := d.Arguments.ForName(name); a != nil && a.Value.Kind != ast.NullValue {
		return a.Value.Raw
	}
	return ""
}

func (p *Plan) readOptional(c *call, said string) {
	if c.batch != nil || c.field == nil || c.stream != nil {
		return
	}
	if c.page != nil {
		if said == "true" {
			p.faults.at(c.at("optional"), "page", "%s: a connection that is not there is an error: want no optional", c.name())
		}
		return
	}
	object := p.schema.Types[c.field.Type.Name()]
	switch said {
	case "":
		c.null = !c.field.Type.NonNull && c.field.Type.Elem == nil && c.op.method == "get" && c.payload == nil && object != nil && object.Kind == ast.Object
	case "true":
		c.null = true
		if c.field.Type.NonNull {
			p.faults.at(c.at("optional"), "optional-nonnull", "%s is %s and cannot be null: make it nullable, or want optional: false", c.name(), c.field.Type)
		}
	}
}

// findOperation finds the operation that a template means.
func (p *Plan) findOperation(c *call, method, template string) *operation {
	pos := c.at(method)
	doc := p.document(c.api, c.at("api"))
	pieces, err := parseTemplate(template)
	if err == nil {
		c.path, c.query, err = splitQuery(pieces)
	}
	if err != nil {
		p.faults.at(pos, "template", "%v", err)
		return nil
	}
	if doc == nil {
		return nil
	}
	path, there := doc.find(c.path)
	if path == "" {
		p.faults.at(pos, "path", "%s has no path %s%s", c.api, written(c.path), meant(written(c.path), doc.paths(method)))
		return nil
	}
	if !slices.Contains(there, method) {
		p.faults.at(pos, "path-method", "%s has no %s %s, only %s", c.api, strings.ToUpper(method), path, strings.ToUpper(strings.Join(there, ", ")))
		return nil
	}
	op := doc.operation(path, method)
	if server := op.server(); server != "" {
		p.warnings.at(pos, "servers", "%s %s of %s has a server of its own in the document (%s), and will be asked at the API's one base_url: where that is not so, want an API of its own for it", strings.ToUpper(method), path, c.api, server)
	}
	if op.deprecated() {
		p.warnings.at(pos, "deprecated", "%s %s of %s is deprecated", strings.ToUpper(method), path, c.api)
	}
	return op
}

// bindAnswer makes the Go types of what a call answers.
func (p *Plan) bindAnswer(c *call) {
	if c.stream != nil && c.stream.every == 0 {
		p.bindEvents(c)
		return
	}
	schema, ok := c.op.answer()
	if ok && c.page != nil {
		p.bindPage(c, c.op.doc.given(schema))
		return
	}
	if !ok && c.typ().Name() == "Boolean" && c.typ().Elem == nil && c.op.method != "get" {
		if c.none = true; c.null {
			p.faults.at(c.at("optional"), "answer", "%s tells whether it has succeeded: want no optional", c.name())
		}
		return
	}
	if !ok {
		p.faults.at(c.pos, "answer", "%s %s of %s has no successful answer in JSON: want Boolean, true when it has succeeded, or write the field by hand", strings.ToUpper(c.op.method), c.op.path, c.api)
		return
	}
	p.bindTaken(c, c.op.doc.given(schema))
}

// bindTaken makes the Go types of what is taken of an answer.
func (p *Plan) bindTaken(c *call, s *shape) {
	optional := s.nullable
	c.take = c.op.doc.pathOf(s, c.take)
	for i, name := range c.take {
		prop, ok := s.props[name]
		if !ok {
			p.faults.at(c.at("take"), "take", "the answer of %s %s has no %s%s", strings.ToUpper(c.op.method), c.op.path, strings.Join(c.take[:i+1], "."), meant(name, keys(s.props)))
			return
		}
		required := s.required[name]
		s = c.op.doc.given(prop)
		optional = optional || !required || s.nullable
	}
	if c.batch != nil {
		p.bindBatch(c, s)
		return
	}
	if optional && c.typ().NonNull {
		p.nonNull(c.at("take"), c.name(), c.typ(), "the answer's value may be absent or null")
	}
	if lists := c.op.doc.listsOf(s); c.typ().Elem != nil && len(lists) > 0 {
		p.faults.at(c.pos, "take", "%s is %s, but the answer is an object with a list in it: want take: %q", c.name(), c.typ(), strings.Join(append(c.take, lists[0]), "."))
		return
	}
	v := p.bindValue(c.api, c.op.doc, c.typ(), s, place{c.pos, c.name(), "the answer"})
	if v != nil && v.convert != "" {
		p.faults.at(c.pos, "conversion", "%s is %s and the answer %s: such a field is hand-written", c.name(), c.typ(), s)
	}
}

// listsOf are the lists of an object's.
func (d *document) listsOf(s *shape) (names []string) {
	if s.kind != "object" {
		return nil
	}
	for _, name := range keys(s.props) {
		if d.given(s.props[name]).only("array").kind == "array" {
			names = append(names, name)
		}
	}
	return names
}

func (p *Plan) nonNull(pos *ast.Position, name string, t *ast.Type, why string) {
	p.faults.at(pos, "non-null", "%s is %s, but %s: want %s", name, t, why, strings.TrimSuffix(t.String(), "!"))
}

// checkLists finds calls that are made once for each element of a list, and nobody said that they may.
func (p *Plan) checkLists() {
	for _, name := range p.order {
		c := p.calls[name]
		if c.field == nil || c.each || c.batch != nil || !cost.InList(p.schema, c.owner.Name) {
			continue
		}
		instead := "ask for all of them with {parents.NAME} or @load, or accept it with each: true"
		if !c.usesOwner {
			instead = "it is the same for all of them, so make it a root field, or accept it with each: true"
		}
		p.faults.at(c.pos, "n-plus-1", "%s is a call for each %s, of which there are lists: %s", name, c.owner.Name, instead)
	}
}
