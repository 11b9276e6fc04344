//go:build !nodemo

package graph_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"vestibule.example/clients"
	"vestibule.example/demo/apis"
	"vestibule.example/demo/fault"
	"vestibule.example/graph"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// endpoint is /graphql over the demo's catalogue, for nobody signed in: the other APIs are there and must not be asked.
type endpoint struct {
	server *httptest.Server
	faults *fault.Control
	log    *logBuffer
}

type logBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newEndpoint(t testing.TB, change func(*graph.Config)) *endpoint {
	t.Helper()
	e := &endpoint{faults: fault.New(fault.Config{}), log: &logBuffer{}}
	cfg := graph.Config{Resolver: e.resolver(t), Logger: newLogger(e.log)}
	if change != nil {
		change(&cfg)
	}
	handler, err := graph.NewHandler(cfg)
	if err != nil {
		t.Fatal(err)
	}
	e.server = httptest.NewServer(handler)
	t.Cleanup(e.server.Close)
	return e
}

// resolver asks the demo's APIs, through the faults.
func (e *endpoint) resolver(t testing.TB) *graph.Resolver {
	t.Helper()
	data := apis.New(apis.Config{Issuer: "http://127.0.0.1:1", JWKSURL: "http://127.0.0.1:1/keys"})
	t.Cleanup(data.Close)
	t.Cleanup(e.faults.Close)
	api := func(name string) *clients.API {
		server := httptest.NewServer(e.faults.Wrap(name, data.Handler(name)))
		t.Cleanup(server.Close)
		base, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		a, err := clients.New(clients.Config{Name: name, BaseURL: base, Transport: transport})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	return graph.NewResolver(api, nil)
}

// reply is an answer, whole.
type reply struct {
	status int
	header http.Header
	body   string
}

func (e *endpoint) send(t testing.TB, method, query, body string, header http.Header) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, e.server.URL+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(text)}
}

func jsonHeader() http.Header { return http.Header{"Content-Type": {"application/json"}} }

// ask asks a query as the SPA does.
func (e *endpoint) ask(t testing.TB, query string, variables map[string]any) (r reply, data map[string]any, errors []problem) {
	t.Helper()
	r = e.send(t, "POST", "", asked(query, variables), jsonHeader())
	var answer struct {
		Data   map[string]any
		Errors []problem
	}
	decode(t, r.body, &answer)
	return r, answer.Data, answer.Errors
}

// asked is the body of a request.
func asked(query string, variables map[string]any) string {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func decode(t testing.TB, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("answer %q: %v", text, err)
	}
}

type problem struct {
	Message    string
	Path       []any
	Locations  []map[string]int
	Extensions map[string]any
}

func (p problem) code() string {
	code, _ := p.Extensions["code"].(string)
	return code
}

// asked counts what all APIs were asked.
func (e *endpoint) asked() int { return len(e.faults.Calls("")) }
