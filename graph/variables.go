package graph

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// misfit finds the first variable that does not fit its type (specification §3.5 to §3.10, Input Coercion); nil if all do. The
// validator alone would take texts for numbers, numbers for texts, integers of any size, and an enum's names in any case: the cost would
// then be estimated by other values than the resolvers get.
func misfit(schema *ast.Schema, operation *ast.OperationDefinition, variables map[string]any) *gqlerror.Error {
	if operation == nil {
		return nil // That the request names none of the document's operations is reported elsewhere.
	}
	for _, v := range operation.VariableDefinitions {
		if value := variables[v.Variable]; value != nil {
			if fault := fit(schema, ast.Path{ast.PathName("variable"), ast.PathName(v.Variable)}, v.Type, value); fault != nil {
				return fault
			}
		}
	}
	return nil
}

// fit compares a value that came as JSON with a type. Nulls, and what is missing or unknown, are the validator's to refuse.
func fit(schema *ast.Schema, path ast.Path, t *ast.Type, value any) *gqlerror.Error {
	if value == nil {
		return nil
	}
	if t.Elem != nil {
		list, ok := value.([]any)
		if !ok {
			return fit(schema, path, t.Elem, value) // A single value is coerced to a list of one.
		}
		for i, element := range list {
			if fault := fit(schema, append(path[:len(path):len(path)], ast.PathIndex(i)), t.Elem, element); fault != nil {
				return fault
			}
		}
		return nil
	}
	def := schema.Types[t.NamedType]
	if def == nil {
		return nil
	}
	ok := true
	switch def.Kind {
	case ast.Scalar:
		ok = fitsScalar(def.Name, value)
	case ast.Enum:
		name, text := value.(string)
		ok = text && def.EnumValues.ForName(name) != nil
	case ast.InputObject:
		return fitObject(schema, path, def, value)
	}
	if !ok {
		return gqlerror.ErrorPathf(path, "it is no %s", def.Name)
	}
	return nil
}

func fitObject(schema *ast.Schema, path ast.Path, def *ast.Definition, value any) *gqlerror.Error {
	object, ok := value.(map[string]any)
	if !ok {
		return gqlerror.ErrorPathf(path, "it is no %s", def.Name)
	}
	if def.Directives.ForName("oneOf") != nil && !isOne(object) {
		return gqlerror.ErrorPathf(path, "%s wants exactly one field, and not null", def.Name)
	}
	for _, f := range def.Fields {
		if fault := fit(schema, append(path[:len(path):len(path)], ast.PathName(f.Name)), f.Type, object[f.Name]); fault != nil {
			return fault
		}
	}
	return nil
}

// isOne tells whether an input object has exactly one field, and that not null, as @oneOf demands (§3.10.1).
func isOne(object map[string]any) bool {
	for _, value := range object {
		return len(object) == 1 && value != nil
	}
	return false
}

// fitsScalar checks the scalars that every schema has; others check their values themselves.
func fitsScalar(name string, value any) bool {
	number, isNumber := value.(json.Number)
	_, isText := value.(string)
	switch name {
	case "Int":
		n, err := strconv.ParseInt(string(number), 10, 64)
		return isNumber && err == nil && math.MinInt32 <= n && n <= math.MaxInt32
	case "Float":
		_, err := strconv.ParseFloat(string(number), 64)
		return isNumber && err == nil
	case "String":
		return isText
	case "Boolean":
		_, is := value.(bool)
		return is
	case "ID":
		return isText || isNumber && !strings.ContainsAny(string(number), ".eE")
	}
	return true
}
