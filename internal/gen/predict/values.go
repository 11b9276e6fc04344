package predict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
)

// variables coerces the variables that the developer gives. One that is required and cannot change the estimate (a text, an id, an enum,
// a scalar of the schema's own) is made up if it is not given. unset names those that may be null and are not given.
func variables(schema *ast.Schema, operation *ast.OperationDefinition, text []byte) (values map[string]any, unset []string, err error) {
	given := map[string]any{}
	if len(bytes.TrimSpace(text)) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&given); err != nil {
			return nil, nil, fmt.Errorf("the variables are no JSON object: %w", err)
		}
	}
	var missing []string
	for _, v := range operation.VariableDefinitions {
		if _, there := given[v.Variable]; there || v.DefaultValue != nil {
			continue
		}
		switch filler, ok := anyOf(schema, v.Type); {
		case !v.Type.NonNull:
			unset = append(unset, "$"+v.Variable)
		case ok:
			given[v.Variable] = filler
		default:
			missing = append(missing, "$"+v.Variable+": "+v.Type.String())
		}
	}
	if len(missing) > 0 {
		return nil, nil, fmt.Errorf("what is asked depends on %s: want it in -variables", strings.Join(missing, ", ")) //nolint:err113 // For a person.
	}
	known := map[string]any{} // Operations of one document have variables of their own.
	for name, value := range given {
		if slices.ContainsFunc(operation.VariableDefinitions, func(v *ast.VariableDefinition) bool { return v.Variable == name }) {
			known[name] = value
		}
	}
	values, err = validator.VariableValues(schema, operation, known)
	return values, unset, err
}

// anyOf gives some value of a type, if any is as good as another for the estimate.
func anyOf(schema *ast.Schema, t *ast.Type) (value any, ok bool) {
	def := schema.Types[t.Name()]
	switch {
	case t.Elem != nil || def == nil:
		return nil, false
	case def.Kind == ast.Enum:
		return def.EnumValues[0].Name, true
	case def.Kind == ast.Scalar && !slices.Contains([]string{"Int", "Float", "Boolean"}, def.Name):
		return "any", true
	}
	return nil, false
}
