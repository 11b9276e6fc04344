package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/auth"
	"vestibule.example/bench/limit/posts/exec"
	"vestibule.example/bench/limit/posts/resolver"
	"vestibule.example/bench/rig"
	"vestibule.example/clients"
	"vestibule.example/graph/plan"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 256 << 10

// endpoint is /graphql for the posts schema. The product's endpoint serves the product's schema alone; this one does what
// that does with a POST: the body read and taken apart, the document from the cache, the operation run, the answer written.
type endpoint struct {
	exec     *executor.Executor
	resolver *resolver.Resolver
}

func newEndpoint(o order, service *auth.Service, log *slog.Logger) (http.Handler, error) {
	api, err := rig.NewAPI(o.World, "posts", service, log, cacheBytes)
	if err != nil {
		return nil, err
	}
	r := &resolver.Resolver{APIs: map[string]*clients.API{"posts": api}}
	schema := exec.NewExecutableSchema(exec.Config{Resolvers: r})
	if o.Kind == "plan" {
		schema = plan.New(schema, exec.PlanTables(), plan.Config{Compiled: resolver.Compiled()})
	}
	runner := executor.New(schema)
	runner.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	runner.SetParserTokenLimit(5000)
	runner.SetDisableSuggestion(true)
	return &endpoint{runner, r}, nil
}

// ServeHTTP handles "POST /graphql".
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	params := &graphql.RawParams{Headers: http.Header{}}
	if err == nil {
		err = json.Unmarshal(body, params)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, done := plan.Lend(r.Context())
	defer done()
	ctx = e.resolver.WithLoaders(graphql.StartOperationTrace(ctx))
	params.ReadTime = graphql.TraceTiming{Start: graphql.Now(), End: graphql.Now()}
	operation, faults := e.exec.CreateOperationContext(ctx, params)
	if len(faults) > 0 {
		http.Error(w, faults.Error(), http.StatusBadRequest)
		return
	}
	responses, ctx := e.exec.DispatchOperation(ctx, operation)
	result := responses(ctx)
	if len(result.Errors) > 0 {
		http.Error(w, result.Errors.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	for _, part := range [][]byte{[]byte(`{"data":`), result.Data, []byte("}\n")} {
		w.Write(part) //nolint:errcheck // The reader is gone; there is nobody to tell.
	}
}
