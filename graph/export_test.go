package graph

import (
	"net/http"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// NewHandlerOf makes the handler for the schema with other directives.
func NewHandlerOf(cfg Config, sdl string) (http.Handler, error) {
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: sdl})
	if err != nil {
		return nil, err
	}
	return newHandler(cfg, schema)
}

// Decider decides an operation of nobody's again and again.
func Decider(tb testing.TB, sdl, query string) func() {
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphqls", Input: sdl})
	doc := gqlparser.MustLoadQueryWithRules(schema, query, rules.NewDefaultRules())
	a, err := newAuthorizer(schema, Config{}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	oc := &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]}
	ctx := tb.Context()
	return func() { a.decide(ctx, oc) }
}

// Halves keeps texts within a bound.
type Halves = halves[string]

// NewHalves makes one of so much weight in each half.
func NewHalves(most int) Halves { return newHalves[string](most) }

// Put and Get are put and get.
func (h *halves[V]) Put(key string, v V, weight int)       { h.put(key, v, weight) }
func (h *halves[V]) Get(key string) (v V, recent, ok bool) { return h.get(key) }
