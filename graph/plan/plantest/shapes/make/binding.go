package main

import "strings"

// bind decides where a field's value comes from, and of what Go type it is.
func (s *schema) bind(o *object, f *field) {
	f.goType = s.goType(o, f.typ)
	held := s.isLeaf(f.typ.base())
	if to := s.object(f.typ.base()); to != nil && to.rank > o.rank && s.chance(40) {
		held = true // What is held holds none of what holds it.
	}
	kinds := []binding{method, method, failingMethod, contextMethod, single, single, batch, batch, batch}
	switch {
	case len(f.args) > 0:
		kinds = []binding{failingMethod, contextMethod, single, batch, batch}
	case held:
		kinds = append(kinds, variable, variable, variable, variable, variable, variable, maybeMethod)
	}
	f.binding = pick(s, kinds)
	if to := s.object(f.typ.base()); f.binding == batch && (f.directive != "" || to != nil && to.directive != "") {
		f.binding = single // See vault.
	}
	if f.binding != variable && strings.HasPrefix(f.goType, "*[]") && s.chance(50) {
		f.goType = f.goType[1:]
	}
}

// goType is the Go type of what a model has for a field. There are several that do.
func (s *schema) goType(o *object, t *typ) string {
	if t.elem != nil {
		list := "[]" + s.goType(o, t.elem)
		if s.chance(5) && (s.isLeaf(t.base()) || s.object(t.base()) != nil) {
			return "*" + list // Of interfaces, gqlgen makes code of it that does not compile.
		}
		return list
	}
	name, plain := s.goName(t.name), 85
	switch {
	case t.name == "Blob" || t.name == "Doc":
		return name
	case s.object(t.name) != nil:
		plain = 20
		if o.rank >= s.object(t.name).rank {
			plain = 0 // A pointer, which ends somewhere.
		}
		if s.chance(plain) {
			return name
		}
		return "*" + name
	case !s.isLeaf(t.name):
		return name // Of pointers to interfaces gqlgen mostly makes code that does not compile.
	case !t.nonNull:
		plain = 12
	}
	if s.chance(plain) {
		return name
	}
	return "*" + name
}

// goName is the Go type that a name is bound to.
func (s *schema) goName(name string) string {
	switch name {
	case "String", "ID":
		return "string"
	case "Int":
		return pick(s, []string{"int", "int", "int32", "int64"})
	case "Float":
		return "float64"
	case "Boolean":
		return "bool"
	case "Stamp":
		return "time.Time"
	case "Tag":
		return "string"
	case "Ratio":
		return "float64"
	case "Blob":
		return "plantest.Blob"
	case "Doc":
		return "any"
	}
	return name
}

// argType is the Go type that a model's method takes for an argument.
func (s *schema) argType(t *typ) string {
	if t.elem != nil {
		return "[]" + s.argType(t.elem)
	}
	name := s.goName(t.name)
	if t.name == "Int" {
		name = "int"
	}
	if t.nonNull || t.name == "Blob" || t.name == "Doc" {
		return name
	}
	return "*" + name
}
