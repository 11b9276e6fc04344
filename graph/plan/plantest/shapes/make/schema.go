package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// schema is one that was made up.
type schema struct {
	seed uint64
	rand *rand.Rand

	enums      []*enum
	scalars    []string
	inputs     []*input
	interfaces []*abstract
	unions     []*abstract
	objects    []*object
	roots      []*object
	// options are gqlgen's that choose among Go types.
	options []string
	// deep are the elements of lists in lists, by base and depth.
	deep map[string]*typ
}

type enum struct {
	name   string
	values []string
	// numbers tells an enum that is bound to numbers of Go.
	numbers bool
}

type input struct {
	name   string
	fields []*argument
}

type argument struct {
	name, fallback, directive string
	typ                       *typ
}

// abstract is an interface or a union.
type abstract struct {
	name    string
	above   []*abstract // the interfaces that it implements
	fields  []*field
	members []*object
}

type object struct {
	name      string
	directive string
	above     []*abstract
	fields    []*field
	// byValue tells an object that stands in interfaces as a value too.
	byValue bool
	rank    int // Objects hold only those of a higher rank.
}

type field struct {
	name, directive string
	args            []*argument
	typ             *typ
	binding         binding
	goType          string // of what the model holds
}

// binding is where a field's value comes from.
type binding int

const (
	variable binding = iota
	method
	failingMethod
	contextMethod
	maybeMethod
	single
	batch
)

// typ is a type reference.
type typ struct {
	name    string // empty for a list
	elem    *typ
	nonNull bool
}

func (t *typ) String() string {
	text := t.name
	if t.elem != nil {
		text = "[" + t.elem.String() + "]"
	}
	if t.nonNull {
		text += "!"
	}
	return text
}

// base is what a list of lists is of.
func (t *typ) base() string {
	if t.elem != nil {
		return t.elem.base()
	}
	return t.name
}

func (s *schema) chance(percent int) bool { return s.rand.IntN(100) < percent }

func pick[T any](s *schema, from []T) T { return from[s.rand.IntN(len(from))] }

// some takes between least and most of the elements, in their order.
func some[T any](s *schema, from []T, least, most int) []T {
	n := min(least+s.rand.IntN(most-least+1), len(from))
	places := s.rand.Perm(len(from))[:n]
	slices.Sort(places)
	list := make([]T, n)
	for i, place := range places {
		list[i] = from[place]
	}
	return list
}

// newSchema makes one up: the same for the same seed.
func newSchema(seed uint64) *schema {
	s := &schema{seed: seed, deep: map[string]*typ{}, rand: rand.New(rand.NewPCG(seed, 3))}
	for _, name := range some(s, []string{"Colour", "Grade", "Season"}, 1, 3) {
		s.enums = append(s.enums, &enum{name, some(s, []string{"LOW", "MIDDLE", "HIGH", "NONE", "ALL"}, 2, 5), s.chance(40)})
	}
	s.scalars = some(s, []string{"Stamp", "Tag", "Ratio", "Blob", "Doc"}, 1, 5)
	for _, name := range some(s, []string{"Filter", "Range", "Order"}, 1, 2) {
		s.inputs = append(s.inputs, &input{name: name})
	}
	for _, in := range s.inputs {
		for _, name := range some(s, []string{"word", "least", "most", "of", "within", "not"}, 2, 4) {
			in.fields = append(in.fields, s.argument(name, s.inputType(), false))
		}
	}
	for i, name := range some(s, []string{"Alder", "Birch", "Cedar", "Elder", "Fir", "Gorse", "Hazel", "Larch", "Maple"}, 5, 7) {
		s.objects = append(s.objects, &object{name: name, rank: i, byValue: s.chance(30)})
		if s.chance(10) {
			s.objects[i].directive = " @kept"
		}
	}
	for _, name := range some(s, []string{"Node", "Named", "Grown"}, 1, 3) {
		s.interfaces = append(s.interfaces, &abstract{name: name})
	}
	for _, name := range some(s, []string{"Any", "Found"}, 1, 2) {
		s.unions = append(s.unions, &abstract{name: name, members: some(s, s.objects, 2, 4)})
	}
	s.implement()
	for i, a := range s.interfaces {
		for _, above := range a.above {
			a.fields = append(a.fields, s.covariant(above.fields)...)
		}
		for j := range 1 + s.rand.IntN(3) {
			a.fields = append(a.fields, s.field([]string{"id", "label", "peer", "mark", "name", "spot", "kin", "next", "size"}[3*i+j]))
		}
	}
	for _, o := range s.objects {
		s.fillObject(o)
	}
	s.addRoots()
	s.options = some(s, []string{"omit_slice_element_pointers", "resolvers_always_return_pointers", "struct_fields_always_pointers", "nullable_input_omittable", "call_argument_directives_with_null"}, 0, 3)
	return s
}

// implement gives every interface its objects, and the second the first to implement.
func (s *schema) implement() {
	for i, a := range s.interfaces {
		if i == 1 && s.chance(50) {
			a.above = s.interfaces[:1]
		}
		for _, o := range some(s, s.objects, 1, 4) {
			for _, each := range append(slices.Clone(a.above), a) {
				if !slices.Contains(o.above, each) {
					o.above = append(o.above, each)
					each.members = append(each.members, o)
				}
			}
		}
	}
}

// fillObject makes up an object's fields: its interfaces' first.
func (s *schema) fillObject(o *object) {
	for _, a := range o.above {
		for _, f := range s.covariant(a.fields) {
			if i := slices.IndexFunc(o.fields, func(have *field) bool { return have.name == f.name }); i >= 0 {
				stricter := s.stricter(o, a, f.name)
				if o.fields[i].typ.String() != f.typ.String() {
					o.fields[i].typ = stricter.typ
				}
				o.fields[i].args = stricter.args
				continue
			}
			o.fields = append(o.fields, f)
		}
	}
	for _, name := range some(s, []string{"age", "bark", "cone", "dust", "echo", "frond", "gall", "hue", "ivy", "leaf", "moss", "nest", "oak", "pine", "root", "sap", "twig"}, 3, 7) {
		o.fields = append(o.fields, s.field(name))
	}
	for _, f := range o.fields {
		s.bind(o, f)
	}
	if s.chance(15) { // What no plan covers; the operations that ask for it run on gqlgen's executor.
		o.fields = append(o.fields, &field{name: "vault", typ: &typ{name: "String"}, binding: batch, directive: ` @limited(role: "owner")`})
	}
}

// stricter is a field of the object as it has to be for the last of its interfaces that declares it, which implements the others.
func (s *schema) stricter(o *object, a *abstract, name string) *field {
	for _, other := range o.above {
		if slices.Contains(other.above, a) {
			a = other
		}
	}
	for _, f := range a.fields {
		if f.name == name {
			return f
		}
	}
	panic("no field " + name)
}

// covariant copies an interface's fields, of types that may be stricter.
func (s *schema) covariant(fields []*field) []*field {
	var list []*field
	for _, f := range fields {
		own := *f
		own.typ = s.narrowed(f.typ)
		if s.chance(10) {
			more := s.argument("over", s.inputType(), true)
			more.typ.nonNull = more.typ.nonNull && more.fallback != "" // It may be left out.
			own.args = append(slices.Clone(f.args), more)
		}
		list = append(list, &own)
	}
	return list
}

func (s *schema) narrowed(t *typ) *typ {
	own := *t
	own.nonNull = t.nonNull || s.chance(15) && mayBeNonNull(t.name)
	if t.depth() > 1 {
		return &own // See wrap.
	}
	if t.elem != nil {
		own.elem = s.narrowed(t.elem)
		return &own
	}
	for _, a := range append(slices.Clone(s.interfaces), s.unions...) {
		if a.name == t.name && s.chance(40) {
			own.name = pick(s, a.members).name
		}
	}
	return &own
}

// field makes one up, but for its binding.
func (s *schema) field(name string) *field {
	f := &field{name: name, typ: s.outputType()}
	if s.chance(20) {
		for _, arg := range some(s, []string{"first", "by", "in"}, 1, 2) {
			f.args = append(f.args, s.argument(arg, s.inputType(), true))
		}
	}
	if s.chance(7) {
		f.directive = pick(s, []string{` @limited`, ` @limited(role: "reader")`, ` @limited(role: "writer", levels: [1, 2])`})
	}
	return f
}

func (s *schema) addRoots() {
	root := func(name string, fields []string) {
		o := &object{name: name}
		for _, f := range fields {
			made := s.field(f)
			made.binding = single
			o.fields = append(o.fields, made)
		}
		s.roots = append(s.roots, o)
	}
	root("Query", some(s, []string{"acre", "brook", "copse", "dell", "fen", "grove", "heath"}, 4, 6))
	for _, kind := range []string{"object", "list", "interface", "union"} { // Every schema has a way to all of its objects.
		f := &field{name: kind + "s", binding: single, typ: s.wrap(pick(s, s.objects).name)}
		switch kind {
		case "list":
			f.typ = &typ{elem: &typ{name: pick(s, s.objects).name, nonNull: s.chance(50)}}
		case "interface":
			f.typ = s.wrap(pick(s, s.interfaces).name)
		case "union":
			f.typ = s.wrap(pick(s, s.unions).name)
		}
		s.roots[0].fields = append(s.roots[0].fields, f)
	}
	root("Mutation", some(s, []string{"plant", "fell", "graft"}, 1, 2))
	root("Subscription", some(s, []string{"rings", "falls", "blooms"}, 1, 2))
	for _, f := range s.roots[2].fields {
		f.directive = ""
	}
}

// argument makes up an argument or an input's field; inputs are known when an argument is made, and not while inputs are.
func (s *schema) argument(name string, t *typ, inputsKnown bool) *argument {
	a := &argument{name: name, typ: t}
	if s.isInput(t.base()) {
		t.nonNull = t.nonNull && t.elem != nil // An input may hold itself.
	}
	if s.chance(35) && (inputsKnown || !s.isInput(t.base())) {
		a.fallback = " = " + s.literal(t, 1)
	}
	if s.chance(8) {
		a.directive = fmt.Sprintf(" @checked(as: %q)", name)
	}
	return a
}
