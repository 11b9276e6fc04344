package restgen

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// sent is what a call sends beside its path and query.
type sent struct {
	headers     []namedValue
	body        []namedValue
	form        bool // the API wants the body as a form
	key         *reference
	invalidates []string
	// whole are the fields of an input object that are the body, by what the value stands for.
	whole map[*reference][]*bodyField
}

// namedValue is "name: value"; without a name it is all fields of an input object.
type namedValue struct {
	name  string
	value piece
	pos   *ast.Position
	kind  string // the JSON's, for a constant
	path  []string
}

// bodyField is a field of an input object and where in the body it goes.
type bodyField struct {
	field *ast.FieldDefinition
	path  []string
}

// texts is a directive's argument of a list of texts; one alone is a list too.
func texts(d *ast.Directive, name string) []*ast.Value {
	a := d.Arguments.ForName(name)
	switch {
	case a == nil || a.Value.Kind == ast.NullValue:
		return nil
	case a.Value.Kind != ast.ListValue:
		return []*ast.Value{a.Value}
	}
	var values []*ast.Value
	for _, child := range a.Value.Children {
		values = append(values, child.Value)
	}
	return values
}

// readSent reads what a call sends, and what becomes of its answer.
func (p *Plan) readSent(c *call, d *ast.Directive) {
	if c.field == nil {
		for _, name := range []string{"headers", "idempotencyKey", "payload", "invalidates", "fallback"} {
			if d.Arguments.ForName(name) != nil {
				p.faults.at(c.at(name), "key", "%s: a type that is asked for by its key has no %s", c.name(), name)
			}
		}
	}
	c.sent.headers = p.readNamed(d, "headers")
	c.sent.body = p.readNamed(d, "body")
	for _, h := range c.sent.headers {
		if h.name == "" || reserved(h.name) {
			p.faults.at(h.pos, "header", "%s: %q is no header of a field: want NAME: VALUE, and none that the gateway sets itself", c.name(), h.name)
		}
	}
	if key := argument(d, "idempotencyKey"); key != "" {
		pieces, err := parseTemplate(key)
		if err != nil || len(pieces) != 1 || pieces[0].ref == nil || pieces[0].ref.root != "args" {
			p.faults.at(c.at("idempotencyKey"), "template", "%s: idempotencyKey is %q: want {args.NAME}", c.name(), key)
		} else {
			c.sent.key = pieces[0].ref
		}
	}
	for _, v := range texts(d, "invalidates") {
		if p.document(v.Raw, v.Position) != nil {
			c.sent.invalidates = append(c.sent.invalidates, v.Raw)
		}
	}
	if name := argument(d, "payload"); name != "" && c.field != nil {
		def := p.schema.Types[c.field.Type.Name()]
		if c.payload = def.Fields.ForName(name); c.payload == nil || def.Kind != ast.Object || c.field.Type.Elem != nil {
			p.faults.at(c.at("payload"), "payload", "%s is %s, which has no field %s%s", c.name(), c.field.Type, name, meant(name, fieldNames(def)))
		} else if others := slices.DeleteFunc(fieldNames(def), func(n string) bool { return n == name || strings.HasPrefix(n, "__") }); len(others) > 0 {
			p.faults.at(c.at("payload"), "payload", "%s: %s has %s beside %s, which the call does not give: such a field is hand-written", c.name(), def.Name, others[0], name)
		}
	}
	if c.fallback = argument(d, "fallback") == "true"; c.fallback && c.field != nil && (c.field.Type.NonNull && c.field.Type.Elem == nil || c.payload != nil) {
		p.faults.at(c.at("fallback"), "fallback", "%s is %s and has nothing to fall back to: want a nullable field, or a list", c.name(), c.field.Type)
	}
}

// readNamed reads "name: value" lines.
func (p *Plan) readNamed(d *ast.Directive, argument string) []namedValue {
	var values []namedValue
	for _, v := range texts(d, argument) {
		named := namedValue{pos: v.Position}
		text := v.Raw
		if !strings.HasPrefix(text, "{") {
			name, value, found := strings.Cut(text, ":")
			if !found || strings.TrimSpace(name) == "" {
				p.faults.at(v.Position, "template", "%q is not NAME: VALUE", text)
				continue
			}
			named.name, text = strings.TrimSpace(name), strings.TrimSpace(value)
		}
		pieces, err := parseTemplate(text)
		switch {
		case err != nil:
			p.faults.at(v.Position, "template", "%v", err)
			continue
		case len(pieces) > 1:
			p.faults.at(v.Position, "template", "%q: a value is one reference or one constant", text)
			continue
		case len(pieces) == 1:
			named.value = pieces[0]
		}
		values = append(values, named)
	}
	return values
}

// reserved tells the headers that the gateway sets itself.
func reserved(name string) bool {
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization", "cookie", "host", "content-length", "content-type", "connection", "te", "trailer", "transfer-encoding", "upgrade", "expect",
		"accept-encoding", "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "idempotency-key", "x-request-id", "traceparent", "tracestate",
		"forwarded", "x-forwarded-for":
		return true
	}
	return false
}

// bindSent checks headers, key and body against the operation.
func (p *Plan) bindSent(c *call, used map[string]bool) {
	given := map[string]bool{"accept": true, "content-type": true, "authorization": true, "idempotency-key": c.sent.key != nil}
	for _, h := range c.sent.headers {
		given[strings.ToLower(h.name)] = true
		if h.value.ref == nil {
			continue
		}
		in := p.resolve(c, h.value.ref, h.pos, used)
		if in != nil && in.typ != nil && (in.typ.Elem != nil || !slices.Contains([]ast.DefinitionKind{ast.Scalar, ast.Enum}, p.schema.Types[in.typ.Name()].Kind)) {
			p.faults.at(h.pos, "header", "%s: %s is %s and cannot be a header", c.name(), h.value.ref, in.typ)
		}
	}
	for _, parameter := range c.op.parameters {
		if parameter.in == "header" && parameter.required && !given[strings.ToLower(parameter.name)] {
			want := "headers: [\"" + parameter.name + ": {args.NAME}\"]"
			if strings.EqualFold(parameter.name, "Idempotency-Key") {
				want = "idempotencyKey: \"{args.NAME}\""
			}
			p.faults.at(c.pos, "header-required", "%s: %s %s needs the header %s: want %s", c.name(), strings.ToUpper(c.op.method), c.op.path, parameter.name, want)
		}
	}
	if ref := c.sent.key; ref != nil {
		if in := p.resolve(c, ref, c.at("idempotencyKey"), used); in != nil && (in.nullable || in.typ.Elem != nil || p.schema.Types[in.typ.Name()].Kind != ast.Scalar) {
			p.faults.at(c.at("idempotencyKey"), "idempotency-key", "%s: %s is %s: want String! or ID!", c.name(), ref, in.typ)
		}
	}
	p.bindBody(c, used)
}

// usedElsewhere tells a field of an input object that something else of the call names.
func (c *call) usedElsewhere(ref *reference, field string) bool {
	path := append(slices.Clone(ref.path), field)
	is := func(other *reference) bool {
		return other != nil && other != ref && other.root == "args" && len(other.path) >= len(path) && slices.Equal(other.path[:len(path)], path)
	}
	for _, piece := range c.path {
		if is(piece.ref) {
			return true
		}
	}
	for _, q := range c.query {
		if is(q.value.ref) {
			return true
		}
	}
	for _, v := range slices.Concat(c.sent.headers, c.sent.body) {
		if is(v.value.ref) {
			return true
		}
	}
	return is(c.sent.key)
}

// sends tells a call that has more than path and query, or makes more of its answer than a value.
func (c *call) sends() bool {
	s := c.sent
	return len(s.headers)+len(s.body)+len(s.invalidates) > 0 || s.key != nil || c.payload != nil || c.fallback
}
