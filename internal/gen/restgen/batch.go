package restgen

import (
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph/cost"
)

// defaultMax is how many keys a call takes of which nobody says it.
const defaultMax = 100

// batch is how many keys become objects in one call, or each in one of its own.
type batch struct {
	ref   *reference  // the keys, in the query or the body; {key} in the path if each has a call of its own
	param *parameter  // of the keys, in the query
	body  *namedValue // of the keys, in the body
	key   []string    // the property of each object that tells which key it is for
	max   int
	// member is key, as Go has it.
	member *member
}

// load is a field with @load.
type load struct {
	owner  *ast.Definition
	field  *ast.FieldDefinition
	pos    *ast.Position
	entity *call
	ref    *reference
	key    *input
}

// readBatch finds what of a call stands for many keys.
func (p *Plan) readBatch(c *call, d *ast.Directive) {
	for _, q := range c.query {
		if q.value.ref != nil && q.value.ref.many() {
			c.batch = &batch{ref: q.value.ref, param: c.op.parameter("query", q.name)}
		}
	}
	for i := range c.sent.body {
		if v := &c.sent.body[i]; v.name != "" && v.value.ref != nil && v.value.ref.many() {
			c.batch = &batch{ref: v.value.ref, body: v}
		}
	}
	if c.field == nil && c.batch == nil {
		for _, piece := range c.path {
			if piece.ref != nil && piece.ref.root == "key" {
				c.batch = &batch{ref: piece.ref}
			}
		}
		if c.batch == nil {
			p.faults.at(c.pos, "key", "%s is asked for without its key: want {keys} in the query or in a search's body, or {key} in the path for a call per object", c.name())
			return
		}
	}
	if c.batch == nil {
		for _, name := range []string{"key", "max"} {
			if argument(d, name) != "" {
				p.faults.at(c.at(name), "batch", "%s: %s is for a call of many keys: want {parents.NAME} in the query", c.name(), name)
			}
		}
		return
	}
	if s := c.sent; c.field != nil && (len(s.headers)+len(s.invalidates) > 0 || s.key != nil || c.payload != nil || c.fallback || len(s.body) > 0 && c.batch.body == nil) {
		p.faults.at(c.pos, "batch", "%s: many keys are asked for with path and query, or a search's body, alone: another such field is hand-written", c.name())
	}
	c.batch.key = strings.Split(argument(d, "key"), ".")
	if argument(d, "key") == "" {
		c.batch.key = []string{"id"}
	}
	if c.batch.body == nil && c.op.method != "get" || c.batch.body != nil && c.op.method != "post" {
		p.faults.at(c.pos, "batch", "%s: many keys are asked for with GET, or with POST and the keys in a search's body: another such field is hand-written", c.name())
	}
	p.readMax(c, argument(d, "max"))
}

// readMax finds how many keys a call takes.
func (p *Plan) readMax(c *call, said string) {
	c.batch.max = defaultMax
	most := 0
	if c.batch.param != nil {
		most = whole(c.op.doc.at(c.batch.param.schema)["maxItems"])
	}
	if c.batch.body != nil {
		most = whole(c.op.doc.at(c.op.bodyProperty(strings.Split(c.batch.body.name, ".")))["maxItems"])
	}
	if most > 0 {
		c.batch.max = most
	}
	if said == "" {
		return
	}
	n, err := strconv.Atoi(said)
	if err != nil || n < 1 || most > 0 && n > most {
		p.faults.at(c.at("max"), "batch-max", "%s: a call takes %s keys, but %s takes no more than %d", c.name(), said, c.api, max(most, 1))
		return
	}
	c.batch.max = n
}

// bindBatch makes the Go types of what a call of many keys answers.
func (p *Plan) bindBatch(c *call, s *shape) {
	t := &ast.Type{NamedType: c.typ().Name(), NonNull: true}
	if def := p.schema.Types[t.NamedType]; def.Kind != ast.Object || c.typ().Elem != nil && c.typ().Elem.Elem != nil {
		p.faults.at(c.pos, "batch", "%s is %s: many keys give objects, or a list of them for each", c.name(), c.typ())
		return
	}
	if c.typ().NonNull && c.typ().Elem == nil {
		p.nonNull(c.pos, c.name(), c.typ(), "there may be no object of a key")
	}
	at := place{c.pos, c.name(), "the answer"}
	if c.batch.ref.root == "key" { // One object for one key: nothing to tell apart.
		p.bindValue(c.api, c.op.doc, t, s, at)
		return
	}
	if s = s.only("array"); s.kind != "array" {
		p.faults.at(c.at("take"), "batch", "%s: the answer for many keys is %s, not an array: want take: for where in it the objects are", c.name(), s)
		return
	}
	if p.bindValue(c.api, c.op.doc, t, c.op.doc.given(s.items), at) == nil {
		return
	}
	o := p.objects[t.NamedType]
	m := o.members[strings.Join(c.batch.key, ".")]
	if m == nil {
		m = p.keep(o, c.batch.key, c.at("key"), "batch-key")
	}
	if m != nil && m.value.nilable {
		p.faults.at(c.at("key"), "batch-key", "%s: %s is %s and no key", c.name(), strings.Join(c.batch.key, "."), m.value.kind)
	}
	c.batch.member = m
}

// checkKeys checks that many keys can be a parameter.
func (p *Plan) checkKeys(c *call, parameter *parameter, pos *ast.Position) {
	if s := c.op.doc.shape(parameter.schema).only("array"); s.kind != "array" {
		p.faults.at(pos, "query-type", "%s: %s is many values, but the parameter %s is %s", c.name(), c.batch.ref, parameter.name, s)
	}
	if !parameter.exploded && parameter.style != "" && parameter.style != "form" {
		p.faults.at(pos, "query-style", "%s: the parameter %s is a list that is %s, and not joined with commas: such a call is hand-written", c.name(), parameter.name, parameter.style)
	}
}

// readLoad reads @load.
func (p *Plan) readLoad(def *ast.Definition, f *ast.FieldDefinition, d *ast.Directive) {
	name := def.Name + "." + f.Name
	entity := p.calls[f.Type.Name()]
	if p.faulty[f.Type.Name()] {
		return
	}
	if entity == nil {
		p.faults.at(d.Position, "load", "%s: %s says nowhere how it is asked for by key: want @rest with {keys} on type %s", name, f.Type.Name(), f.Type.Name())
		return
	}
	if f.Type.NonNull && f.Type.Elem == nil || f.Type.Elem != nil && f.Type.Elem.Elem != nil {
		p.nonNull(d.Position, name, f.Type, "there may be no object of a key")
		return
	}
	pos := d.Arguments.ForName("key").Value.Position
	pieces, err := parseTemplate(argument(d, "key"))
	if err != nil || len(pieces) != 1 || pieces[0].ref == nil || pieces[0].ref.root != "parent" && pieces[0].ref.root != "args" {
		p.faults.at(pos, "load", "%s: %q is no key: want {parent.NAME} or {args.NAME}", name, argument(d, "key"))
		return
	}
	l := &load{owner: def, field: f, pos: d.Position, entity: entity, ref: pieces[0].ref}
	// A call that is never made: what finds the values of a call's references finds this one's.
	c := &call{owner: def, field: f, pos: d.Position, api: entity.api, op: entity.op, values: map[*reference]*input{}}
	used := map[string]bool{}
	if l.key = p.resolve(c, l.ref, pos, used); l.key == nil || !p.isKey(l, pos) {
		return
	}
	for _, a := range f.Arguments {
		p.mustUse(c, a, used)
	}
	if l.key.member != nil && entity.batch.ref.root == "key" && !entity.each && cost.InList(p.schema, def.Name) {
		p.faults.at(d.Position, "n-plus-1", "%s is a call for each %s, of which there are lists: ask for %s with {keys}, or accept it with each: true on type %s", name, def.Name, f.Type.Name(), f.Type.Name())
	}
	p.loads[name] = l
}

// isKey checks that a field's key is one, or a list of them for a list.
func (p *Plan) isKey(l *load, pos *ast.Position) bool {
	list, key := l.field.Type.Elem != nil, false
	if m := l.key.member; m != nil {
		key = m.value.goType != "jsontext.Value" && list == strings.HasPrefix(m.value.goType, "[]")
	} else if t := l.key.typ; !list && t.Elem == nil {
		key = p.schema.Types[t.Name()].Kind == ast.Scalar && t.Name() != "Float"
	}
	if !key {
		p.faults.at(pos, "load-key", "%s.%s is %s, but %s is no key of one, nor a list of keys for a list of the parent's", l.owner.Name, l.field.Name, l.field.Type, l.ref)
	}
	return key
}

// loaderName is the name of what loads by a call's keys.
func (c *call) loaderName() string {
	if c.field == nil {
		return lowerFirst(c.owner.Name)
	}
	return lowerFirst(c.owner.Name) + goName(c.field.Name)
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
