package livetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.uber.org/goleak"

	"vestibule.example/clients"
	"vestibule.example/graph/plan"
	"vestibule.example/graph/rest"
	"vestibule.example/graph/rest/livetest/exec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type whoKey struct{}

// world is an API that answers as a test says, and the schema over it.
type world struct {
	t        *testing.T
	resolver *Resolver
	runner   *executor.Executor

	mu    sync.Mutex // guards calls
	calls []string   // "METHOD URL", or with a body "METHOD URL BODY"
}

func newWorld(t *testing.T, answer http.HandlerFunc) *world {
	t.Helper()
	w := &world{t: t}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.mu.Lock()
		w.calls = append(w.calls, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
		w.mu.Unlock()
		out.Header().Set("Content-Type", "application/json")
		answer(out, r)
	}))
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	api, err := clients.New(clients.Config{
		Name: "shop", BaseURL: base, Transport: transport, Retry: clients.Retry{Attempts: 1}, Cache: clients.CacheConfig{MaxBytes: 1 << 20},
		Identity: func(ctx context.Context) (clients.IdentityKey, error) {
			who, _ := ctx.Value(whoKey{}).(string)
			return clients.SessionIdentity("session of "+who, who), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	cursors, err := rest.NewCursors(nil)
	if err != nil {
		t.Fatal(err)
	}
	w.resolver = &Resolver{APIs: map[string]*clients.API{"shop": api}, cursors: cursors}
	w.runner = executor.New(plan.New(exec.NewExecutableSchema(exec.Config{Resolvers: w.resolver}), exec.PlanTables(), plan.Config{Operations: 10, Compiled: restCompiled()}))
	w.runner.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error {
		var call *clients.Error
		if !errors.As(err, &call) {
			return graphql.DefaultErrorPresenter(ctx, err)
		}
		return &gqlerror.Error{Path: graphql.GetPath(ctx), Message: string(call.Code)}
	})
	return w
}

// run begins an operation; each call of what it gives is an answer, nil at the end.
func (w *world) run(ctx context.Context, query string) func() *graphql.Response {
	w.t.Helper()
	ctx = w.resolver.withRestLoaders(graphql.StartOperationTrace(ctx))
	op, faults := w.runner.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if len(faults) > 0 {
		w.t.Fatalf("%s: %v", query, faults)
	}
	responses, ctx := w.runner.DispatchOperation(ctx, op)
	return func() *graphql.Response { return responses(ctx) }
}

// ask is an operation's one answer, asked as somebody: data, and errors as "path: code".
func (w *world) ask(who, query string) string {
	w.t.Helper()
	response := w.run(context.WithValue(w.t.Context(), whoKey{}, who), query)()
	text := string(response.Data)
	for _, e := range response.Errors {
		text += " " + e.Path.String() + ": " + e.Message
	}
	return text
}

// asked are the calls since the last time, sorted.
func (w *world) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	slices.Sort(calls)
	return calls
}

// What says how long its answer is fresh has it kept so long, for its session; what says none is asked for each time; the rest is as
// the API says.
func TestFreshnessOfAField(t *testing.T) {
	w := newWorld(t, func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/things" {
			fmt.Fprint(out, `[{"id": "1"}]`)
			return
		}
		fmt.Fprint(out, `{"id": "1"}`)
	})
	for _, c := range []struct {
		who, query string
		calls      int
	}{
		{"alice", `{kept(id: "1"){id}}`, 1},
		{"alice", `{kept(id: "1"){id}}`, 0},
		{"alice", `{a: kept(id: "1"){id} b: anew(id: "1"){id}}`, 1},
		{"alice", `{anew(id: "1"){id}}`, 1},
		{"alice", `{asItSays(id: "1"){id}}`, 1},
		{"alice", `{asItSays(id: "1"){id}}`, 1},
		{"bob", `{kept(id: "1"){id}}`, 1},
		{"alice", `{page{edges{node{id}}}}`, 1},
		{"alice", `{page{edges{node{id}}}}`, 0},
		{"bob", `{page{edges{node{id}}}}`, 1},
	} {
		if got := w.ask(c.who, c.query); !strings.Contains(got, `"id":"1"`) || strings.Contains(got, ": ") {
			t.Fatalf("%s = %s", c.query, got)
		}
		if calls := w.asked(); len(calls) != c.calls {
			t.Errorf("%s asks %s: %d calls %q, want %d", c.who, c.query, len(calls), calls, c.calls)
		}
	}
}

// A field that waits no longer than it says fails, alone, long before its API's own time is over.
func TestTimeOfAField(t *testing.T) {
	w := newWorld(t, func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
			return
		}
		fmt.Fprint(out, `{"id": "1"}`)
	})
	began := time.Now()
	if got, want := w.ask("alice", `{slow{id} asItSays(id: "1"){id}}`), `{"slow":null,"asItSays":{"id":"1"}} slow: UPSTREAM_TIMEOUT`; got != want {
		t.Errorf("answer = %s, want %s", got, want)
	}
	if waited := time.Since(began); waited > 5*time.Second {
		t.Errorf("it took %s, of an API with ten seconds", waited)
	}
}

// Keys are searched for together, in the body, as the API has them; what no number can be is the client's fault.
func TestSearchesForManyKeys(t *testing.T) {
	w := newWorld(t, func(out http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/search":
			fmt.Fprint(out, `[{"id": 3, "name": "three"}, {"id": 1, "name": "one"}]`)
		case "/tags/search":
			fmt.Fprint(out, `{"found": [{"thing": "2", "label": "b"}, {"thing": "1", "label": "a"}, {"thing": "2", "label": "c"}]}`)
		default:
			fmt.Fprint(out, `[{"id": "1"}, {"id": "2"}]`)
		}
	})
	got := w.ask("alice", `{a: found(id: 1){name} b: found(id: 2){name} c: found(id: 3){name} d: found(id: 1){id} page{edges{node{tags{label}}}}}`)
	want := `{"a":{"name":"one"},"b":null,"c":{"name":"three"},"d":{"id":"1"},"page":{"edges":[{"node":{"tags":[{"label":"a"}]}},{"node":{"tags":[{"label":"b"},{"label":"c"}]}}]}}`
	if got != want {
		t.Errorf("answer = %s\nwant %s", got, want)
	}
	searches := 0
	for _, call := range w.asked() {
		switch {
		case strings.HasPrefix(call, "POST /search "):
			searches++
		case strings.HasPrefix(call, "POST /tags/search ") && call != `POST /tags/search {"things":["1","2"],"deep":true}`:
			t.Errorf("asked %s", call)
		}
	}
	if searches == 0 {
		t.Error("nothing was searched for")
	}
	w.ask("alice", `{found(id: 7){id}}`)
	if calls := w.asked(); !slices.Equal(calls, []string{`POST /search {"filter":{"ids":[7]},"limit":10}`}) {
		t.Errorf("asked %q", calls)
	}
	if got, want := w.ask("alice", `{found(id: "x"){id}}`), `{"found":null} found: BAD_USER_INPUT`; got != want {
		t.Errorf("answer = %s, want %s", got, want)
	}
	if calls := w.asked(); len(calls) > 0 {
		t.Errorf("asked %q for what is no number", calls)
	}
}

// A search changes nothing: what is kept stays.
func TestASearchIsNoChange(t *testing.T) {
	w := newWorld(t, func(out http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			fmt.Fprint(out, `[]`)
			return
		}
		fmt.Fprint(out, `{"id": "1"}`)
	})
	w.ask("alice", `{kept(id: "1"){id}}`)
	w.ask("alice", `{found(id: 1){id}}`)
	w.asked()
	w.ask("alice", `{kept(id: "1"){id}}`)
	if calls := w.asked(); len(calls) > 0 {
		t.Errorf("asked %q after a search", calls)
	}
}

// What is asked again and again is told when it has changed.
func TestPolledSubscription(t *testing.T) {
	answers := []string{`{"thing": {"id": "1", "name": "a"}}`, `{"thing": {"id": "1", "name": "a"}}`, `{"thing": {"id": "1", "name": "b"}}`}
	var mu sync.Mutex
	n := 0
	w := newWorld(t, func(out http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprint(out, answers[min(n, len(answers)-1)])
		n++
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	next := w.run(ctx, `subscription{polled(id: "x/y", deep: true){name}}`)
	for _, want := range []string{`{"polled":{"name":"a"}}`, `{"polled":{"name":"b"}}`} {
		if response := next(); response == nil || string(response.Data) != want {
			t.Fatalf("answer = %+v, want %s", response, want)
		}
	}
	if calls := w.asked(); len(calls) < 3 || calls[0] != "GET /boxes/x%2Fy?deep=true" {
		t.Errorf("asked %q", calls)
	}
	cancel()
	if response := next(); response != nil && len(response.Errors) == 0 {
		t.Errorf("after its end: %+v", response)
	}
}

// events answers with an event stream, and holds it open until its reader goes.
func events(out http.ResponseWriter, r *http.Request, text string) {
	out.Header().Set("Content-Type", "text/event-stream")
	flush := bufio.NewWriter(out)
	fmt.Fprint(flush, text)
	flush.Flush()
	out.(http.Flusher).Flush() //nolint:forcetypeassert // A server's.
	<-r.Context().Done()
}

// Of an event stream, the events that are named are told, and the others are not even read; without names all are.
func TestEventSubscription(t *testing.T) {
	w := newWorld(t, func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/notes" {
			events(out, r, "event: any\ndata: {\"note\": {\"text\": \"hello\"}}\n\ndata: {\"note\": {\"text\": \"again\"}}\n\n")
			return
		}
		events(out, r, "event: ping\ndata: no JSON\n\nevent: moved\ndata: {\"id\": \"1\", \"name\": \"a\"}\n\nevent: gone\ndata: {\"id\": 7}\n\ndata: {\"id\": \"2\"}\n\n")
	})
	for query, wants := range map[string][]string{
		`subscription{moved(id: "1"){id name}}`: {`{"moved":{"id":"1","name":"a"}}`, `{"moved":{"id":"2","name":null}}`},
		`subscription{noted{text}}`:             {`{"noted":{"text":"hello"}}`, `{"noted":{"text":"again"}}`},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		next := w.run(ctx, query)
		for _, want := range wants {
			if response := next(); response == nil || string(response.Data) != want {
				t.Fatalf("%s = %+v, want %s", query, response, want)
			}
		}
		cancel()
		next()
	}
}
