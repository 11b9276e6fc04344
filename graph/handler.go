package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
	oteltrace "go.opentelemetry.io/otel/trace"

	"vestibule.example/auth"
	"vestibule.example/clients"
	"vestibule.example/graph/cost"
	"vestibule.example/graph/exec"
	"vestibule.example/graph/plan"
	"vestibule.example/graph/rest"
)

// keptPlans is how many operations' plans are kept.
const keptPlans = 1000

// handler is the endpoint. It is safe for concurrent use.
type handler struct {
	cfg       Config
	exec      *executor.Executor
	documents *documents
	model     *cost.Model
	meterage  *meterage
	persisted *persisted
	resolver  *Resolver
	failures  *presenter
	guards    *authorizer
	plans     *plan.Schema
	meter     *instruments
	tracer    oteltrace.Tracer // nil where nothing is traced
}

// NewHandler makes the handler of /graphql.
func NewHandler(cfg Config) (http.Handler, error) { return newHandler(cfg, nil) }

// newHandler is NewHandler for a schema whose directives differ from the generated one's; nil is the generated one.
func newHandler(cfg Config, directed *ast.Schema) (http.Handler, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	cursors, err := rest.NewCursors(cfg.CursorKeys)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	resolver := *cfg.Resolver
	resolver.cursors = cursors
	cfg.Resolver = &resolver
	var tracer oteltrace.Tracer
	if cfg.Traces != nil {
		tracer = cfg.Traces.Tracer("vestibule.example/graph")
	}
	meter, err := newInstruments(cfg.Meters)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	schema := plan.New(exec.NewExecutableSchema(exec.Config{Schema: directed, Resolvers: cfg.Resolver}), exec.PlanTables(), plan.Config{
		Gqlgen: cfg.Executor == "gqlgen", Operations: keptPlans, Observer: observer(tracer), Compiled: restCompiled(), Kind: kinds(), Together: clients.Together,
	})
	model, err := cost.New(schema.Schema(), Calls(), cost.Config{DefaultListSize: cfg.Limits.DefaultListSize})
	if err != nil {
		return nil, err
	}
	documents := newDocuments(schema.Schema(), cfg.Limits, cfg.open())
	trusted, err := newPersisted(cfg.Persisted, documents)
	if err != nil {
		return nil, err
	}
	failures := &presenter{cfg.LoginURL, cfg.RequestID, cfg.Logger, meter}
	guards, err := newAuthorizer(schema.Schema(), cfg, failures)
	if err != nil {
		return nil, err
	}
	runner := newRunner(cfg, schema, failures, tracer)
	return &handler{cfg, runner, documents, model, newMeterage(cfg.Rate), trusted, cfg.Resolver, failures, guards, schema, meter, tracer}, nil
}

// newRunner makes gqlgen's executor of operations, which chooses between plans and its own way (see package plan).
func newRunner(cfg Config, schema *plan.Schema, failures *presenter, tracer oteltrace.Tracer) *executor.Executor {
	runner := executor.New(schema)
	runner.SetQueryCache(inContext{})
	runner.SetErrorPresenter(failures.present)
	runner.SetRecoverFunc(func(ctx context.Context, v any) error {
		return fmt.Errorf("graph: panic in %s: %v", graphql.GetPath(ctx), v)
	})
	if tracer != nil && cfg.Executor == "gqlgen" { // Plans do not run where fields are intercepted; they have an observer.
		runner.AroundFields(aroundFields(tracer))
	}
	if cfg.open() {
		runner.Use(extension.Introspection{})
	}
	return runner
}

// ServeHTTP handles "GET /graphql" and "POST /graphql" as GraphQL over HTTP asks, and as GraphQL over SSE does in its
// distinct connections mode; GET runs no mutations. "GET /graphql" with an upgrade to WebSocket speaks graphql-transport-ws. The
// session is the one in the request's context; whether a page of another site asks is decided before (auth.Service.CrossSite).
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header["Cache-Control"] = noStore
	header["Vary"] = append(varyAccept, header["Vary"]...)
	if r.Header.Get("Upgrade") != "" {
		h.serveSocket(w, r)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodPost:
	case http.MethodOptions:
		header.Set("Allow", "GET, HEAD, OPTIONS, POST")
		w.WriteHeader(http.StatusNoContent)
		return
	case http.MethodHead:
	default:
		header.Set("Allow", "GET, HEAD, OPTIONS, POST")
		h.refuse(w, r, mediaJSON, &requestError{status: http.StatusMethodNotAllowed, code: codeNotAllowed, message: "GraphQL is asked with GET or POST."})
		return
	}
	media := negotiate(r.Header.Values("Accept"))
	if media == "" {
		h.refuse(w, r, mediaJSON, &requestError{status: http.StatusNotAcceptable, code: codeBadUserInput, message: "Accept application/json, application/graphql-response+json or text/event-stream."})
		return
	}
	if h.cfg.RequireSession && auth.FromContext(r.Context()) == nil {
		h.refuse(w, r, media, unauthenticated())
		return
	}
	if err := h.knock(r); err != nil {
		h.refuse(w, r, media, err)
		return
	}
	asked, err := readRequest(w, r, h.cfg.Limits.BodyBytes)
	if err != nil {
		h.refuse(w, r, media, err)
		return
	}
	if asked.explain && h.cfg.Development {
		h.predict(w, r, media, asked)
		return
	}
	h.run(w, r, media, asked)
}

// admitted is an operation that may run.
type admitted struct {
	*graphql.OperationContext
	estimate *cost.Estimate
	// trusted tells that its document is one of those that we know.
	trusted bool
}

// run answers one operation, if it may run.
func (h *handler) run(w http.ResponseWriter, r *http.Request, media string, asked *request) {
	ctx, cancel := withTimeout(graphql.StartOperationTrace(r.Context()), h.cfg.Timeout)
	defer cancel()
	ctx, seen := h.watch(ctx)
	defer func() { seen.end(ctx) }()
	ctx, calls := h.traced(ctx)
	operation, ctx, err := h.let(ctx, r, asked)
	if operation != nil {
		seen.is(operation.OperationContext, operation.trusted)
	}
	if err != nil {
		h.refuse(w, r, media, err)
		return
	}
	if operation.Operation.Operation == ast.Mutation && r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		h.refuse(w, r, media, &requestError{status: http.StatusMethodNotAllowed, code: codeNotAllowed, message: "A mutation is sent with POST."})
		return
	}
	if operation.Operation.Operation == ast.Subscription {
		cancel() // The timeout is not for streams.
		h.serveSubscription(w, r.WithContext(auth.NewContext(r.Context(), auth.FromContext(ctx))), media, operation, seen)
		return
	}
	ctx, done := h.lent(ctx)
	defer done()
	result := h.execute(ctx, operation)
	if seen.came(r.Context(), result); r.Context().Err() != nil {
		return // Nobody is there to read it.
	}
	h.explain(calls, operation.OperationContext, result)
	if media == mediaEvents {
		h.answerOnce(w, result)
		return
	}
	if asked.id != "" && keepable(w, r, media, result) {
		return
	}
	h.answer(w, media, result)
}

// let decides whether what is asked may run at all, for every transport, and gives the context that it runs in. With an error it may
// still give the operation, to be measured.
func (h *handler) let(ctx context.Context, r *http.Request, asked *request) (*admitted, context.Context, error) {
	operation, estimate, err := h.admit(ctx, r, asked)
	if err != nil {
		return nil, ctx, err
	}
	a := &admitted{operation, estimate, h.persisted.trusted[asked.Query]}
	confirmed, err := h.confirmed(ctx, operation.Operation.Operation)
	if err != nil {
		return a, ctx, h.unconfirmed(ctx, err)
	}
	return a, confirmed, mayRun(confirmed, operation.Operation.Operation)
}

// mayRun refuses an operation of a kind that the session in ctx may not run.
func mayRun(ctx context.Context, kind ast.Operation) error {
	if kind == ast.Query {
		return nil
	}
	if kind == ast.Mutation && auth.DeadCookie(ctx) {
		// She believes that she is signed in: what she wants done must not be done as an anonymous user.
		return unauthenticated()
	}
	if session := auth.FromContext(ctx); session != nil && session.ReadOnly() {
		return &requestError{status: http.StatusConflict, code: codeSessionChanged, message: messages[codeSessionChanged]}
	}
	return nil
}

// lent gives the context that an operation, or an event of one, is answered in: with its loaders, and with memory for the answer that is
// lent until done is called.
func (h *handler) lent(ctx context.Context) (lending context.Context, done func()) {
	ctx, done = plan.Lend(ctx)
	return h.resolver.withLoaders(ctx, h.failures), done
}

// execute runs a query or a mutation.
func (h *handler) execute(ctx context.Context, operation *admitted) *graphql.Response {
	responses, ctx := h.exec.DispatchOperation(h.decided(ctx, operation, h.guards.decide(ctx, operation.OperationContext)), operation.OperationContext)
	result := responses(ctx)
	if result == nil { // ctx had ended, and nothing was run.
		result = &graphql.Response{}
		if errors.Is(context.Cause(ctx), errOperationTimeout) {
			result.Errors = append(result.Errors, h.failures.present(ctx, errOperationTimeout))
		}
	}
	if h.cfg.Development {
		h.showCost(operation.estimate, result)
	}
	return result
}
