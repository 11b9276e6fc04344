package differ

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// author makes up operations: fragments, repeated fields, aliases, arguments, variables and conditions, as deep as is asked.
type author struct {
	schema    *ast.Schema
	rand      *rand.Rand
	aliases   int
	fragments map[string]string // text by name
	ofType    map[string][]string
	variables map[string]any
	declared  []string
	writing   []string // fragments being written: none may hold itself
	seldom    []string // fields that few operations ask for
	beyond    bool     // a literal is beyond the 32 bits of Int
}

// Operation is one that was made up.
type Operation struct {
	Text      string
	Variables map[string]any
	// Beyond tells that a literal is beyond the 32 bits of Int: nobody may run it.
	Beyond bool
}

// Author makes one up. It may be invalid, where fields of the same name do not go together. Fields of the names that are seldom
// asked for are those that no plan covers.
func Author(schema *ast.Schema, seed uint64, seldom ...string) Operation {
	a := &author{
		schema: schema, rand: rand.New(rand.NewPCG(seed, 1)), fragments: map[string]string{}, ofType: map[string][]string{}, variables: map[string]any{},
		seldom: seldom,
	}
	kind, root := "query", schema.Query
	switch {
	case schema.Mutation != nil && a.chance(10):
		kind, root = "mutation", schema.Mutation
	case schema.Subscription != nil && a.chance(8):
		kind, root = "subscription", schema.Subscription
	}
	depth := 1 + a.rand.IntN(5)
	body := ""
	if kind == "subscription" {
		body = a.event(root, depth)
	} else {
		body = a.selection(root, depth)
	}
	var b strings.Builder
	b.WriteString(kind + " Q")
	if len(a.declared) > 0 {
		b.WriteString("(" + strings.Join(a.declared, ", ") + ")")
	}
	b.WriteString(" " + body + "\n")
	for _, name := range slices.Sorted(maps.Keys(a.fragments)) {
		b.WriteString(a.fragments[name] + "\n")
	}
	return Operation{b.String(), a.variables, a.beyond}
}

// event makes up a subscription's one field, in a fragment or not.
func (a *author) event(root *ast.Definition, depth int) string {
	field := a.field(root, max(depth, 2))
	if strings.HasPrefix(field, "__") || a.chance(80) {
		return "{ " + field + " }"
	}
	return "{ ... on " + root.Name + " { " + field + " } }"
}

func (a *author) chance(percent int) bool { return a.rand.IntN(100) < percent }

// selection makes up what is asked of a type, with fields of fields down to the depth.
func (a *author) selection(def *ast.Definition, depth int) string {
	var parts []string
	for range 1 + a.rand.IntN(4) {
		parts = append(parts, a.part(def, depth))
	}
	return "{ " + strings.Join(parts, "\n") + " }"
}

func (a *author) part(def *ast.Definition, depth int) string {
	switch n := a.rand.IntN(100); {
	case n < 5:
		return "__typename" + a.condition()
	case n < 15 || def.Kind == ast.Union && n < 60:
		on := a.overlapping(def)
		return "... on " + on.Name + a.condition() + " " + a.selection(on, depth)
	case n < 20:
		return "..." + a.condition() + " " + a.selection(def, depth)
	case n < 28:
		return a.spread(def, depth)
	case def.Kind == ast.Union:
		return "__typename"
	}
	return a.field(def, depth)
}

// overlapping gives a type that an object of the other may be of.
func (a *author) overlapping(def *ast.Definition) *ast.Definition {
	possible := a.schema.GetPossibleTypes(def)
	concrete := possible[a.aliases%len(possible)]
	abstract := a.schema.GetImplements(concrete)
	if len(abstract) == 0 || a.aliases%3 > 0 {
		return concrete
	}
	if found := abstract[a.aliases%len(abstract)]; found.Kind != ast.Union {
		return found
	}
	return concrete
}

// spread uses a fragment that is there, or writes one.
func (a *author) spread(def *ast.Definition, depth int) string {
	on := a.overlapping(def)
	for _, name := range a.ofType[on.Name] {
		if !slices.Contains(a.writing, name) && len(a.writing) == 0 {
			return "..." + name + a.condition()
		}
	}
	if len(a.fragments) > 4 {
		return "__typename"
	}
	name := fmt.Sprintf("F%d", len(a.fragments))
	a.fragments[name] = "" // It has its number.
	a.writing = append(a.writing, name)
	a.fragments[name] = fmt.Sprintf("fragment %s on %s %s", name, on.Name, a.selection(on, min(depth, 2)))
	a.writing = a.writing[:len(a.writing)-1]
	a.ofType[on.Name] = append(a.ofType[on.Name], name)
	return "..." + name + a.condition()
}

func (a *author) field(def *ast.Definition, depth int) string {
	f := def.Fields[a.rand.IntN(len(def.Fields))]
	typ := a.schema.Types[f.Type.Name()]
	if strings.HasPrefix(f.Name, "__") || typ.IsCompositeType() && depth <= 1 || slices.Contains(a.seldom, f.Name) && !a.chance(1) {
		return "__typename"
	}
	text := f.Name
	a.aliases++
	if a.chance(30) {
		text = fmt.Sprintf("a%d: %s%s", a.aliases, f.Name, a.arguments(f.Arguments))
	} else if slices.ContainsFunc(f.Arguments, required) {
		text += a.arguments(f.Arguments)
	}
	text += a.condition()
	if a.rand.IntN(4000) == 0 {
		text += " @traced"
	}
	if typ.IsCompositeType() {
		text += " " + a.selection(typ, depth-1)
		if a.chance(10) && !strings.Contains(text, ":") {
			text += " " + f.Name + " " + a.selection(typ, depth-1)
		}
	}
	return text
}

// condition makes up @skip and @include.
func (a *author) condition() string {
	if !a.chance(10) {
		return ""
	}
	value := fmt.Sprint(a.chance(60))
	if a.chance(50) {
		name := fmt.Sprintf("on%d", a.rand.IntN(3))
		if _, known := a.variables[name]; !known {
			a.variables[name] = a.chance(60)
			a.declared = append(a.declared, "$"+name+": Boolean!")
		}
		value = "$" + name
	}
	if a.chance(50) {
		return " @skip(if: " + value + ")"
	}
	return " @include(if: " + value + ")"
}
