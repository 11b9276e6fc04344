//go:build !nodemo

package graph_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"vestibule.example/graph"
)

// An operation that is traced has a span, and so has each field that asks an API; the calls are its children. What a client
// makes up is in attributes, and in no name.
func TestOperationsAreTraced(t *testing.T) {
	for executor, fields := range map[string][]string{
		"plan": {`graphql < field: graphql.field.path=up graphql.field.parents=1`, `graphql < field: graphql.field.path=up.edges.node.category graphql.field.parents=2`},
		"gqlgen": {
			`field < field: graphql.field.path=up.edges.node.category graphql.field.parents=1`,
			`field < field: graphql.field.path=up.edges.node.category graphql.field.parents=1`,
			`graphql < field: graphql.field.path=up graphql.field.parents=1`,
		},
	} {
		t.Run(executor, func(t *testing.T) { testOperationsAreTraced(t, executor, fields) })
	}
}

func testOperationsAreTraced(t *testing.T, executor string, fields []string) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	e := newEndpoint(t, func(c *graph.Config) { c.Traces, c.Executor = provider, executor })
	inner := e.server.Config.Handler
	e.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "untraced" {
			inner.ServeHTTP(w, r)
			return
		}
		ctx, span := provider.Tracer("test").Start(r.Context(), "request")
		defer span.End()
		inner.ServeHTTP(w, r.WithContext(ctx))
	})
	const query = `query Made { up: products(first: 2) { edges { node { category { name } } } } viewer { authenticated } }`
	e.ask(t, query, nil)
	e.ask(t, `query Bad { none }`, nil)
	e.send(t, "POST", "?untraced", asked(query, nil), jsonHeader())
	e.server.Close()

	byID := map[string]string{}
	for _, s := range recorder.Ended() {
		byID[s.SpanContext().SpanID().String()] = s.Name()
	}
	var got []string
	for _, s := range recorder.Ended() {
		var all []string
		for _, kv := range s.Attributes() {
			all = append(all, fmt.Sprintf("%s=%s", kv.Key, kv.Value.String()))
		}
		got = append(got, fmt.Sprintf("%s < %s: %s", byID[s.Parent().SpanID().String()], s.Name(), strings.Join(all, " ")))
	}
	slices.Sort(got)
	want := []string{
		` < request: `, ` < request: `,
		`request < graphql: graphql.operation.name=Made graphql.operation.type=query vestibule.outcome=ok`,
		`request < graphql: graphql.operation.type=other vestibule.outcome=refused`,
	}
	want = append(want, fields...)
	slices.Sort(want)
	got = slices.DeleteFunc(got, func(s string) bool { return strings.Contains(s, "path=viewer") })
	if !slices.Equal(got, want) {
		t.Errorf("the spans are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
