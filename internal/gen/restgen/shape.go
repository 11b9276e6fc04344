package restgen

import (
	"maps"
	"slices"
	"strings"
)

// shape is a JSON schema as far as a Go type depends on it.
type shape struct {
	kind     string // object, array, string, integer, number, boolean; empty: anything
	nullable bool
	format   string
	enum     []string // a string's values; nil: any
	props    map[string]any
	required map[string]bool
	items    any
	// alternatives are what else it may be, itself empty then.
	alternatives []*shape
	// circular tells what is being read already, further out.
	circular bool
}

// shape reads a schema, with what it refers to and is composed of.
func (d *document) shape(schema any) *shape { return d.shapeOf(schema, nil) }

// shapeOf reads a schema within others. One that is composed of itself says nothing there.
func (d *document) shapeOf(schema any, within []string) *shape {
	m := d.at(schema)
	s := &shape{props: map[string]any{}, required: map[string]bool{}}
	if ref := text1(object(schema)["$ref"]); ref != "" {
		if slices.Contains(within, ref) {
			s.circular = true
			return s
		}
		within = append(within[:len(within):len(within)], ref)
		s.nullable = nullable(object(schema)) // 3.0 passes it over beside a reference, and those who write it there mean it.
	}
	s.format, s.items, s.nullable = text1(m["format"]), m["items"], s.nullable || nullable(m)
	switch kind := m["type"].(type) {
	case string:
		s.kind = kind
	case []any: // 3.1
		s.readKinds(kind)
	}
	if s.kind == "null" {
		s.kind, s.nullable = "", true
	}
	maps.Copy(s.props, object(m["properties"]))
	for _, name := range list(m["required"]) {
		s.required[text1(name)] = true
	}
	s.readEnum(m)
	for _, part := range list(m["allOf"]) {
		s.merge(d.shapeOf(part, within))
	}
	for _, word := range []string{"oneOf", "anyOf"} {
		if among := list(m[word]); len(among) > 0 {
			s.choose(d, among, within)
		}
	}
	switch {
	case s.kind != "":
	case len(s.props) > 0:
		s.kind = "object"
	case s.items != nil:
		s.kind = "array"
	}
	return s
}

func nullable(m map[string]any) bool {
	b, _ := m["nullable"].(bool)
	return b
}

// sent is the shape of what an API is sent: what only its answers have (readOnly) need not be there.
func (d *document) sent(schema any) *shape { return d.without(schema, "readOnly") }

// given is the shape of what an API gives: what it is only sent (writeOnly) is not there, and what is required is so without it.
func (d *document) given(schema any) *shape { return d.without(schema, "writeOnly") }

func (d *document) without(schema any, word string) *shape {
	s := d.shape(schema)
	maps.DeleteFunc(s.required, func(name string, _ bool) bool { return d.says(s.props[name], word) })
	return s
}

// says tells whether a schema, or what it refers to, has a flag.
func (d *document) says(schema any, word string) bool {
	here, _ := object(schema)[word].(bool)
	there, _ := d.at(schema)[word].(bool)
	return here || there
}

// readKinds reads 3.1's list of types.
func (s *shape) readKinds(kinds []any) {
	var left []string
	for _, k := range kinds {
		if text1(k) == "null" {
			s.nullable = true
		} else {
			left = append(left, text1(k))
		}
	}
	if len(left) == 1 {
		s.kind = left[0]
		return
	}
	for _, k := range left {
		s.alternatives = append(s.alternatives, &shape{kind: k})
	}
}

func (s *shape) readEnum(m map[string]any) {
	values := list(m["enum"])
	if c, ok := m["const"]; ok {
		values = []any{c}
	}
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			s.nullable = true
		case string:
			s.enum = append(s.enum, v)
			if s.kind == "" {
				s.kind = "string"
			}
		}
	}
}

// merge adds what a part of allOf says.
func (s *shape) merge(part *shape) {
	if s.kind == "" {
		s.kind = part.kind
	}
	if s.format == "" {
		s.format = part.format
	}
	if s.items == nil {
		s.items = part.items
	}
	if s.enum == nil {
		s.enum = part.enum
	}
	s.nullable = s.nullable || part.nullable
	maps.Copy(s.props, part.props)
	maps.Copy(s.required, part.required)
	if part.alternatives != nil {
		s.alternatives = part.alternatives
	}
}

// choose reads oneOf or anyOf. One alternative beside null is a nullable one of it.
func (s *shape) choose(d *document, among []any, within []string) {
	var left []*shape
	for _, schema := range among {
		alternative := d.shapeOf(schema, within)
		if alternative.circular {
			return // Its kinds are named within what each of them is composed of: that it is one of them tells nothing.
		}
		if alternative.isNull() {
			s.nullable = true
			continue
		}
		left = append(left, alternative)
	}
	switch {
	case len(left) == 1:
		s.merge(left[0])
	case !slices.ContainsFunc(left, func(a *shape) bool { return a.kind != "object" || a.alternatives != nil }) && s.kind != "array":
		s.common(d, left)
	case s.kind == "object" && len(s.props) > 0: // What the alternatives add are requirements, not other objects.
	default:
		s.alternatives = append(s.alternatives, left...)
		s.nullable = s.nullable || slices.ContainsFunc(left, func(a *shape) bool { return a.nullable })
	}
}

// common makes one object of several that it may be: with the properties of any, of which those are required that all require. What is
// of another type in another is left out.
func (s *shape) common(d *document, among []*shape) {
	s.kind = "object"
	for i, a := range among {
		s.nullable = s.nullable || a.nullable
		for name, prop := range a.props {
			clash := slices.ContainsFunc(among[:i], func(other *shape) bool {
				there, ok := other.props[name]
				return ok && !sameMap(there, prop) && d.shape(there).kind != d.shape(prop).kind
			})
			if clash {
				delete(s.props, name)
				continue
			}
			if _, known := s.props[name]; !known && !slices.ContainsFunc(among[:i], func(other *shape) bool { _, ok := other.props[name]; return ok }) {
				s.props[name] = prop
			}
		}
	}
	for name := range s.props {
		if !slices.ContainsFunc(among, func(a *shape) bool { return !a.required[name] }) {
			s.required[name] = true
		}
	}
}

func (s *shape) isNull() bool {
	return s.nullable && s.kind == "" && len(s.props) == 0 && s.items == nil && s.alternatives == nil
}

// only is the alternative of one of the kinds, if there is exactly one: an API that gives an id where it could give the object too
// gives the id as long as nobody asks for more.
func (s *shape) only(kinds ...string) *shape {
	if s.alternatives == nil {
		return s
	}
	var found *shape
	for _, a := range s.alternatives {
		if slices.Contains(kinds, a.kind) {
			if found != nil {
				return s
			}
			found = a
		}
	}
	if found == nil {
		return s
	}
	one := *found
	one.nullable = one.nullable || s.nullable
	return &one
}

// String is what a message calls it.
func (s *shape) String() string {
	switch {
	case s.alternatives != nil:
		return "one of several types"
	case s.kind == "":
		return "of any type"
	case s.enum != nil:
		return "an enum"
	case s.format != "":
		return article(s.kind) + " (" + s.format + ")"
	}
	return article(s.kind)
}

func article(kind string) string {
	if strings.HasPrefix(kind, "a") || strings.HasPrefix(kind, "o") || strings.HasPrefix(kind, "i") {
		return "an " + kind
	}
	return "a " + kind
}
