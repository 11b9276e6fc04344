package valid

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Defaults reports every default of a schema's arguments and input fields that is no value of its type, at its place (specification
// §3.6.1 and §3.10). The parser of schemas looks at none, and a resolver would get whatever stands there.
func Defaults(schema *ast.Schema) error {
	var faults []error
	check := func(what string, typ *ast.Type, value *ast.Value) {
		if value == nil {
			return
		}
		for _, fault := range literal(schema, typ, value) {
			fault.Message = fmt.Sprintf("the default of %s: %s", what, fault.Message)
			fault.SetFile(value.Position.Src.Name)
			faults = append(faults, fault)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
		for _, field := range schema.Types[name].Fields {
			check(name+"."+field.Name, field.Type, field.DefaultValue)
			for _, argument := range field.Arguments {
				check(fmt.Sprintf("%s.%s(%s:)", name, field.Name, argument.Name), argument.Type, argument.DefaultValue)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Directives)) {
		for _, argument := range schema.Directives[name].Arguments {
			check(fmt.Sprintf("@%s(%s:)", name, argument.Name), argument.Type, argument.DefaultValue)
		}
	}
	return errors.Join(faults...)
}

// literal compares a value with a type, as the default of a variable: that is where a document has one that stands for itself.
func literal(schema *ast.Schema, typ *ast.Type, value *ast.Value) gqlerror.List {
	operation := &ast.OperationDefinition{
		Operation: ast.Query, Position: value.Position,
		VariableDefinitions: ast.VariableDefinitionList{{Variable: "value", Type: typ, DefaultValue: value, Position: value.Position}},
	}
	rule := rules.NewRules()
	rule.AddRule(rules.ValuesOfCorrectTypeRule.Name, valuesOfCorrectType)
	return validator.ValidateWithRules(schema, &ast.QueryDocument{Operations: ast.OperationList{operation}}, rule)
}
