package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/auth"
	"vestibule.example/graph/exec"
	"vestibule.example/graph/plan"
)

// cachedDocuments is how many parsed and validated documents are kept.
const cachedDocuments = 1000

// Config is what the endpoint needs.
type Config struct {
	Resolver *Resolver
	// Development shows introspection and suggestions.
	Development bool
	// Introspection shows the schema in production too.
	Introspection bool
	// Executor is plan, the default, or gqlgen: who runs operations (see package plan).
	Executor string
	// RequireSession turns away every request without a session.
	RequireSession bool
	// LoginURL is where a person signs in; default /auth/login.
	LoginURL string
	Limits   Limits
	// Timeout bounds an operation; default 30 s.
	Timeout time.Duration
	// Prepare is told, before an operation runs, the names of the APIs that it may ask, so that their tokens are fetched
	// together; it must not wait. May be nil.
	Prepare func(ctx context.Context, apis []string)
	// Policies are what the schema's @policy names.
	Policies map[string]Policy
	// GatewayAPIs are the APIs that are asked with the gateway's own token: every field that asks one must say in the schema
	// who may have it.
	GatewayAPIs []string
	// RequestID gives the id that errors carry; may be nil.
	RequestID func(context.Context) string
	Logger    *slog.Logger
	// Now is the clock; default time.Now.
	Now func() time.Time
}

type handler struct {
	cfg      Config
	exec     *executor.Executor
	resolver *Resolver
	failures *presenter
	guards   *authorizer
}

// NewHandler makes the handler of /graphql.
func NewHandler(cfg Config) (http.Handler, error) { return newHandler(cfg, nil) }

// newHandler makes the handler for a schema whose directives differ from the generated one's.
func newHandler(cfg Config, directed *ast.Schema) (http.Handler, error) {
	if cfg.Resolver == nil || cfg.Resolver.Accounts == nil || cfg.Resolver.Catalog == nil || cfg.Resolver.Orders == nil || cfg.Resolver.Shipping == nil {
		return nil, errors.New("graph: a client of each API is needed")
	}
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
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	switch cfg.Executor {
	case "", "plan", "gqlgen":
	default:
		return nil, fmt.Errorf("graph: no executor %q", cfg.Executor)
	}
	schema := plan.New(exec.NewExecutableSchema(exec.Config{Schema: directed, Resolvers: cfg.Resolver}), exec.PlanTables(), plan.Config{
		Gqlgen: cfg.Executor == "gqlgen", Operations: cachedDocuments,
	})
	runner := executor.New(schema)
	runner.SetQueryCache(lru.New[*ast.QueryDocument](cachedDocuments))
	runner.SetParserTokenLimit(cfg.Limits.Tokens)
	runner.SetDisableSuggestion(!cfg.Development)
	failures := &presenter{cfg.LoginURL, cfg.RequestID, cfg.Logger}
	runner.SetErrorPresenter(failures.present)
	runner.SetRecoverFunc(func(ctx context.Context, v any) error {
		return fmt.Errorf("graph: panic in %s: %v", graphql.GetPath(ctx), v)
	})
	if cfg.Development || cfg.Introspection {
		runner.Use(extension.Introspection{})
	}
	guards, err := newAuthorizer(schema.Schema(), cfg, failures)
	if err != nil {
		return nil, err
	}
	return &handler{cfg, runner, cfg.Resolver, failures, guards}, nil
}

// ServeHTTP handles "GET /graphql" and "POST /graphql" as GraphQL over HTTP asks; GET runs queries alone. The session is
// the one in the request's context.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Add("Vary", "Accept")
	switch r.Method {
	case http.MethodGet, http.MethodPost:
	case http.MethodOptions:
		header.Set("Allow", "GET, HEAD, OPTIONS, POST")
		w.WriteHeader(http.StatusNoContent)
		return
	case http.MethodHead:
	default:
		header.Set("Allow", "GET, HEAD, OPTIONS, POST")
		h.refuse(w, mediaJSON, &requestError{http.StatusMethodNotAllowed, codeNotAllowed, "GraphQL is asked with GET or POST."})
		return
	}
	media := negotiate(r.Header.Values("Accept"))
	if media == "" {
		h.refuse(w, mediaJSON, &requestError{http.StatusNotAcceptable, codeBadUserInput, "Accept application/json or application/graphql-response+json."})
		return
	}
	if h.cfg.RequireSession && auth.FromContext(r.Context()) == nil {
		h.refuse(w, media, &requestError{http.StatusUnauthorized, codeUnauthenticated, messages[codeUnauthenticated]})
		return
	}
	params, err := readRequest(w, r, h.cfg.Limits.BodyBytes)
	if err != nil {
		h.refuse(w, media, err)
		return
	}
	h.run(w, r, media, params)
}

// run executes one operation, if it may be.
func (h *handler) run(w http.ResponseWriter, r *http.Request, media string, params *graphql.RawParams) {
	ctx, cancel := context.WithTimeoutCause(r.Context(), h.cfg.Timeout, errOperationTimeout)
	defer cancel()
	ctx, done := plan.Lend(ctx)
	defer done()
	ctx = withLoaders(graphql.StartOperationTrace(ctx), h.resolver.newLoaders(h.failures))
	params.ReadTime = graphql.TraceTiming{Start: graphql.Now(), End: graphql.Now()}
	params.Headers = http.Header{}

	operation, faults := h.exec.CreateOperationContext(ctx, params)
	if len(faults) > 0 {
		h.refuseDocument(w, media, faults)
		return
	}
	if fault := h.cfg.Limits.check(operation.Operation); fault != nil {
		h.refuseDocument(w, media, gqlerror.List{fault})
		return
	}
	switch operation.Operation.Operation {
	case ast.Mutation:
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", "POST")
			h.refuse(w, media, &requestError{http.StatusMethodNotAllowed, codeNotAllowed, "A mutation is sent with POST."})
			return
		}
		if auth.DeadCookie(ctx) {
			// Somebody believes she is signed in: what she wants done must not be done as anybody else.
			h.refuse(w, media, &requestError{http.StatusUnauthorized, codeUnauthenticated, messages[codeUnauthenticated]})
			return
		}
		if session := auth.FromContext(ctx); session != nil && session.ReadOnly() {
			h.refuse(w, media, &requestError{http.StatusConflict, codeSessionChanged, messages[codeSessionChanged]})
			return
		}
	case ast.Subscription:
		h.refuse(w, media, &requestError{http.StatusBadRequest, codeNotAllowed, "Subscriptions are not offered here."})
		return
	}
	denied := h.guards.decide(ctx, operation)
	ctx = plan.Deny(ctx, denied)
	if h.cfg.Prepare != nil {
		h.cfg.Prepare(ctx, apisOf(operation.Operation, denied))
	}
	responses, ctx := h.exec.DispatchOperation(ctx, operation)
	result := responses(ctx)
	if r.Context().Err() != nil {
		return // Nobody is there to read it.
	}
	h.answer(w, media, result)
}

// answer writes what an operation gave. Its data is JSON already, and not looked through again.
func (h *handler) answer(w http.ResponseWriter, media string, result *graphql.Response) {
	head := bytes.NewBufferString("{")
	if len(result.Errors) > 0 || len(result.Extensions) > 0 {
		head.Reset()
		encoder := json.NewEncoder(head)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(response{Errors: result.Errors, Extensions: result.Extensions}); err != nil {
			panic(fmt.Errorf("graph: errors or extensions that are no JSON: %w", err))
		}
		head.Truncate(head.Len() - len("}\n"))
		head.WriteByte(',')
	}
	head.WriteString(`"data":`)
	data := []byte(result.Data)
	if data == nil {
		data = []byte("null")
	}
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	for _, part := range [][]byte{head.Bytes(), data, []byte("}\n")} {
		w.Write(part) //nolint:errcheck // The reader is gone; there is nobody to tell.
	}
}

// response is a GraphQL response without data.
type response struct {
	Errors     gqlerror.List  `json:"errors,omitempty"`
	Extensions map[string]any `json:"extensions,omitempty"`
}

func (h *handler) write(w http.ResponseWriter, media string, status int, body response) {
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.Encode(body) //nolint:errcheck // The reader is gone; there is nobody to tell.
}

// refuse answers a request that is no well-formed GraphQL request, or not permitted: its status is the same for both
// media types.
func (h *handler) refuse(w http.ResponseWriter, media string, err error) {
	refused := &requestError{http.StatusInternalServerError, codeInternal, messages[codeInternal]}
	errors.As(err, &refused)
	extensions := map[string]any{"code": refused.code}
	if refused.code == codeUnauthenticated {
		extensions["loginUrl"] = h.cfg.LoginURL
	}
	h.write(w, media, refused.status, response{Errors: gqlerror.List{{Message: refused.message, Extensions: extensions}}})
}

// refuseDocument answers a well-formed request whose document does not parse, is not valid, or asks too much. Clients that
// accept only application/json expect 200 for it, as ever (graphql-http's audits); the newer type says 400.
func (h *handler) refuseDocument(w http.ResponseWriter, media string, faults gqlerror.List) {
	status := http.StatusOK
	if media == mediaResponse {
		status = http.StatusBadRequest
	}
	for _, fault := range faults {
		if fault.Extensions == nil {
			fault.Extensions = map[string]any{}
		}
		if code, _ := fault.Extensions["code"].(string); code == "" {
			fault.Extensions["code"] = codeValidationFailed
		}
		if strings.Contains(fault.Message, "exceeded token limit") {
			*fault = *tooComplex("tokens", h.cfg.Limits.Tokens+1, h.cfg.Limits.Tokens, nil)
		}
	}
	h.write(w, media, status, response{Errors: faults})
}
