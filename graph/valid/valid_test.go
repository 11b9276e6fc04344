package valid_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/valid"
)

// An integer that Int cannot hold makes a document invalid wherever it stands, and where it stands (specification §3.5.1, Input Coercion);
// what other scalars hold is theirs to say.
func TestRulesOfIntegers(t *testing.T) {
	schema := plantest.New(&plantest.World{}).Schema()
	beyond := func(digits string, column int) string {
		return fmt.Sprintf("%d: Int cannot represent non 32-bit signed integer value: %s", column, digits)
	}
	for query, want := range map[string][]string{
		"{alphas(count:2147483647){id} a:alphas(count:-2147483648){id}}":           nil,
		"{alphas(count:2147483648){id}}":                                           {beyond("2147483648", 15)},
		"{alphas(count:-2147483649){id}}":                                          {beyond("-2147483649", 15)},
		"{alphas(count:9223372036854775808){id}}":                                  {beyond("9223372036854775808", 15)},
		"{alphas(count:1.0){id}}":                                                  {"15: Int cannot represent non-integer value: 1.0"},
		"{alphas(filter:{limits:[[1,3000000000],[4000000000]]}){id}}":              {beyond("3000000000", 28), beyond("4000000000", 41)},
		"{alphas(filter:{limits:3000000000}){id}}":                                 {beyond("3000000000", 24)},
		"query($n:Int!=3000000000){alphas(count:$n){id}}":                          {beyond("3000000000", 15)},
		"{alphas(filter:{stamp:3000000000}){id}}":                                  nil,
		"{...F} fragment F on Query{alphas(count:3000000000){id}}":                 {beyond("3000000000", 41)},
		"query($on:Boolean!){alphas(count:3000000000) @skip(if:$on){id} constant}": {beyond("3000000000", 34)},
	} {
		doc, err := parser.ParseQuery(&ast.Source{Input: query})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, fault := range validator.ValidateWithRules(schema, doc, valid.Rules()) {
			got = append(got, fmt.Sprintf("%d: %s", fault.Locations[0].Column, fault.Message))
		}
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, want) { // A fragment's are told wherever it is spread.
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
