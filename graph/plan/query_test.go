package plan_test

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
}

// operation makes up one. It may be invalid, where fields of the same name do not go together.
func operation(schema *ast.Schema, seed uint64) (text string, variables map[string]any) {
	a := &author{
		schema: schema, rand: rand.New(rand.NewPCG(seed, 1)), fragments: map[string]string{}, ofType: map[string][]string{}, variables: map[string]any{},
	}
	kind, root := "query", schema.Query
	if a.chance(10) {
		kind, root = "mutation", schema.Mutation
	}
	body := a.selection(root, 1+a.rand.IntN(5))
	var b strings.Builder
	b.WriteString(kind + " Q")
	if len(a.declared) > 0 {
		b.WriteString("(" + strings.Join(a.declared, ", ") + ")")
	}
	b.WriteString(" " + body + "\n")
	for _, name := range slices.Sorted(maps.Keys(a.fragments)) {
		b.WriteString(a.fragments[name] + "\n")
	}
	return b.String(), a.variables
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
	if strings.HasPrefix(f.Name, "__") || f.Name == "vault" || typ.IsCompositeType() && depth <= 1 {
		return "__typename"
	}
	text := f.Name
	a.aliases++
	if a.chance(30) {
		text = fmt.Sprintf("a%d: %s%s", a.aliases, f.Name, a.arguments(f.Arguments))
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

func (a *author) arguments(defs ast.ArgumentDefinitionList) string {
	var args []string
	for _, def := range defs {
		if def.Type.NonNull && def.DefaultValue == nil || a.chance(60) {
			args = append(args, def.Name+": "+a.argument(def))
		}
	}
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// argument makes up a literal, or a variable, which may be left out.
func (a *author) argument(def *ast.ArgumentDefinition) string {
	if !a.chance(30) {
		return a.literal(def.Type, 2)
	}
	name := fmt.Sprintf("v%d", len(a.declared))
	typ, fallback := def.Type.String(), ""
	if a.chance(30) {
		fallback = " = " + a.literal(def.Type, 1)
	} else if value := map[string]any{"Int": 2, "Boolean": true, "ID": "7", "Float": 1.5, "Size": "LARGE", "Stamp": 12, "Filter": map[string]any{"word": "v", "limits": []any{[]any{1}}}}[typ]; value != nil && a.chance(80) {
		a.variables[name] = value
	} else if def.Type.NonNull {
		return a.literal(def.Type, 2)
	}
	a.declared = append(a.declared, "$"+name+": "+typ+fallback)
	return "$" + name
}

func (a *author) literal(typ *ast.Type, depth int) string {
	if !typ.NonNull && a.chance(10) {
		return "null"
	}
	if typ.Elem != nil {
		list := make([]string, a.rand.IntN(3))
		for i := range list {
			list[i] = a.literal(typ.Elem, depth)
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	switch typ.NamedType {
	case "Int":
		return fmt.Sprint(a.rand.IntN(5))
	case "Float":
		return "2.25"
	case "Boolean":
		return fmt.Sprint(a.chance(50))
	case "Colour":
		return []string{"RED", "GREEN", "BLUE"}[a.rand.IntN(3)]
	case "Size":
		return []string{"SMALL", "LARGE"}[a.rand.IntN(2)]
	case "Stamp":
		return []string{"5", "-5", `"late"`, "99"}[a.rand.IntN(4)]
	case "Filter":
		fields := []string{`word: "w` + fmt.Sprint(a.rand.IntN(3)) + `"`}
		for _, f := range []string{"colours: [GREEN]", "limits: [[1, 2]]", "stamp: 4", "stamp: -4"} {
			if twice := strings.HasPrefix(f, "stamp") && strings.HasPrefix(fields[len(fields)-1], "stamp"); a.chance(15) && !twice {
				fields = append(fields, f)
			}
		}
		if depth > 1 && a.chance(20) {
			fields = append(fields, "sub: "+a.literal(&ast.Type{NamedType: "Filter", NonNull: true}, depth-1))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	return `"` + fmt.Sprint(a.rand.IntN(9)) + `"`
}
