package breaking_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/internal/gen/breaking"
)

const before = `
directive @live(often: Int) on FIELD | QUERY
directive @cost(weight: String!) on FIELD_DEFINITION
type Query { me: Person, find(by: Filter, first: Int! = 10, kind: Kind): [Thing!], node(id: ID!): Node, any: Any, old(a: Int): Int }
type Mutation { save(input: SaveInput!): Person }
interface Node { id: ID! }
type Person implements Node { id: ID!, name: String!, nick: String, kind: Kind }
type Thing implements Node { id: ID!, size: Int }
union Any = Person | Thing
enum Kind { A B C }
input Filter { word: String, kinds: [Kind!] }
input SaveInput { name: String, deep: Filter }
`

// report compares the schema with a change of it.
func report(t *testing.T, old, new string, operations ...string) (string, error) {
	t.Helper()
	if !strings.Contains(before, old) {
		t.Fatalf("the schema has no %q", old)
	}
	var manifests []breaking.Manifest
	if len(operations) > 0 {
		var members []string
		for i, o := range operations {
			members = append(members, `"`+string(rune('a'+i))+`":"`+o+`"`)
		}
		manifests = []breaking.Manifest{{Name: "app.json", Content: []byte("{" + strings.Join(members, ",") + "}")}}
	}
	var out strings.Builder
	err := breaking.Report(&out, &ast.Source{Name: "old", Input: before}, &ast.Source{Name: "new", Input: strings.Replace(before, old, new, 1)}, manifests)
	return out.String(), err
}

// What clients can notice, and what they cannot.
func TestChanges(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"nothing", "A B C", "A B C", ""},
		{"a field removed", "name: String!, ", "", "Person.name is removed"},
		{"a field added", "name: String!, ", "name: String!, more: Int, ", ""},
		{"a field's type", "name: String!", "name: Int!", "Person.name is now Int!, and was String!"},
		{"a field that may be null now", "name: String!", "name: String", "Person.name is now String, and was String!"},
		{"a field that may not be null any more", "nick: String", "nick: String!", ""},
		{"elements that may be null now", "[Thing!]", "[Thing]", "Query.find is now [Thing], and was [Thing!]"},
		{"a list of one", "[Thing!]", "Thing", "Query.find is now Thing, and was [Thing!]"},
		{"one of a list", "me: Person", "me: [Person]", "Query.me is now [Person], and was Person"},
		{"an argument removed", "old(a: Int)", "old", "Query.old(a:) is removed"},
		{"an argument added", "old(a: Int)", "old(a: Int, b: Int)", ""},
		{"an argument added that must be given", "old(a: Int)", "old(a: Int, b: Int!)", "Query.old(b:) is new, and has to be given"},
		{"an argument added that has a default", "old(a: Int)", "old(a: Int, b: Int! = 1)", ""},
		{"an argument that may be left out now", "node(id: ID!)", "node(id: ID)", ""},
		{"an argument that must be given now", "old(a: Int)", "old(a: Int!)", "Query.old(a:) is now Int!, and was Int"},
		{"a default that is gone", "first: Int! = 10", "first: Int!", "Query.find(first:) has lost its default, and has to be given"},
		{"an input field removed", "word: String, ", "", "Filter.word is removed"},
		{"an input field added", "word: String, ", "word: String, more: Int, ", ""},
		{"an input field added that must be given", "word: String, ", "word: String, more: Int!, ", "Filter.more is new, and has to be given"},
		{"an input field that must be given now", "word: String", "word: String!", "Filter.word is now String!, and was String"},
		{"elements of an input that may be null now", "[Kind!]", "[Kind]", ""},
		{"an enum's value removed", "A B C", "A B", "Kind.C is removed"},
		{"an enum's value added", "A B C", "A B C D", ""},
		{"a union's member removed", "Person | Thing", "Person", "Any does not have Thing any more"},
		{"an interface left", "type Thing implements Node", "type Thing", "Thing does not implement Node any more"},
		{"a root removed", "type Mutation {", "type Other {", "Mutation is not the root of mutation any more"},
		{"a directive removed", "directive @live(often: Int) on FIELD | QUERY", "", "@live is removed"},
		{"a directive's place removed", "on FIELD | QUERY", "on FIELD", "@live cannot stand on query any more"},
		{"a directive's argument removed", "@live(often: Int)", "@live", "@live(often:) is removed"},
		{"a directive of the schema removed", "directive @cost(weight: String!) on FIELD_DEFINITION", "", ""},
	} {
		got, err := report(t, c.old, c.new)
		if !strings.Contains(got, c.want) || (c.want == "") != (got == "") || errors.Is(err, breaking.ErrBreaks) != (c.want != "") {
			t.Errorf("%s: report = %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

// Types that go, or become something else.
func TestChangesOfTypes(t *testing.T) {
	var out strings.Builder
	err := breaking.Report(&out, &ast.Source{Name: "old", Input: "type Query { a: A, b: B } type A { x: Int } union B = A"},
		&ast.Source{Name: "new", Input: "type Query { b: B } enum B { X }"}, nil)
	want := "A is removed\nB is now enum, and was union\nQuery.a is removed\n"
	if out.String() != want || !errors.Is(err, breaking.ErrBreaks) {
		t.Errorf("report = %q, %v, want %q", out.String(), err, want)
	}
}

// A change breaks the operations that use what it changes, and no others.
func TestOperationsInUse(t *testing.T) {
	for _, c := range []struct {
		name, old, new, operation string
		breaks                    bool
	}{
		{"a field that is asked for", "nick: String", "other: String", "query Q {me{nick}}", true},
		{"a field that is not", "nick: String", "other: String", "query Q {me{name}}", false},
		{"through a fragment", "nick: String", "other: String", "query Q {me{...f}} fragment f on Person{nick}", true},
		{"through an inline fragment", "size: Int", "size: String", "query Q {any{...on Thing{size}}}", true},
		{"a type that is another though it is valid", "nick: String", "nick: Int", "query Q {me{nick}}", true},
		{"a field of an interface, in a type of it", "type Person implements Node { id: ID!", "type Person implements Node { id: ID! more: Int, ident: ID, kid: Int ", "query Q {node(id:1){id}}", false},
		{"an argument that is given", "old(a: Int)", "old", "query Q {old(a:1)}", true},
		{"an argument that is not", "old(a: Int)", "old", "query Q {old}", false},
		{"an argument that must be given now and is not", "old(a: Int)", "old(a: Int, b: Int!)", "query Q {old(a:1)}", true},
		{"a default that is gone and was used", "first: Int! = 10", "first: Int!", "query Q {find{id}}", true},
		{"a default that is gone and was not", "first: Int! = 10", "first: Int!", "query Q {find(first:1){id}}", false},
		{"an enum's value that may come", "A B C", "A B", "query Q {me{kind}}", true},
		{"an enum's value that may be sent", "A B C", "A B", "query Q($k:Kind){find(kind:$k){id}}", true},
		{"an enum's value within a variable", "A B C", "A B", "mutation M($i:SaveInput!){save(input:$i){id}}", true},
		{"an enum's value of no concern", "A B C", "A B", "query Q {me{name}}", false},
		{"an input field within a variable", "word: String, ", "", "mutation M($i:SaveInput!){save(input:$i){id}}", true},
		{"an input field that must be given now", "word: String, ", "word: String, more: Int!, ", "mutation M($i:SaveInput!){save(input:$i){id}}", true},
		{"a union's member", "Person | Thing", "Person", "query Q {any{__typename}}", true},
		{"a directive that is used", "directive @live(often: Int) on FIELD | QUERY", "", "query Q {me@live(often:1){name}}", true},
		{"a directive that is not", "directive @live(often: Int) on FIELD | QUERY", "", "query Q {me{name}}", false},
		{"the root of a mutation", "type Mutation {", "type Other {", "query Q {me{name}}", false},
	} {
		got, err := report(t, c.old, c.new, c.operation, "query Typename {__typename}")
		if breaks := errors.Is(err, breaking.ErrBreaks); breaks != c.breaks || err != nil && !breaks {
			t.Errorf("%s: report = %q, %v, want it to break: %t", c.name, got, err, c.breaks)
		}
		if c.breaks && (!strings.Contains(got, " Q (app.json)") && !strings.Contains(got, " M (app.json)") || strings.Contains(got, "Typename") && !strings.Contains(c.name, "union")) {
			t.Errorf("%s: report = %q, want it to name the operation alone", c.name, got)
		}
	}
}

// What is not of the schema even before, or no manifest, is told as that.
func TestManifestsThatCannotBeRead(t *testing.T) {
	if _, err := report(t, "A B C", "A B", "query Q {nothing}"); err == nil || errors.Is(err, breaking.ErrBreaks) || !strings.Contains(err.Error(), "even before") {
		t.Errorf("error = %v, want it to say that the operation is not valid even before", err)
	}
	source := &ast.Source{Name: "old", Input: before}
	for content, want := range map[string]string{
		"[]": "want a JSON object",
		`{"format":"apollo-persisted-query-manifest","operations":[{"id":"x","body":"{nothing}"}]}`: "x is not valid even before",
	} {
		err := breaking.Report(&strings.Builder{}, source, source, []breaking.Manifest{{Name: "m.json", Content: []byte(content)}})
		if err == nil || !strings.Contains(err.Error(), "m.json: "+want) {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
	if err := breaking.Report(&strings.Builder{}, source, &ast.Source{Name: "new", Input: "type Query"}, nil); err == nil {
		t.Error("a schema that is none has no error")
	}
}
