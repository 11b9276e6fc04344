package main

import (
	"io"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/bench/limit/posts/exec"
	"vestibule.example/bench/limit/posts/resolver"
	"vestibule.example/clients"
	"vestibule.example/graph/plan"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 256 << 10

// endpoint is /graphql for the posts schema, run as plans. The product's endpoint serves the product's schema alone; this one does what
// that does with a POST: the body read and taken apart, the document from the cache, the operation run, the answer written.
type endpoint struct {
	exec     *executor.Executor
	resolver *resolver.Resolver
}

func newEndpoint(k kit, plans bool) (http.Handler, error) {
	api, err := k.api("posts")
	if err != nil {
		return nil, err
	}
	r := &resolver.Resolver{APIs: map[string]*clients.API{"posts": api}}
	schema := exec.NewExecutableSchema(exec.Config{Resolvers: r})
	if !plans {
		return stock(r, schema), nil
	}
	runner := executor.New(plan.New(schema, exec.PlanTables(), plan.Config{Compiled: resolver.Compiled()}))
	runner.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	runner.SetParserTokenLimit(5000)
	runner.SetDisableSuggestion(true)
	return &endpoint{runner, r}, nil
}

// stock is gqlgen as it comes: its own server with its POST.
func stock(r *resolver.Resolver, schema graphql.ExecutableSchema) http.Handler {
	server := handler.New(schema)
	server.AddTransport(transport.POST{})
	server.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		server.ServeHTTP(w, req.WithContext(r.WithLoaders(req.Context())))
	})
}

// ServeHTTP handles "POST /graphql".
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength < 0 || r.ContentLength > maxBody {
		http.Error(w, "the body has no length, or one that is too large", http.StatusBadRequest)
		return
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	params := &graphql.RawParams{Headers: http.Header{}}
	if err == nil {
		err = jsonv2.Unmarshal(body, params)
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
	w.Header().Set("Content-Length", strconv.Itoa(len(head)+len(result.Data)+len(tail)))
	for _, part := range [...][]byte{head, result.Data, tail} {
		w.Write(part) //nolint:errcheck // The reader is gone; there is nobody to tell.
	}
}

// What is written around an answer's data.
var (
	head = []byte(`{"data":`)
	tail = []byte("}\n")
)
