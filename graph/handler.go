package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
	"go.opentelemetry.io/otel/metric"
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

// Config is what the endpoint needs.
type Config struct {
	Resolver *Resolver
	// Development shows introspection, and what exactly is wrong with a document.
	Development bool
	// Trace shows in each answer what it asked of the APIs (extensions.trace); for developers alone.
	Trace bool
	// Introspection shows the schema in production too.
	Introspection bool
	// Executor is plan, the default, or gqlgen: who runs operations (see package plan).
	Executor string
	// RequireSession turns away every request without a session.
	RequireSession bool
	// LoginURL is where a person signs in; default /auth/login.
	LoginURL string
	Limits   Limits
	// StatusProfile is ProfileAudits, the default, or ProfileDraft.
	StatusProfile string
	Rate          Rate
	// Persisted says which documents run.
	Persisted Persisted
	// Exceeded is told of each limit that a request breaks, and whether it was refused for that; may be nil.
	Exceeded func(ctx context.Context, limit string, refused bool)
	// Timeout bounds an operation; default 30 s.
	Timeout time.Duration
	// Prepare is told, before an operation runs, the names of the APIs that it may ask, so that their tokens are fetched
	// together; it must not wait. May be nil.
	Prepare func(ctx context.Context, apis []string)
	// Confirm is asked before anything but a query runs: whether the session in ctx still is what it was taken for. The
	// context it gives bears the session as it is. May be nil.
	Confirm func(ctx context.Context) (context.Context, error)
	// UntilEnded gives a context that ends with the session in its argument, or with the service, and whose cause says so, as
	// [auth.Service.UntilEnded]; nil: streams end with their requests.
	UntilEnded func(context.Context) (context.Context, context.CancelFunc, error)
	// Renew gives a stream's context the session as it is now, or tells that it has ended, as [auth.Service.Renew]; nil: it stays
	// as it was.
	Renew func(context.Context) (context.Context, error)
	// Policies are what the schema's @policy names; nil: those of [Policies].
	Policies map[string]Policy
	// GatewayAPIs are the APIs that are asked with the gateway's own token: every field that asks one must say in the schema
	// who may have it.
	GatewayAPIs []string
	// CursorKeys sign the cursors of connections, the first all new ones; each at least 32 bytes. Without, cursors hold for this
	// process alone.
	CursorKeys [][]byte
	// RequestID gives the id that errors carry; may be nil.
	RequestID func(context.Context) string
	Logger    *slog.Logger
	// Meters measures operations; nil: nobody does.
	Meters metric.MeterProvider
	// Traces makes the spans of operations and fields, for requests that are traced; nil: nobody does.
	Traces oteltrace.TracerProvider
	// Now is the clock; default time.Now.
	Now func() time.Time
}

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
	tracer    oteltrace.Tracer // nil: nobody traces
}

// NewHandler makes the handler of /graphql.
func NewHandler(cfg Config) (http.Handler, error) { return newHandler(cfg, nil) }

// newHandler makes the handler for a schema whose directives differ from the generated one's.
func newHandler(cfg Config, directed *ast.Schema) (http.Handler, error) {
	if cfg.Resolver == nil || !cfg.Resolver.complete() {
		return nil, errors.New("graph: a client of each API is needed")
	}
	for _, name := range restAPIs() {
		if cfg.Resolver.APIs[name] == nil {
			return nil, fmt.Errorf("graph: the schema's @rest asks the API %q, and there is none: want apis.%s in the configuration", name, name)
		}
	}
	cursors, err := rest.NewCursors(cfg.CursorKeys)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	resolver := *cfg.Resolver
	resolver.cursors = cursors
	cfg.Resolver = &resolver
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.LoginURL == "" {
		cfg.LoginURL = "/auth/login"
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.RequestID == nil {
		cfg.RequestID = func(context.Context) string { return "" }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Policies == nil {
		cfg.Policies = Policies()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	switch cfg.Executor {
	case "", "plan", "gqlgen":
	default:
		return nil, fmt.Errorf("graph: no executor %q", cfg.Executor)
	}
	switch cfg.StatusProfile {
	case "":
		cfg.StatusProfile = ProfileAudits
	case ProfileAudits, ProfileDraft:
	default:
		return nil, fmt.Errorf("graph: no status profile %q", cfg.StatusProfile)
	}
	var tracer oteltrace.Tracer
	if cfg.Traces != nil {
		tracer = cfg.Traces.Tracer("vestibule.example/graph")
	}
	schema := plan.New(exec.NewExecutableSchema(exec.Config{Schema: directed, Resolvers: cfg.Resolver}), exec.PlanTables(), plan.Config{
		Gqlgen: cfg.Executor == "gqlgen", Operations: keptPlans, Observer: observer(tracer), Compiled: restCompiled(), Kind: kinds(), Together: clients.Together,
	})
	runner := executor.New(schema)
	runner.SetQueryCache(inContext{})
	meter, err := newInstruments(cfg.Meters)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	failures := &presenter{cfg.LoginURL, cfg.RequestID, cfg.Logger, meter}
	runner.SetErrorPresenter(failures.present)
	runner.SetRecoverFunc(func(ctx context.Context, v any) error {
		return fmt.Errorf("graph: panic in %s: %v", graphql.GetPath(ctx), v)
	})
	if tracer != nil && cfg.Executor == "gqlgen" { // It would keep plans from being used.
		runner.AroundFields(aroundFields(tracer))
	}
	open := cfg.Development || cfg.Introspection
	if open {
		runner.Use(extension.Introspection{})
	}
	model, err := cost.New(schema.Schema(), Calls(), cost.Config{DefaultListSize: cfg.Limits.DefaultListSize})
	if err != nil {
		return nil, err
	}
	if cfg.Rate.Anonymous > 0 && cfg.Rate.ClientAddress == nil {
		return nil, errors.New("graph: a rate by network needs clients' addresses")
	}
	documents := newDocuments(schema.Schema(), cfg.Limits, open)
	trusted, err := newPersisted(cfg.Persisted, documents)
	if err != nil {
		return nil, err
	}
	guards, err := newAuthorizer(schema.Schema(), cfg, failures)
	if err != nil {
		return nil, err
	}
	return &handler{cfg, runner, documents, model, newMeterage(cfg.Rate), trusted, cfg.Resolver, failures, guards, schema, meter, tracer}, nil
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

// run executes one operation, if it may be.
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
		cancel() // A stream has no such end.
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

// let decides whether what is asked may run at all, whatever the transport, and gives the context that it runs in. What it
// refuses it may still give, for who measures.
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

// mayRun tells which sessions may not have an operation of this kind run.
func mayRun(ctx context.Context, kind ast.Operation) error {
	if kind == ast.Query {
		return nil
	}
	if kind == ast.Mutation && auth.DeadCookie(ctx) {
		// Somebody believes she is signed in: what she wants done must not be done as anybody else.
		return unauthenticated()
	}
	if session := auth.FromContext(ctx); session != nil && session.ReadOnly() {
		return &requestError{status: http.StatusConflict, code: codeSessionChanged, message: messages[codeSessionChanged]}
	}
	return nil
}

// lent gives the context that an operation, or an event of one, is answered in, to memory that is lent until done.
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
