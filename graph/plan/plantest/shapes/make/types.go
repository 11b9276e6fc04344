package main

import (
	"fmt"
	"slices"
	"strings"
)

// outputType makes up what a field gives.
func (s *schema) outputType() *typ {
	switch n := s.rand.IntN(100); {
	case n < 45:
		return s.wrap(pick(s, s.leaves()))
	case n < 75:
		return s.wrap(pick(s, s.objects).name)
	case n < 88:
		return s.wrap(pick(s, s.interfaces).name)
	}
	return s.wrap(pick(s, s.unions).name)
}

func (s *schema) inputType() *typ {
	if s.chance(25) {
		return s.wrap(pick(s, s.inputs).name)
	}
	return s.wrap(pick(s, s.leaves()))
}

// leaves are the schema's scalars and enums.
func (s *schema) leaves() []string {
	names := append([]string{"String", "Int", "Float", "Boolean", "ID"}, s.scalars...)
	for _, e := range s.enums {
		names = append(names, e.name)
	}
	return names
}

// wrap puts a type into lists, with nulls or without at every place. Within lists of lists of one type that is decided once: gqlgen
// does not tell [[T]] from [[T!]].
func (s *schema) wrap(name string) *typ {
	t := &typ{name: name, nonNull: s.chance(40) && mayBeNonNull(name)}
	for s.chance(28) {
		if t.elem != nil {
			inner := fmt.Sprint(name, " ", t.depth())
			if s.deep[inner] == nil {
				s.deep[inner] = t.elem
			}
			t.elem = s.deep[inner]
		}
		t = &typ{elem: t, nonNull: s.chance(40)}
	}
	return t
}

func (t *typ) depth() int {
	if t.elem == nil {
		return 0
	}
	return 1 + t.elem.depth()
}

// mayBeNonNull tells no scalar that may fail: gqlgen makes a null of it even where none may be.
func mayBeNonNull(name string) bool { return name != "Ratio" }

func (s *schema) enum(name string) *enum {
	if i := slices.IndexFunc(s.enums, func(e *enum) bool { return e.name == name }); i >= 0 {
		return s.enums[i]
	}
	return nil
}

func (s *schema) object(name string) *object {
	if i := slices.IndexFunc(s.objects, func(o *object) bool { return o.name == name }); i >= 0 {
		return s.objects[i]
	}
	return nil
}

func (s *schema) input(name string) *input {
	if i := slices.IndexFunc(s.inputs, func(in *input) bool { return in.name == name }); i >= 0 {
		return s.inputs[i]
	}
	return nil
}

func (s *schema) isInput(name string) bool {
	return s.input(name) != nil || slices.Contains([]string{"Filter", "Range", "Order"}, name)
}

func (s *schema) isLeaf(name string) bool { return slices.Contains(s.leaves(), name) }

// literal makes up a default.
func (s *schema) literal(t *typ, depth int) string {
	if !t.nonNull && s.chance(20) {
		return "null"
	}
	if t.elem != nil {
		list := make([]string, s.rand.IntN(3))
		if depth < 0 {
			list = nil
		}
		for i := range list {
			list[i] = s.literal(t.elem, depth)
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	if e := s.enum(t.name); e != nil {
		return pick(s, e.values)
	}
	if in := s.input(t.name); in != nil {
		var fields []string
		for _, f := range in.fields {
			if f.typ.nonNull && f.fallback == "" || depth > 0 && s.chance(30) {
				fields = append(fields, f.name+": "+s.literal(f.typ, depth-1))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	switch t.name {
	case "Int":
		return fmt.Sprint(s.rand.IntN(9))
	case "Float", "Ratio":
		return "1.5"
	case "Boolean":
		return fmt.Sprint(s.chance(50))
	case "Stamp":
		return "8"
	case "Doc":
		return `{deep: [1, "two"]}`
	}
	return fmt.Sprintf("%q", pick(s, []string{"1", "two", "three"}))
}
