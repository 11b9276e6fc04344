package valid_test

import (
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph/valid"
)

// A default that is no value of its type is told at its place, wherever the schema has one; those that are pass.
func TestDefaults(t *testing.T) {
	const types = `
scalar Instant
enum Colour { RED }
input Filter { word: String! = "all" colours: [Colour!] = [RED] sub: Filter limits: [[Int!]!] = 7 at: Instant = 3000000000 id: ID = 5 rate: Float = 1 }
`
	for schema, want := range map[string]string{
		"type Query { a(n: Int = -2147483648, f: Filter = {word: \"x\", limits: [[1]]}): Int }": "",
		"type Query { a(n: Int! = 3000000000): Int }":                                           "schema.graphqls:1:26: the default of Query.a(n:): Int cannot represent non 32-bit signed integer value: 3000000000",
		"type Query { a(n: Int = 1.5): Int }":                                                   "schema.graphqls:1:25: the default of Query.a(n:): Int cannot represent non-integer value: 1.5",
		"type Query { a(n: Int! = null): Int }":                                                 "schema.graphqls:1:26: the default of Query.a(n:): Expected value of type \"Int!\", found null.",
		"type Query { a(f: Filter = {limits: [[3000000000]]}): Int }":                           "schema.graphqls:1:39: the default of Query.a(f:): Int cannot represent non 32-bit signed integer value: 3000000000",
		"type Query { a: Int } input More { n: Int = \"1\" }":                                   "schema.graphqls:1:46: the default of More.n: Int cannot represent non-integer value: \"1\"",
		"type Query { a: Int } directive @d(c: Colour = GREEN) on FIELD":                        "schema.graphqls:1:48: the default of @d(c:): Value \"GREEN\" does not exist in \"Colour\" enum. Did you mean the enum value \"RED\"?",
		"type Query { a(c: Colour = GREEN, n: Int = A): Int }": "schema.graphqls:1:28: the default of Query.a(c:): Value \"GREEN\" does not exist in \"Colour\" enum. Did you mean the enum value \"RED\"?\n" +
			"schema.graphqls:1:44: the default of Query.a(n:): Int cannot represent non-integer value: A",
	} {
		loaded, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: schema + types})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := valid.Defaults(loaded); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s:\n%s\nwant\n%s", schema, got, want)
		}
	}
}
