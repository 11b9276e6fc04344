package resttest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// author makes up operations of what bytes wish; when they are used up it comes to an end.
type author struct {
	schema  *ast.Schema
	wishes  []byte
	cursors []string // that answers gave
	// plain asks for one thing after another, and often for the same again, so that it can be told what a kept answer saves.
	plain bool
	last  string // the query asked before, and its variables
	kept  map[string]any

	variables map[string]any
	declared  []string
	aliases   int
	asked     []string // the fields asked for, "Type.field"
}

// choose gives a number below n.
func (a *author) choose(n int) int {
	if len(a.wishes) == 0 {
		return 0
	}
	wish := int(a.wishes[0])
	a.wishes = a.wishes[1:]
	return wish % n
}

func (a *author) one(of ...string) string { return of[a.choose(len(of))] }

// operation makes one up.
func (a *author) operation() (text string, variables map[string]any) {
	kind, root := "query", a.schema.Query
	switch n := a.choose(8); {
	case n >= 6:
		kind, root = "mutation", a.schema.Mutation
	case n == 5 && !a.plain:
		kind, root = "subscription", a.schema.Subscription
	}
	if kind == "query" && a.last != "" && a.choose(2) == 1 {
		return a.last, a.kept
	}
	a.variables, a.declared, a.aliases, a.asked = map[string]any{}, nil, 0, nil
	var fields []string
	for range 1 + a.choose(3) {
		if (a.plain || kind == "subscription") && len(fields) > 0 {
			break
		}
		fields = append(fields, a.field(root, 4, true))
	}
	head := kind
	if len(a.declared) > 0 {
		head += "(" + strings.Join(a.declared, ", ") + ")"
	}
	text = head + " {" + strings.Join(fields, " ") + "}"
	if a.plain && kind == "query" {
		a.last, a.kept = text, a.variables
	}
	return text, a.variables
}

// field makes up one of a type's fields, with what is asked of it down to the depth. All but the first of a selection have names of
// their own.
func (a *author) field(of *ast.Definition, depth int, alias bool) string {
	var fields ast.FieldList
	objects := depth > 1 && a.choose(4) > 0 // Mostly a field of objects, where there are any.
	for _, f := range of.Fields {
		composite := a.schema.Types[f.Type.Name()].IsCompositeType()
		if objects && !composite && of.Name == "Item" || strings.HasPrefix(f.Name, "__") || composite && depth <= 1 || a.plain && (f.Name == "box" || f.Name == "twin" || of.Name == "Query" && !slices.Contains(fresh, f.Name)) {
			continue
		}
		fields = append(fields, f)
		if f.Name == "items" {
			fields = append(fields, f, f, f) // What has most beneath it.
		}
	}
	f := fields[a.choose(len(fields))]
	a.asked = append(a.asked, of.Name+"."+f.Name)
	text := f.Name
	if of == a.schema.Subscription {
		text, alias = "s: "+f.Name, false
	}
	if alias {
		a.aliases++
		text = fmt.Sprintf("a%d: %s", a.aliases, f.Name)
	}
	text += a.arguments(f.Arguments)
	if a.choose(16) == 15 && of != a.schema.Subscription {
		text += " @" + a.one("skip", "include") + "(if: " + a.one("true", "false") + ")"
	}
	if typ := a.schema.Types[f.Type.Name()]; typ.IsCompositeType() {
		text += " " + a.selection(typ, depth-1)
	}
	return text
}

// fresh are the fields by which it can be told what a kept answer saves.
var fresh = []string{"item", "items", "mustItem", "maker", "asItSays", "kept", "anew"}

func (a *author) selection(of *ast.Definition, depth int) string {
	parts := []string{"__typename"}
	if of.Name == "Connection" || of.Name == "Counted" {
		parts = append(parts, "edges {cursor"+a.one(" node {id}", " node {id}", "")+"} pageInfo {hasNextPage hasPreviousPage startCursor endCursor}", "totalCount")
	} else {
		for _, f := range of.Fields {
			if len(f.Arguments) == 0 && a.schema.Types[f.Type.Name()].IsLeafType() && a.choose(3) < 2 {
				parts = append(parts, f.Name)
			}
		}
		for range a.choose(4) {
			part := a.field(of, depth, true)
			if a.choose(8) == 7 {
				part = "... on " + of.Name + " {" + part + "}"
			}
			parts = append(parts, part)
			if a.plain {
				break
			}
		}
	}
	return "{" + strings.Join(parts, " ") + "}"
}

func (a *author) arguments(defs ast.ArgumentDefinitionList) string {
	var args []string
	for _, def := range defs {
		needed := def.Type.NonNull && def.DefaultValue == nil
		if !needed && a.choose(2) == 0 {
			continue
		}
		literal, value := a.value(def.Name, def.Type, 3)
		if a.choose(4) == 3 {
			name := fmt.Sprintf("v%d", len(a.declared))
			a.declared, a.variables[name] = append(a.declared, "$"+name+": "+def.Type.String()), value
			literal = "$" + name
		}
		args = append(args, def.Name+": "+literal)
	}
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// value makes up an argument's, as a literal and as a variable has it.
func (a *author) value(name string, typ *ast.Type, depth int) (literal string, value any) {
	if !typ.NonNull && a.choose(6) == 5 {
		return "null", nil
	}
	if typ.Elem != nil {
		literals, values := []string{}, []any{}
		for range a.choose(4) {
			l, v := a.value(name, typ.Elem, depth)
			literals, values = append(literals, l), append(values, v)
		}
		return list(literals), values
	}
	def := a.schema.Types[typ.NamedType]
	switch {
	case name == "after":
		return text(a.one(append([]string{"", "junk", "AAAA"}, a.cursors...)...))
	case name == "first":
		n := []int{2, 1, 3, 0, 4, 11}[a.choose(6)]
		return strconv.Itoa(n), n
	case name == "id":
		return text(a.one("1", "2", "3", "4", "5", "6", "9007199254740993", "none", "", ".", "a/b?c", "1,2"))
	case name == "key":
		return text(a.one("k-1", "k-2", "", " k", "ü"))
	case def.Kind == ast.InputObject:
		return a.object(def, depth-1)
	case def.Kind == ast.Enum:
		v := def.EnumValues[a.choose(len(def.EnumValues))].Name
		return v, v
	}
	switch typ.NamedType {
	case "Int":
		n := []int{0, 1, -7, 2147483647}[a.choose(4)]
		return strconv.Itoa(n), n
	case "Float":
		n := a.one("0", "0.5", "-2.25", "1e21", "1e-7", "100")
		return n, json.Number(n)
	case "Boolean":
		b := a.choose(2) == 1
		return strconv.FormatBool(b), b
	case "DateTime":
		return text(a.one("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.006007+02:00", "0001-01-01T00:00:00Z"))
	case "Decimal":
		return text(a.one("1.50", "-3", "0"))
	}
	return text(a.one("", "a", "x y&z=1;%2F/", "ü☃\u2028<", "..", "a\nb", `q"\`))
}

func text(s string) (literal string, value any) {
	quoted, err := json.Marshal(s)
	if err != nil {
		return `""`, ""
	}
	return string(quoted), s
}

// object makes up an input object; what it need not have it has seldom, or as null.
func (a *author) object(def *ast.Definition, depth int) (literal string, value any) {
	var literals []string
	values := map[string]any{}
	for _, f := range def.Fields {
		needed := f.Type.NonNull && f.DefaultValue == nil
		if !needed && (depth <= 0 || a.choose(2) == 0) {
			continue
		}
		l, v := a.value(f.Name, f.Type, depth)
		literals, values[f.Name] = append(literals, f.Name+": "+l), v
	}
	return "{" + strings.Join(literals, ", ") + "}", values
}
