package valid

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Rules are the validator's own, and that a literal for an Int fits its 32 bits (specification §3.5.1, Input Coercion): the validator
// takes 64, and the executors hand on whatever it takes.
func Rules() *rules.Rules {
	all := rules.NewDefaultRules()
	all.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, valuesOfCorrectType)
	return all
}

func valuesOfCorrectType(observers *core.Events, addError core.AddErrFunc) {
	rules.ValuesOfCorrectTypeRule.RuleFunc(observers, addError)
	observers.OnValue(func(_ *core.Walker, value *ast.Value) {
		if value.Kind == ast.IntValue && value.Definition != nil && value.Definition.Name == "Int" && isBeyondInt(value.Raw) {
			addError(core.Message("Int cannot represent non 32-bit signed integer value: %s", value.Raw), core.At(value.Position))
		}
	})
}

// isBeyondInt tells digits that 64 bits hold and 32 do not; of those beyond 64 the validator's own rule speaks.
func isBeyondInt(digits string) bool {
	n, err := strconv.ParseInt(digits, 10, 64)
	return err == nil && n != int64(int32(n)) //nolint:gosec // Whether it is the same number is the question.
}
