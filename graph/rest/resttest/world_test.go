package resttest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.uber.org/goleak"

	"vestibule.example/clients"
	"vestibule.example/graph/plan"
	"vestibule.example/graph/rest"
	"vestibule.example/graph/rest/resttest/exec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the two APIs, which answer what a test says, and the schema over them.
type world struct {
	t       testing.TB
	answers map[string]string // by "METHOD URL": a body, or a status
	makers  map[string]string // by id, whatever others are asked for with them
	held    string            // a call that is answered when the makers have been asked for, and not before

	asked chan struct{} // closed when the makers are asked for
	once  sync.Once     // closes it

	mu     sync.Mutex // guards what follows
	calls  []string
	bodies []string // with the headers that matter before each
	hidden []string // failures behind fallbacks
}

func newWorld(t testing.TB, answers map[string]string) *world {
	return &world{t: t, answers: answers, asked: make(chan struct{})}
}

// ServeHTTP answers as an API does.
func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	query, err := url.QueryUnescape(r.URL.RawQuery)
	if err != nil {
		w.t.Errorf("query %q: %v", r.URL.RawQuery, err)
	}
	call := r.Method + " " + r.URL.EscapedPath()
	if query != "" {
		call += "?" + query
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Errorf("body: %v", err)
	}
	w.mu.Lock()
	w.calls = append(w.calls, call)
	if len(body) > 0 {
		w.bodies = append(w.bodies, strings.Join([]string{r.Header.Get("Content-Type"), r.Header.Get("Idempotency-Key"), r.Header.Get("X-Tenant"), r.Header.Get("X-Version"), string(body)}, "|"))
	}
	w.mu.Unlock()
	answer, known := w.answers[call]
	if call == w.held {
		select {
		case <-w.asked:
		case <-r.Context().Done():
		}
	}
	if r.URL.Path == "/makers" {
		w.once.Do(func() { close(w.asked) })
		var found []string
		for id := range strings.SplitSeq(r.URL.Query().Get("ids"), ",") {
			if maker, ok := w.makers[id]; ok {
				found = append(found, maker)
			}
		}
		answer, known = "["+strings.Join(found, ",")+"]", true
		out.Header().Set("Cache-Control", "max-age=60")
	}
	if page, ok := pageOf(r); ok {
		answer, known = page.body, true
		if page.link != "" {
			out.Header().Set("Link", page.link)
		}
	}
	switch {
	case !known:
		http.Error(out, "{}", http.StatusNotFound)
	case answer == "204":
		out.WriteHeader(http.StatusNoContent)
	case answer == "503":
		http.Error(out, "{}", http.StatusServiceUnavailable)
	default:
		out.Header().Set("Content-Type", "application/json")
		out.Write([]byte(answer))
	}
}

// resolver calls the two APIs.
func (w *world) resolver() *Resolver {
	server := httptest.NewServer(w)
	w.t.Cleanup(server.Close)
	transport := &http.Transport{}
	w.t.Cleanup(transport.CloseIdleConnections)
	cursors, err := rest.NewCursors(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r := &Resolver{APIs: map[string]*clients.API{}, cursors: cursors, failed: w.hide}
	for _, name := range restAPIs() {
		base, err := url.Parse(server.URL)
		if err != nil {
			w.t.Fatal(err)
		}
		if r.APIs[name], err = clients.New(clients.Config{Name: name, BaseURL: base, Transport: transport, Retry: clients.Retry{Attempts: 1}, Identity: identity, Cache: clients.CacheConfig{MaxBytes: 1 << 20}}); err != nil {
			w.t.Fatal(err)
		}
	}
	return r
}

// hide is told of a failure behind a fallback.
func (w *world) hide(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hidden = append(w.hidden, err.Error())
}

func identity(context.Context) (clients.IdentityKey, error) {
	return clients.SessionIdentity("session", "owner"), nil
}

// ask runs an operation and gives data, the errors as "path: code", and the calls, sorted.
func (w *world) ask(query string, variables map[string]any) (data string, errs, calls []string) {
	w.t.Helper()
	r := w.resolver()
	return w.askOf(r, query, variables)
}

func (w *world) askOf(r *Resolver, query string, variables map[string]any) (data string, errs, calls []string) {
	w.t.Helper()
	return w.askBy(planned(), r, query, variables)
}

// askBy is askOf with another configuration of who runs it.
func (w *world) askBy(cfg plan.Config, r *Resolver, query string, variables map[string]any) (data string, errs, calls []string) {
	w.t.Helper()
	runner := executor.New(plan.New(exec.NewExecutableSchema(exec.Config{Resolvers: r}), exec.PlanTables(), cfg))
	runner.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error {
		var call *clients.Error
		if !errors.As(err, &call) {
			return graphql.DefaultErrorPresenter(ctx, err)
		}
		return &gqlerror.Error{Path: graphql.GetPath(ctx), Message: string(call.Code)}
	})
	ctx := r.withRestLoaders(graphql.StartOperationTrace(w.t.Context()))
	op, faults := runner.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: variables})
	if len(faults) > 0 {
		w.t.Fatalf("%s: %v", query, faults)
	}
	responses, ctx := runner.DispatchOperation(ctx, op)
	response := responses(ctx)
	for _, e := range response.Errors {
		errs = append(errs, e.Path.String()+": "+e.Message)
	}
	slices.Sort(errs)
	w.mu.Lock()
	defer w.mu.Unlock()
	calls, w.calls = w.calls, nil
	slices.Sort(calls)
	return string(response.Data), errs, calls
}

// planned runs operations as the product does.
func planned() plan.Config {
	cfg := wholly()
	cfg.Compiled = restCompiled()
	return cfg
}

// wholly runs operations so, but for answers that are decoded whole.
func wholly() plan.Config {
	fields := restCalls().Fields
	return plan.Config{Operations: 10, Kind: func(at plan.Coordinate) string { return fields[at.Object+"."+at.Field].Loader }, Together: clients.Together}
}

// same compares JSON, or lists of text.
func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if text, ok := got.(string); ok {
		var a, b any
		if json.Unmarshal([]byte(text), &a) != nil || json.Unmarshal([]byte(want.(string)), &b) != nil {
			t.Errorf("%s = %s, want %s", what, text, want)
			return
		}
		got, want = a, b
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if string(a) != string(b) {
		t.Errorf("%s =\n  %s\nwant\n  %s", what, strings.ReplaceAll(string(a), "null", "null"), b)
	}
}
