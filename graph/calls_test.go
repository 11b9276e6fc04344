//go:build !nodemo

package graph_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph"
	"vestibule.example/graph/cost"
	"vestibule.example/graph/exec"
)

// The tokens of every API that an operation may ask are fetched before anything runs, each once.
func TestAnOperationNamesItsAPIs(t *testing.T) {
	var prepared [][]string
	g := newGate(t, "plan", func(cfg *graph.Config) {
		cfg.Prepare = func(_ context.Context, apis []string) { prepared = append(prepared, apis) }
	})
	alice := g.signIn(t)
	for query, want := range map[string][]string{
		"{ viewer { authenticated } }":                           nil,
		"{ products { edges { node { category { name } } } } }":  {"catalog"},
		"{ a: me { id } b: me { addresses { id } } }":            {"accounts"},
		"{ orders { edges { node { shipments { id } } } } }":     {"orders", "shipping"},
		"{ viewer { authenticated } me @skip(if: true) { id } }": nil,
		"{ ...All } fragment All on Query { me { ...Of } categories { id } } fragment Of on Customer { orders { edges { node { ... on Order { customer { id } } } } } }": {"accounts", "catalog", "orders"},
	} {
		prepared = nil
		g.asks(t, alice, query)
		if len(prepared) != 1 {
			t.Fatalf("%s: prepared %d times, want once", query, len(prepared))
		}
		if got := prepared[0]; !slices.Equal(got, want) {
			t.Errorf("%s: prepared %v, want %v", query, got, want)
		}
	}
	prepared = nil
	g.asks(t, alice, "{ me { nothing } }")
	g.asks(t, alice, "{ products(first: 101) { totalCount } }")
	if len(prepared) > 0 {
		t.Errorf("an operation that may not run prepared %v", prepared)
	}
	g.asks(t, nil, "{ me { addresses { id } } categories { id } }")
	if len(prepared) != 1 || !slices.Equal(prepared[0], []string{"catalog"}) {
		t.Errorf("nobody's operation prepared %v, want the catalogue alone: she may not have the rest", prepared)
	}
}

// Nobody adds a resolver and forgets what it asks.
func TestEveryResolverSaysWhichAPIItAsks(t *testing.T) {
	root := reflect.TypeFor[exec.ResolverRoot]()
	var fields []string
	for i := range root.NumMethod() {
		object := root.Method(i)
		resolver := object.Type.Out(0)
		for j := range resolver.NumMethod() {
			name := resolver.Method(j).Name
			fields = append(fields, object.Name+"."+strings.ToLower(name[:1])+name[1:])
		}
	}
	slices.Sort(fields)
	if known := slices.Sorted(maps.Keys(graph.Calls().Fields)); !slices.Equal(fields, known) {
		t.Errorf("fields with resolvers are %v\nand Calls knows %v", fields, known)
	}
}

// A call for each element of a list is somebody's decision: `make plan` lists them.
func TestWhatCallsOncePerElementIsAccepted(t *testing.T) {
	model, err := cost.New(exec.NewExecutableSchema(exec.Config{}).Schema(), graph.Calls(), cost.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range model.PerElement() {
		if !f.Accepted {
			t.Errorf("%s calls %s once for each element of a list: make it a batch, or accept it with Each: true in graph/calls.go", f.Field, f.API)
		}
	}
}

// What an operation can ask of the APIs is bounded before it runs: GQL-1, and what no other server does.
func TestCostsAreLimited(t *testing.T) {
	e := newEndpoint(t, nil)
	for _, c := range []struct {
		name, query, limit, api string
		value                   float64
		line                    float64
	}{
		{"a long list", "{categories{id}\n products(first: 101){totalCount}}", "listSize", "", 101, 2},
		{"cost", "{categories{id}\n orders(first:50){edges{node{lines{product{category{name}}}}}}\n o:orders(first:50){edges{node{lines{product{category{name}}}}}}}", "cost", "", 10427, 2},
		{"calls of one API", "{me{orders(first:50){edges{node{customer{\n addresses{id} paymentMethods{id}}}}}}}", "calls", "accounts", 102, 2},
	} {
		r, data, errors := e.ask(t, c.query, nil)
		if len(errors) != 1 || errors[0].code() != "QUERY_TOO_COMPLEX" || data != nil {
			t.Errorf("%s = %.300s, want QUERY_TOO_COMPLEX", c.name, r.body)
			continue
		}
		limit, _ := errors[0].Extensions["limit"].(map[string]any)
		api, _ := errors[0].Extensions["api"].(string)
		if limit["name"] != c.limit || limit["value"] != c.value || api != c.api || float64(errors[0].Locations[0]["line"]) != c.line {
			t.Errorf("%s: error = %+v, want %s of %q, %v, in line %v", c.name, errors[0], c.limit, c.api, c.value, c.line)
		}
	}
	if n := e.asked(); n != 0 {
		t.Errorf("the APIs were asked %d times", n)
	}
}

// Variables are looked at: a document is neither refused nor let through for what other variables asked.
func TestCostFollowsVariables(t *testing.T) {
	e := newEndpoint(t, func(c *graph.Config) { c.Development = true; c.Limits.Cost = 50 })
	const query = "query($n:Int!, $with:Boolean = true){products(first:$n){edges{node{name category @include(if:$with){name}}}}}"
	for _, c := range []struct {
		variables map[string]any
		want      float64 // 0: refused
	}{
		{map[string]any{"n": 5}, 28}, {map[string]any{"n": 50}, 0}, {map[string]any{"n": 5}, 28}, {map[string]any{"n": 5, "with": false}, 18},
		{map[string]any{"n": 50, "with": false}, 0}, {map[string]any{"n": 9}, 48}, {map[string]any{"n": 10}, 0},
	} {
		r := e.send(t, "POST", "", asked(query, c.variables), jsonHeader())
		answer := struct {
			Extensions struct {
				Cost struct {
					Value, Max float64
					Calls      map[string]struct{ Max int }
				}
			}
		}{}
		decode(t, r.body, &answer)
		if answer.Extensions.Cost.Value != c.want || c.want > 0 && (answer.Extensions.Cost.Max != 50 || answer.Extensions.Cost.Calls["catalog"].Max == 0) {
			t.Errorf("%v: %s, want a cost of %v", c.variables, r.body, c.want)
		}
		if refused := strings.Contains(r.body, "QUERY_TOO_COMPLEX"); refused != (c.want == 0) {
			t.Errorf("%v: %s, want it refused: %t", c.variables, r.body, c.want == 0)
		}
	}
	if r, _, _ := newEndpoint(t, nil).ask(t, "{categories{id}}", nil); strings.Contains(r.body, "extensions") {
		t.Errorf("production tells of costs: %s", r.body)
	}
}

// Whoever counts is told which limits were broken.
func TestBrokenLimitsAreCounted(t *testing.T) {
	for _, measure := range []bool{false, true} {
		telemetry, read := metered(t)
		e := newEndpoint(t, func(c *graph.Config) { c.Limits.Measure, c.Meters = measure, telemetry.Meters() })
		e.ask(t, "{viewer{"+words(31, "a%d:authenticated ")+"}}", nil)
		e.ask(t, "{products(first: 101){totalCount}}", nil)
		e.ask(t, "{viewer{authenticated}}", nil)
		text, all := read(e)
		for _, limit := range []string{"aliases", "listSize"} {
			if n := all[fmt.Sprintf(`vestibule_graphql_limits_exceeded_total{limit=%q,refused="%t"}`, limit, !measure)]; n != 1 {
				t.Errorf("measure %t: %s counted %v times, want once", measure, limit, n)
			}
		}
		if n := strings.Count(text, "\nvestibule_graphql_limits_exceeded_total{"); n != 2 {
			t.Errorf("measure %t: %d limits counted, want 2:\n%s", measure, n, text)
		}
	}
}

// Each list of the schema says how long it can be, itself or by the field above, so that what is predicted has an end.
func TestEveryListSaysHowLongItIs(t *testing.T) {
	schema := exec.NewExecutableSchema(exec.Config{}).Schema()
	sized := map[string]bool{}
	for _, def := range schema.Types {
		for _, f := range def.Fields {
			d := f.Directives.ForName("listSize")
			if d == nil {
				continue
			}
			sized[def.Name+"."+f.Name] = true
			if inner := d.Arguments.ForName("sizedFields"); inner != nil {
				for _, child := range inner.Value.Children {
					sized[f.Type.Name()+"."+child.Value.Raw] = true
				}
			}
		}
	}
	for _, def := range schema.Types {
		if def.BuiltIn || def.Kind != ast.Object {
			continue
		}
		for _, f := range def.Fields {
			if f.Type.Elem != nil && !strings.HasPrefix(f.Name, "__") && !sized[def.Name+"."+f.Name] {
				t.Errorf("%s.%s is a list of any length: give it @listSize", def.Name, f.Name)
			}
		}
	}
}
