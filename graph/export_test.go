package graph

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"vestibule.example/graph/cost"
	"vestibule.example/graph/exec"
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

// KeptFields is how many fields the estimates have that are kept of a document once it was asked for with each of the variables.
func KeptFields(tb testing.TB, query string, asked []map[string]any) (fields int) {
	schema := exec.NewExecutableSchema(exec.Config{}).Schema()
	model, err := cost.New(schema, Calls(), cost.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	found, faults := newDocuments(schema, Limits{}.withDefaults(), false).find(query)
	if len(faults) > 0 {
		tb.Fatal(faults)
	}
	operation := found.Operations[0]
	for _, variables := range asked {
		if _, err := found.estimate(model, &graphql.OperationContext{Operation: operation, Variables: variables}); err != nil {
			tb.Fatal(err)
		}
	}
	for _, estimate := range found.prices.of[operation].kept {
		fields += fieldsOf(estimate.Tree)
	}
	return fields
}

// WithTimeout is what an operation runs within.
func WithTimeout(parent context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	return withTimeout(parent, timeout)
}

// ErrOperationTimeout is the cause of an operation's end by its timeout.
var ErrOperationTimeout = errOperationTimeout
