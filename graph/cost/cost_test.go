package cost_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"vestibule.example/graph/cost"
)

const directives = `
directive @cost(weight: String!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
directive @mark(if: Boolean) on FIELD
`

const shop = directives + `
type Query {
  me: Person
  people(first: Int, last: Int, page: Page): [Person!] @listSize(slicingArguments: ["first", "last", "page.size"])
  either(first: Int = 3, last: Int): [Person!] @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false, assumedSize: 7)
  pages(first: Int! = 10, after: String): People @listSize(slicingArguments: ["first"], sizedFields: ["edges"])
  plain: [Person]
  matrix: [[Person]] @listSize(assumedSize: 4)
  dear(by: Dear @cost(weight: "5"), cheap: Int @cost(weight: "-100")): Int @cost(weight: "3")
  node: Node
  none: [Person] @listSize(assumedSize: 0)
  few(ids: [ID!]): [Person]
  garden: Garden
}
type Mutation { save(people: [PersonInput!]!): Person }
input Page { size: Int }
input PersonInput { name: String, rare: String @cost(weight: "2"), best: PersonInput }
scalar Dear
type People { edges: [Edge!] }
type Edge { node: Person! }
interface Node { id: ID, worth: Int }
interface Owned implements Node { id: ID, worth: Int @cost(weight: "50") }
type Person implements Node { id: ID, worth: Int, friends: [Person] @listSize(assumedSize: 3), house: House, score: Float @cost(weight: "0.5") }
type House implements Node & Owned @cost(weight: "10") { id: ID, age: Int, worth: Int @cost(weight: "2"), guests: [House] @listSize(assumedSize: 6) }
type Garden { tree: Tree }
type Tree { garden: Garden }
`

func model(t *testing.T, schema string, table cost.Table) (*cost.Model, *ast.Schema, error) {
	t.Helper()
	parsed, err := gqlparser.LoadSchema(&ast.Source{Input: schema})
	if err != nil {
		t.Fatal(err)
	}
	m, failure := cost.New(parsed, table, cost.Config{DefaultListSize: 5})
	return m, parsed, failure
}

func estimate(t *testing.T, m *cost.Model, schema *ast.Schema, query, variables string) *cost.Estimate {
	t.Helper()
	doc, faults := gqlparser.LoadQueryWithRules(schema, query, nil)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	given := map[string]any{}
	if variables != "" {
		decoder := json.NewDecoder(strings.NewReader(variables))
		decoder.UseNumber()
		if err := decoder.Decode(&given); err != nil {
			t.Fatal(err)
		}
	}
	coerced, err := validator.VariableValues(schema, doc.Operations[0], given)
	if err != nil {
		t.Fatal(err)
	}
	e, err := m.Estimate(doc, doc.Operations[0], coerced)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Each worked out by hand: a field that gives objects weighs 1 for each parent, an object 1, and what @cost says.
func TestCost(t *testing.T) {
	m, schema, err := model(t, shop, cost.Table{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, query, variables string
		want                   int
	}{
		{"scalars cost nothing", "{__typename}", "", 0},
		{"nor does the schema itself", `{__schema{types{name}} __type(name:"Person"){fields{name}}}`, "", 0},
		{"a field and its object", "{me{id}}", "", 2},
		{"fields of one name are one", "{me{id} me{house{id}} ...{me{id}}}", "", 2 + 11},
		{"so are those of a fragment, however often it is spread", "{...f me{...g ...g} ...f} fragment f on Query{me{id}} fragment g on Person{house{id}}", "", 2 + 11},
		{"another alias is another field", "{a:me{id} b:me{id}}", "", 4},
		{"a list as long as its argument", "{people(first:4){id}}", "", 1 + 4},
		{"by a variable", "query($n:Int){people(first:$n){id}}", `{"n":6}`, 1 + 6},
		{"by a variable's default", "query($n:Int=8){people(first:$n){id}}", "", 1 + 8},
		{"by a part of an argument", "{people(page:{size:4}){id}}", "", 1 + 1 + 4},
		{"less than one is no length", "{people(first:-4){id}}", "", 1 + 5},
		{"nor is nothing, which APIs take for all", "{people(first:0){id}}", "", 1 + 5},
		{"then what is assumed holds", "{either(first:0){id}}", "", 1 + 7},
		{"the largest of two", "{either(first:2,last:9){id}}", "", 1 + 9},
		{"by the argument's default", "{either{id}}", "", 1 + 3},
		{"null is no length", "{either(first:null){id}}", "", 1 + 7},
		{"by the field above", "{pages(first:4){edges{node{id}}}}", "", 1 + 1 + 1 + 4 + 4 + 4},
		{"nothing is said", "{plain{id}}", "", 1 + 5},
		{"lists in lists", "{matrix{id}}", "", 1 + 4*5},
		{"multiplied", "{people(first:4){friends{friends{id}}}}", "", 1 + 4 + 4 + 12 + 12 + 36},
		{"an empty list", "{none{friends{id}}}", "", 1},
		{"a weight of the field, of an argument and of none that is not given", `{dear(by:"x")}`, "", 8},
		{"no argument makes a field a gift", `{dear(cheap:1)}`, "", 0},
		{"halves are summed and rounded up", "{me{score}}", "", 3},
		{"halves in a list", "{people(first:3){score}}", "", 1 + 3 + 2},
		{"the dearest type counts", "{node{id ...on Person{friends{id}} ...on House{id}}}", "", 1 + 10},
		{"a fragment on an interface is every type's", "{node{...on Node{id} ...on Person{friends{friends{friends{id}}}}}}", "", 1 + 1 + 1 + 3 + 3 + 9 + 9 + 27},
		{"what is skipped costs nothing", "query($yes:Boolean!){me@skip(if:$yes){id} plain@include(if:$yes){id}}", `{"yes":true}`, 1 + 5},
		{"nor does a fragment", "query($yes:Boolean!){me{id} ...f@skip(if:$yes)} fragment f on Query{plain{id}}", `{"yes":true}`, 2},
		{"other directives skip nothing", "{me@mark(if:true){id} plain@mark{id}}", "", 2 + 1 + 5},
		{"a type that is another interface too weighs what it weighs itself", "{node{worth ...on Owned{worth}}}", "", 1 + 10 + 2},
		{"input objects, each element for itself", `mutation{save(people:[{name:"a"},{rare:"b",best:{rare:"c"}}]){id}}`, "", 1 + 1 + 1 + 1 + 2 + 1 + 2},
		{"input objects in a variable", `mutation($p:[PersonInput!]!){save(people:$p){id}}`, `{"p":[{"name":"a"},{"rare":"b","best":{"rare":"c"}}]}`, 1 + 1 + 1 + 1 + 2 + 1 + 2},
		{"more than can be counted", "{people(first:2000000000){friends{friends{friends{friends{friends{friends{friends{id}}}}}}}}}", "", 1 << 40},
	} {
		if got := estimate(t, m, schema, c.query, c.variables).Cost; got != c.want {
			t.Errorf("%s: cost of %s = %d, want %d", c.name, c.query, got, c.want)
		}
	}
	longest := estimate(t, m, schema, "{a:people(first:4){id}\n b:people(first:40){id} c:people(page:{size:5}){id}}", "").Longest
	if longest.Size != 40 || longest.At.Line != 2 {
		t.Errorf("longest = %+v, want 40 in line 2", longest)
	}
	dearest := estimate(t, m, schema, "{a:people(first:4){id}\n b:people(first:40){id}\n c:people(page:{size:5}){id}}", "").Dearest
	if dearest.Line != 2 {
		t.Errorf("dearest = %+v, want line 2", dearest)
	}
}

// Where one argument has to say how long a list is, none and two are a fault.
func TestSlicingArguments(t *testing.T) {
	m, schema, err := model(t, shop, cost.Table{})
	if err != nil {
		t.Fatal(err)
	}
	for query, faulty := range map[string]bool{
		"{people(first:1){id}}": false, "{people(last:1){id}}": false, "{people(page:{size:1}){id}}": false, "{pages{edges{node{id}}}}": false, "{either{id}}": false,
		"{people{id}}": true, "{people(first:1,last:1){id}}": true, "{people(first:null){id}}": true, "{people(page:{}){id}}": true, "query($n:Int){people(first:$n){id}}": true,
	} {
		if fault := estimate(t, m, schema, query, "").Fault; (fault != nil) != faulty {
			t.Errorf("fault of %s = %+v, want one: %t", query, fault, faulty)
		}
	}
}

// A schema's directives, and the table of calls, that make no sense stop the start, all at once.
func TestDirectivesThatMakeNoSense(t *testing.T) {
	for _, c := range []struct{ name, schema, want string }{
		{"a weight that is no number", `type Query { a: Int @cost(weight: "much") }`, "Query.a: @cost: want a number"},
		{"a weight without end", `type Query { a: Int @cost(weight: "Inf") }`, "Query.a: @cost: want a number"},
		{"an argument's weight", `type Query { a(b: Int @cost(weight: "")): Int }`, "Query.a(b:): @cost: want a number"},
		{"an input field's weight", `type Query { a(b: I): Int } input I { c: Int @cost(weight: "x") }`, "I.c: @cost: want a number"},
		{"a type's weight", `type Query { a: T } type T @cost(weight: "NaN") { b: Int }`, "T: @cost: want a number"},
		{"a size below nothing", `type Query { a: [Int] @listSize(assumedSize: -1) }`, "Query.a: @listSize: want an assumedSize of 0 or more"},
		{"an argument that is not there", `type Query { a(b: Int): [Int] @listSize(slicingArguments: ["c"]) }`, "there is no argument c"},
		{"a field that is not there", `type Query { a(b: Int): T @listSize(slicingArguments: ["b"], sizedFields: ["d"]) } type T { c: [Int] }`, "T has no field d"},
		{"a size that no number holds", `type Query { a: [Int] @listSize(assumedSize: 99999999999999999999) }`, "Query.a: @listSize: "},
		{"no list", `type Query { a: Int @listSize(assumedSize: 1) }`, "it is on no list"},
		{"a table's field that is not there", `type Query { x: Int }`, "the table has Query.a"},
		{"a table's loader that is not there", `type Query { a: Int }`, "there is no loader l"},
	} {
		table := cost.Table{Fields: map[string]cost.Field{"Query.a": {Loader: "l"}}}
		if _, _, err := model(t, directives+c.schema, table); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error = %v, want %s", c.name, err, c.want)
		}
	}
}

// Variables that do not matter do not make another estimate; those that do, do.
func TestVariablesThatMatter(t *testing.T) {
	m, schema, err := model(t, shop, cost.Table{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, query string
		a, b        map[string]any
		same, any   bool
	}{
		{"a length", "query($n:Int){people(first:$n){id}}", map[string]any{"n": json.Number("1")}, map[string]any{"n": json.Number("2")}, false, false},
		{"one length in two forms", "query($n:Int){people(first:$n){id}}", map[string]any{"n": json.Number("2")}, map[string]any{"n": int64(2)}, true, false},
		{"a condition", "query($n:Boolean!){me@skip(if:$n){id}}", map[string]any{"n": true}, map[string]any{"n": false}, false, false},
		{"a condition in a fragment", "query($n:Boolean!){...f} fragment f on Query{me{... @include(if:$n){id}}}", map[string]any{"n": true}, map[string]any{"n": false}, false, false},
		{"a condition of a spread", "query($n:Boolean!){...f@include(if:$n)} fragment f on Query{me{id}}", map[string]any{"n": true}, map[string]any{"n": false}, false, false},
		{"a cursor is a cursor", "query($n:String){pages(after:$n){edges{node{id}}}}", map[string]any{"n": "a"}, map[string]any{"n": "b"}, true, false},
		{"and none is none", "query($n:String){pages(after:$n){edges{node{id}}}}", map[string]any{"n": "a"}, map[string]any{}, false, false},
		{"no length and null", "query($n:Int){either(first:$n){id}}", map[string]any{}, map[string]any{"n": nil}, false, false},
		{"no cursor and null", "query($n:String){pages(after:$n){edges{node{id}}}}", map[string]any{}, map[string]any{"n": nil}, false, false},
		{"a length that is text", "query($n:Int){people(first:$n){id}}", map[string]any{"n": "9"}, map[string]any{}, false, true},
		{"a length that is no variable", "{people(first:3){id}}", map[string]any{}, map[string]any{"n": "9"}, true, false},
		{"a variable in a list", "query($n:ID!){few(ids:[$n]){id}}", map[string]any{}, map[string]any{}, false, true},
		{"an input object", "mutation($p:[PersonInput!]!){save(people:$p){id}}", map[string]any{}, map[string]any{}, false, true},
		{"a variable in an input object", "query($n:Int){people(page:{size:$n}){id}}", map[string]any{}, map[string]any{}, false, true},
	} {
		doc, faults := gqlparser.LoadQueryWithRules(schema, c.query, nil)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		variables := m.Variables(doc, doc.Operations[0])
		a, ok := variables.Key(c.a)
		b, _ := variables.Key(c.b)
		if ok == c.any || ok && (a == b) != c.same {
			t.Errorf("%s: keys = %q, %q, %t; want the same: %t", c.name, a, b, ok, c.same)
		}
	}
}
