package differ

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// variable stands in a value for a variable of the operation.
type variable string

func required(arg *ast.ArgumentDefinition) bool { return arg.Type.NonNull && arg.DefaultValue == nil }

func (a *author) arguments(defs ast.ArgumentDefinitionList) string {
	var args []string
	for _, def := range defs {
		if required(def) || a.chance(60) {
			args = append(args, def.Name+": "+a.literal(def.Type, a.argument(def.Type, def.DefaultValue != nil)))
		}
	}
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// argument makes up a value, or a variable.
func (a *author) argument(typ *ast.Type, mayMiss bool) any {
	if a.chance(30) {
		return a.declare(typ, mayMiss)
	}
	return a.value(typ, 2, true)
}

// declare makes up a variable, with a default or not, which may be left out where that is allowed.
func (a *author) declare(typ *ast.Type, mayMiss bool) any {
	name := fmt.Sprintf("v%d", len(a.declared))
	declared, fallback := *typ, ""
	switch {
	case typ.NonNull && mayMiss && a.chance(30):
		declared.NonNull = false // The argument has a default of its own.
	case !typ.NonNull && a.chance(20):
		declared.NonNull = true
	}
	if a.chance(30) {
		fallback = " = " + a.literal(&declared, a.value(&declared, 1, false))
	}
	if declared.NonNull && fallback == "" || a.chance(75) {
		a.variables[name] = a.value(&declared, 2, false)
	}
	a.declared = append(a.declared, "$"+name+": "+declared.String()+fallback)
	return variable(name)
}

// value makes up a value of an input type as a client sends it; some scalars are not what they should be. Variables may stand in it.
func (a *author) value(typ *ast.Type, depth int, variables bool) any {
	if !typ.NonNull && a.chance(10) {
		return nil
	}
	if typ.Elem != nil {
		list := make([]any, a.rand.IntN(3))
		if depth <= 0 && a.schema.Types[typ.Name()].Kind == ast.InputObject {
			list = []any{}
		}
		for i := range list {
			list[i] = a.inner(typ.Elem, depth, variables, false)
		}
		return list
	}
	def := a.schema.Types[typ.NamedType]
	switch def.Kind {
	case ast.Enum:
		return def.EnumValues[a.rand.IntN(len(def.EnumValues))].Name
	case ast.InputObject:
		object := map[string]any{}
		for _, f := range def.Fields {
			required := f.Type.NonNull && f.DefaultValue == nil
			if required || a.chance(25) && (depth > 0 || a.schema.Types[f.Type.Name()].Kind != ast.InputObject) {
				object[f.Name] = a.inner(f.Type, depth-1, variables, f.DefaultValue != nil)
			}
		}
		return object
	}
	return a.scalar(def.Name)
}

func (a *author) inner(typ *ast.Type, depth int, variables, mayMiss bool) any {
	if variables && a.chance(8) {
		return a.declare(typ, mayMiss)
	}
	return a.value(typ, depth, variables)
}

func (a *author) scalar(name string) any {
	switch name {
	case "Int":
		return a.rand.IntN(5)
	case "Float":
		return []any{2.25, 3}[a.rand.IntN(2)]
	case "Boolean":
		return a.chance(50)
	case "Stamp":
		return []any{5, 12, 99, 7, -5, "late"}[a.rand.IntN(6)]
	case "Ratio":
		return 0.5
	case "Doc":
		return []any{map[string]any{"a": []any{1, "two"}}, "text", true, 7}[a.rand.IntN(4)]
	}
	return strconv.Itoa(a.rand.IntN(9))
}

// literal writes a value as a document has it, and now and then an integer that Int cannot hold in its place.
func (a *author) literal(typ *ast.Type, value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case variable:
		return "$" + string(value)
	case []any:
		var elem *ast.Type
		if typ != nil {
			elem = typ.Elem
		}
		list := make([]string, len(value))
		for i, v := range value {
			list[i] = a.literal(elem, v)
		}
		return "[" + strings.Join(list, ", ") + "]"
	case map[string]any:
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			var of *ast.Type
			if typ != nil {
				if f := a.schema.Types[typ.NamedType].Fields.ForName(name); f != nil {
					of = f.Type
				}
			}
			fields = append(fields, name+": "+a.literal(of, value[name]))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case string:
		if typ != nil && a.schema.Types[typ.NamedType].Kind == ast.Enum {
			return value
		}
		return strconv.Quote(value)
	}
	if typ != nil && typ.NamedType == "Int" && a.rand.IntN(50) == 0 {
		a.beyond = true
		return []string{"2147483648", "-2147483649", "9223372036854775807"}[a.rand.IntN(3)]
	}
	return fmt.Sprint(value)
}
