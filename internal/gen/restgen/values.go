package restgen

import (
	"go/token"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/vektah/gqlparser/v2/ast"
)

// goObject is an object type that is read from an API.
type goObject struct {
	def     *ast.Definition
	api     string
	doc     *document
	shapes  []*shape
	members map[string]*member // by their path in the JSON
}

// member is a property of the API's object that Go code has.
type member struct {
	path     []string
	field    *ast.FieldDefinition // nil for one that the schema does not show
	also     []string             // other fields of the schema that it is
	name     string               // in Go
	value    *value
	optional bool // it may be absent or null
	nullable bool // the schema's field is
}

// value is a type as the API's package has it, without what makes it nullable.
type value struct {
	goType string
	// convert names the conversion from what the JSON is, whose Go type is raw; empty for none.
	convert, raw string
	nilable      bool
	kind         string // the JSON's
}

type enum struct {
	def    *ast.Definition
	api    string
	values map[string]string // the API's, by the schema's
}

// place is where a fault is, and what it is about.
type place struct {
	pos    *ast.Position
	schema string // Type.field
	json   string
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// bindValue finds how Go has a value of a schema's type that an API gives; nil if it cannot.
func (p *Plan) bindValue(api string, doc *document, t *ast.Type, s *shape, at place) *value {
	if t.Elem != nil {
		return p.bindList(api, doc, t, s, at)
	}
	def := p.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.Object:
		if s = s.only("object"); s.kind != "object" {
			p.mismatch(at, t, s)
			return nil
		}
		return p.bindObject(api, doc, def, s, at)
	case ast.Enum:
		if s = s.only("string"); s.kind != "string" {
			p.mismatch(at, t, s)
			return nil
		}
		return p.bindEnum(api, def, s, at, true)
	case ast.Scalar:
		return p.bindScalar(def, t, s, at)
	}
	p.faults.at(at.pos, "abstract", "%s is %s, an interface or a union: such a field is hand-written", at.schema, t)
	return nil
}

func (p *Plan) mismatch(at place, t *ast.Type, s *shape) {
	why := "want another type, or write the field by hand"
	if s.alternatives != nil {
		why = "such a field is hand-written; @keep gives its code the JSON"
	}
	p.faults.at(at.pos, "type", "%s is %s, but %s is %s: %s", at.schema, t, at.json, s, why)
}

func (p *Plan) bindList(api string, doc *document, t *ast.Type, s *shape, at place) *value {
	if s = s.only("array"); s.kind != "array" {
		p.mismatch(at, t, s)
		return nil
	}
	items := doc.given(s.items)
	inner := at
	inner.json = "an element of " + at.json
	v := p.bindValue(api, doc, t.Elem, items, inner)
	switch {
	case v == nil:
		return nil
	case v.convert != "":
		p.faults.at(at.pos, "conversion", "%s is %s, but %s is %s, and lists are not converted: such a field is hand-written", at.schema, t, inner.json, items)
		return nil
	case items.nullable && t.Elem.NonNull:
		p.faults.at(at.pos, "non-null", "%s is %s, but %s may be null: want [%s]", at.schema, t, inner.json, strings.TrimSuffix(t.Elem.String(), "!"))
	}
	element := v.goType
	if !t.Elem.NonNull && !v.nilable {
		element = "*" + element
	}
	return &value{goType: "[]" + element, nilable: true, kind: "array"}
}

// bindObject notes that an object type is read from an API, and its properties.
func (p *Plan) bindObject(api string, doc *document, def *ast.Definition, s *shape, at place) *value {
	v := &value{goType: def.Name, kind: "object"}
	o := p.objects[def.Name]
	if o == nil {
		o = &goObject{def: def, api: api, doc: doc, members: map[string]*member{}}
		p.objects[def.Name] = o
	}
	if o.api != api {
		p.faults.at(at.pos, "two-apis", "%s gives %s from %s, and others give it from %s: an object is of one API; want a type of its own", at.schema, def.Name, api, o.api)
		return nil
	}
	for _, known := range o.shapes {
		if known.same(s) {
			return v
		}
	}
	o.shapes = append(o.shapes, s)
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") || f.Directives.ForName("rest") != nil || f.Directives.ForName("load") != nil {
			continue
		}
		p.bindField(o, s, f)
	}
	return v
}

// same tells whether two shapes come from one schema that was read twice.
func (s *shape) same(other *shape) bool {
	if len(s.props) != len(other.props) || len(s.required) != len(other.required) {
		return false
	}
	for name, prop := range s.props {
		if there, ok := other.props[name]; !ok || !sameMap(prop, there) {
			return false
		}
	}
	return true
}

// sameMap tells whether two parts of a document are one.
func sameMap(a, b any) bool {
	x, y := object(a), object(b)
	if len(x) != len(y) {
		return false
	}
	for k, v := range x {
		if w, ok := v.(string); ok && w != y[k] {
			return false
		}
	}
	return true
}

// bindField finds the property that a field is.
func (p *Plan) bindField(o *goObject, s *shape, f *ast.FieldDefinition) {
	path, pos := []string{f.Name}, f.Position
	if d := f.Directives.ForName("json"); d != nil {
		path, pos = o.doc.pathOf(s, strings.Split(argument(d, "at"), ".")), d.Position
	}
	byHand := p.byHand(o.def.Name, f.Name)
	where := place{pos, o.def.Name + "." + f.Name, o.api + "'s " + strings.Join(path, ".")}
	found, optional, missing := o.look(s, path)
	if missing != "" {
		if !byHand {
			p.faults.at(pos, "property", "%s: %s's object has no %s%s", where.schema, o.api, missing, p.meantProperty(o, s, path))
		}
		return
	}
	if byHand && o.doc.mixed(found) {
		return // Its code keeps the JSON, if it wants it.
	}
	before := len(p.faults.list)
	v := p.bindValue(o.api, o.doc, f.Type, found, where)
	if v == nil {
		if byHand { // What it is is its code's affair.
			p.faults.list = p.faults.list[:before]
		}
		return
	}
	if optional && f.Type.NonNull && !byHand {
		p.nonNull(pos, where.schema, f.Type, where.json+" may be absent or null")
	}
	p.addMember(o, &member{path: path, field: f, name: goName(f.Name), value: v, optional: optional, nullable: !f.Type.NonNull}, pos)
}

func (p *Plan) meantProperty(o *goObject, s *shape, path []string) string {
	for _, name := range path[:len(path)-1] {
		s = o.doc.shape(s.props[name])
	}
	name := path[len(path)-1]
	for _, other := range keys(s.props) { // Renamed by the other convention?
		if strings.EqualFold(goName(other), goName(name)) {
			return `; did you mean @json(at: "` + strings.Join(append(slices.Clone(path[:len(path)-1]), other), ".") + `")?`
		}
	}
	if near := meant(name, keys(s.props)); near != "" {
		return near
	}
	return ": want @json(at:) for where it is, @rest for a call, or a resolver in gqlgen.yml"
}

// meantName is meant for names that may be written in another convention, such as snake_case.
func meantName(name string, there []string) string {
	for _, other := range there {
		if strings.EqualFold(goName(other), goName(name)) {
			return "; did you mean " + other + "?"
		}
	}
	return meant(name, there)
}

func (p *Plan) addMember(o *goObject, m *member, pos *ast.Position) {
	key := strings.Join(m.path, ".")
	known := o.members[key]
	if known == nil {
		o.members[key] = m
		return
	}
	if known.value.goType != m.value.goType || known.value.convert != m.value.convert {
		p.faults.at(pos, "two-types", "%s is %s in one answer of %s and %s in another: want a type of its own for each", key, article(known.value.kind), o.api, article(m.value.kind))
	}
	known.optional = known.optional || m.optional
	switch {
	case known.field == nil:
		known.field, known.name, known.nullable = m.field, m.name, m.nullable
	case m.field != nil && m.field != known.field:
		known.also = append(known.also, m.field.Name)
	}
}

// look finds a property by its path. missing is as much of it as is not there.
func (o *goObject) look(s *shape, path []string) (found *shape, optional bool, missing string) {
	for i, name := range path {
		s = s.only("object")
		prop, ok := s.props[name]
		if !ok {
			return nil, false, strings.Join(path[:i+1], ".")
		}
		required := s.required[name]
		s = o.doc.given(prop)
		optional = optional || !required || s.nullable
	}
	return s, optional, ""
}

// readKeep reads @keep.
func (p *Plan) readKeep(def *ast.Definition) {
	d := def.Directives.ForName("keep")
	if d == nil {
		return
	}
	o := p.objects[def.Name]
	if o == nil {
		p.faults.at(d.Position, "keep", "%s is read from no API: @keep has nothing to keep", def.Name)
		return
	}
	for _, child := range d.Arguments.ForName("properties").Value.Children {
		p.keep(o, strings.Split(child.Value.Raw, "."), child.Value.Position, "keep")
	}
}

// keep makes Go have a property that the schema does not show; nil if there is none.
func (p *Plan) keep(o *goObject, path []string, pos *ast.Position, rule string) *member {
	key := strings.Join(path, ".")
	var kept *member
	for _, s := range o.shapes {
		path = o.doc.pathOf(s, path)
		found, optional, missing := o.look(s, path)
		if missing != "" {
			p.faults.at(pos, rule, "%s's %s has no property %s%s", o.api, o.def.Name, missing, meantName(path[len(path)-1], keys(s.props)))
			return nil
		}
		plain := o.doc.plainValue(found)
		if rule == "keep" && o.doc.mixed(found) {
			plain = &value{goType: "jsontext.Value", nilable: true, kind: "json"}
		}
		p.addMember(o, &member{path: path, name: keptName(path), value: plain, optional: optional, nullable: true}, pos)
		kept = o.members[key]
	}
	return kept
}

// keptName is the Go name of a property that the schema does not name.
func keptName(path []string) string {
	name := goName(strings.Join(path, "_"))
	if !token.IsExported(name) {
		name = "X" + name
	}
	return name
}

// mixed tells whether something may be of several types, or has elements that may be.
func (d *document) mixed(s *shape) bool {
	return s.alternatives != nil || s.kind == "array" && d.shape(s.items).alternatives != nil
}

// plainValue is how Go has a property that no type of the schema describes.
func (d *document) plainValue(s *shape) *value {
	s = s.only("string", "integer", "number", "boolean")
	if s.kind == "array" {
		if element := d.plainValue(d.shape(s.items)); !element.nilable {
			return &value{goType: "[]" + element.goType, nilable: true, kind: "array"}
		}
	}
	switch {
	case s.kind == "string" && s.format == "date-time":
		return &value{goType: "time.Time", kind: s.kind}
	case s.kind == "string":
		return &value{goType: "string", kind: s.kind}
	case s.kind == "integer":
		return &value{goType: "int64", kind: s.kind}
	case s.kind == "number":
		return &value{goType: "float64", kind: s.kind}
	case s.kind == "boolean":
		return &value{goType: "bool", kind: s.kind}
	}
	return &value{goType: "jsontext.Value", nilable: true, kind: "json"}
}

// goName gives the exported Go name for a name of the schema or of JSON: letters and digits, a capital after each gap.
func goName(name string) string {
	var b strings.Builder
	up := true
	for _, c := range name {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			up = true
			continue
		}
		if up {
			c = unicode.ToUpper(c)
		}
		up = false
		b.WriteRune(c)
	}
	return b.String()
}
