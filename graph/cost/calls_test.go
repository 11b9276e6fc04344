package cost_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"

	"vestibule.example/graph/cost"
)

var table = cost.Table{
	Fields: map[string]cost.Field{
		"Query.me":       {API: "people"},
		"Query.people":   {API: "people", Calls: 2},
		"Query.pages":    {API: "people", More: map[string]int{"after": 1}},
		"Person.friends": {API: "people"},
		"Person.house":   {Loader: "houses"},
		"Query.node":     {API: "nodes", Batch: true},
		"Person.score":   {API: "scores", Batch: true, Chunk: 10},
		"House.age":      {Loader: "one", Same: true},
		"House.guests":   {Loader: "houses", Many: true},
	},
	Loaders: map[string]cost.Loader{"houses": {API: "houses", Chunk: 10}, "one": {API: "ones", Chunk: 1}},
}

func TestCalls(t *testing.T) {
	m, schema, err := model(t, shop, table)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, query string
		want        map[string]int
	}{
		{"nobody", "{dear}", map[string]int{}},
		{"one", "{me{id}}", map[string]int{"people": 1}},
		{"two for each", "{people(first:9){id}}", map[string]int{"people": 2}},
		{"more with an argument", `{pages(after:"x"){edges{node{id}}}}`, map[string]int{"people": 2}},
		{"as few without", `{pages(after:null){edges{node{id}}}}`, map[string]int{"people": 1}},
		{"once for each element", "{pages(first:9){edges{node{friends{id}}}}}", map[string]int{"people": 10}},
		{"and for each of theirs", "{pages(first:9){edges{node{friends{friends{id}}}}}}", map[string]int{"people": 1 + 9 + 27}},
		{"a batch is one", "{a:node{id} b:node{id}}", map[string]int{"nodes": 2}},
		{"a batch in chunks", "{pages(first:21){edges{node{score}}}}", map[string]int{"people": 1, "scores": 3}},
		{"chunks that are full", "{pages(first:20){edges{node{score}}}}", map[string]int{"people": 1, "scores": 2}},
		{"for nobody none", "{none{score house{id} friends{id}}}", map[string]int{"scores": 0, "people": 0}},
		{"a loader in chunks", "{pages(first:20){edges{node{house{id}}}}}", map[string]int{"people": 1, "houses": 2}},
		{"two that load can each have a short chunk", "{a:pages(first:10){edges{node{house{id}}}} b:pages(first:10){edges{node{house{id}}}}}", map[string]int{"people": 2, "houses": 3}},
		{"two that load one each", "{a:me{house{id}} b:me{house{id}}}", map[string]int{"people": 2, "houses": 2}},
		{"as many as each one's list is long", "{pages(first:4){edges{node{house{guests{id}}}}}}", map[string]int{"people": 1, "houses": 4}},
		{"one for all", "{pages(first:20){edges{node{house{age}}}}}", map[string]int{"people": 1, "houses": 2, "ones": 1}},
	} {
		if got := estimate(t, m, schema, c.query, "").Calls; !maps.Equal(got, c.want) {
			t.Errorf("%s: calls of %s = %v, want %v", c.name, c.query, got, c.want)
		}
	}
}

// The tree tells which field calls, for how many, and which of them do so once per element.
func TestTreeOfCalls(t *testing.T) {
	m, schema, err := model(t, shop, table)
	if err != nil {
		t.Fatal(err)
	}
	tree := estimate(t, m, schema, "{p:pages(first:9){edges{node{f:friends{house{id}}}}}}", "").Tree
	var lines []string
	var write func(string, []*cost.Node)
	write = func(indent string, nodes []*cost.Node) {
		for _, n := range nodes {
			line, _ := json.Marshal([]any{n.Field, strings.Join(n.Path, "."), n.API, n.Parents, n.Calls, n.PerElement})
			lines = append(lines, indent+string(line))
			write(indent+" ", n.Children)
		}
	}
	write("", tree)
	want := `["Query.pages","p","people",1,1,false]
 ["Person.friends","p.edges.node.f","people",9,9,true]
  ["Person.house","p.edges.node.f.house","houses",27,3,false]`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("tree =\n%s\nwant\n%s", got, want)
	}
}

// What calls once for each element of a list is told, whether by a resolver of one object, by a batch of one or by a loader that takes
// one key at a time; what is the same for all is not.
func TestPerElement(t *testing.T) {
	m, _, err := model(t, shop, cost.Table{
		Fields: map[string]cost.Field{
			"Query.me":       {API: "people", Call: "GET /me"},
			"Person.friends": {API: "people", Call: "GET /friends", Each: true},
			"Person.house":   {Loader: "house"},
			"House.age":      {Loader: "house", Same: true},
			"Person.score":   {API: "scores", Batch: true, Chunk: 1},
			"Person.id":      {API: "scores", Batch: true, Chunk: 2},
			"Edge.node":      {Loader: "all"},
			"People.edges":   {API: "people"},  // No list has People.
			"Tree.garden":    {API: "gardens"}, // Nor has any Garden or Tree, though each has the other.
		},
		Loaders: map[string]cost.Loader{"house": {API: "houses", Chunk: 1, Each: true, Call: "GET /houses/{id}"}, "all": {API: "people", Chunk: 1, Keys: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []cost.PerElement{
		{Field: "Person.friends", API: "people", Call: "GET /friends", Accepted: true},
		{Field: "Person.house", API: "houses", Call: "GET /houses/{id}", Accepted: true},
		{Field: "Person.score", API: "scores"},
	}
	if got := m.PerElement(); !slices.Equal(got, want) {
		t.Errorf("PerElement = %+v\nwant %+v", got, want)
	}
}

// Fields of abstract types multiply: nobody counts them all.
func TestTooManyFieldsToCount(t *testing.T) {
	var b strings.Builder
	b.WriteString("type Query { node: Node } interface Node { peer: Node }")
	for i := range 40 {
		fmt.Fprintf(&b, " type T%d implements Node { peer: Node }", i)
	}
	m, schema, err := model(t, b.String(), cost.Table{})
	if err != nil {
		t.Fatal(err)
	}
	doc, faults := gqlparser.LoadQueryWithRules(schema, "{node{peer{peer{peer{__typename}}}}}", nil)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if _, err := m.Estimate(doc, doc.Operations[0], nil); !errors.Is(err, cost.ErrTooLarge) {
		t.Errorf("error = %v, want ErrTooLarge", err)
	}
}
