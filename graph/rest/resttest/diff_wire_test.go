package resttest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"vestibule.example/clients"
)

// side is the two APIs as one of the implementations sees them: a server of its own, on a network within the test's bubble, so that an
// API that hangs costs no time. It answers as the world does and notes what it is asked.
type side struct {
	world *shopWorld
	conns chan net.Conn
	done  chan struct{}

	mu     sync.Mutex // guards what follows
	calls  []string
	hidden []string       // failures behind fallbacks, and why sources of events ended
	nth    map[string]int // how often something that changes was asked for
}

// open starts the server and gives the two APIs.
func (s *side) open(t testing.TB) (shop, stock *clients.API) {
	s.conns, s.done = make(chan net.Conn), make(chan struct{})
	server := &http.Server{Handler: s}
	go server.Serve(s)
	// A connection for each call: net/http repeats by itself what is lost on one that was used before.
	transport := &http.Transport{DialContext: s.dial, DisableCompression: true, DisableKeepAlives: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	api := func(name string) *clients.API {
		cfg := clients.Config{
			Name: name, BaseURL: &url.URL{Scheme: "http", Host: name + ".test"}, Transport: transport,
			Retry: clients.Retry{Attempts: 2, Budget: 1}, Breaker: clients.Breaker{Failures: -1},
		}
		if s.world.cached {
			cfg.Identity, cfg.Cache = identity, clients.CacheConfig{MaxBytes: 1 << 20}
		}
		a, err := clients.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	return api("shop"), api("stock")
}

func (s *side) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	theirs, ours := net.Pipe()
	select {
	case s.conns <- theirs:
		return ours, nil
	case <-s.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements [net.Listener].
func (s *side) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (s *side) Close() error {
	close(s.done)
	return nil
}

// Addr implements [net.Listener].
func (s *side) Addr() net.Addr { return &net.TCPAddr{} }

// ServeHTTP implements [http.Handler].
func (s *side) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.world.answer(r, body, s.note(r, body)).send(w, r)
}

// note writes a call down: its method, its URL, the headers that say something, its body whatever the order of its members. It gives how
// often the same path was asked for before.
func (s *side) note(r *http.Request, body []byte) (before int) {
	call := r.Method + " " + r.Host + r.URL.EscapedPath() + "?" + r.URL.Query().Encode()
	for _, name := range []string{"Accept", "Content-Type", "Idempotency-Key", "X-Tenant", "X-Version", "If-None-Match", "Last-Event-ID"} {
		if value := r.Header.Get(name); value != "" {
			call += " | " + name + ": " + value
		}
	}
	if len(body) > 0 {
		call += " | " + plain(r.Header.Get("Content-Type"), body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	if s.nth == nil {
		s.nth = map[string]int{}
	}
	before = s.nth[r.URL.Path]
	s.nth[r.URL.Path]++
	return before
}

// plain is a body whatever the order of its members and escapes.
func plain(kind string, body []byte) string {
	if kind != "application/json" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return "no form: " + string(body)
		}
		return form.Encode()
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return "no JSON: " + string(body)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// hide is told of a failure behind a fallback.
func (s *side) hide(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = append(s.hidden, err.Error())
}

// asked gives what was asked since the last time, and what was hidden, in a fixed order.
func (s *side) asked() (calls, hidden []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls, hidden, s.calls, s.hidden = s.calls, s.hidden, nil, nil
	slices.Sort(calls)
	slices.Sort(hidden)
	return calls, hidden
}

// batches are the calls that take many keys: where the keys are, and how many there may be.
var batches = map[string]struct {
	parameter string
	most      int
}{"/makers": {"ids", 4}, "/related": {"of", 3}, "/stock": {"item", 100}, "/search": {"filter", 2}, "/tags/search": {"items", 3}}

// byKey takes batches apart, a line for each key: which keys go together depends on which of two fields is the first, where both load
// the same kind of thing.
func byKey(t testing.TB, calls []string) []string {
	var apart []string
	for _, call := range calls {
		method, address, _ := strings.Cut(call, " ")
		address, rest, _ := strings.Cut(address, " | ")
		u, err := url.Parse("//" + address)
		if err != nil {
			t.Fatal(err)
		}
		b, many := batches[u.Path]
		if !many {
			apart = append(apart, call)
			continue
		}
		query := u.Query()
		keys := query[b.parameter]
		if u.Path == "/makers" {
			keys = strings.Split(query.Get(b.parameter), ",")
		}
		if method == http.MethodPost {
			head, behind, _ := strings.Cut(rest, "[")
			inner, tail, _ := strings.Cut(behind, "]")
			keys, rest = strings.Split(inner, ","), head+tail
		}
		if len(keys) > b.most || len(keys) == 0 {
			t.Errorf("%s has %d keys, want 1 to %d", call, len(keys), b.most)
		}
		query.Del(b.parameter)
		for _, key := range keys {
			apart = append(apart, method+" "+u.Path+"?"+query.Encode()+" | "+rest+" | "+key)
		}
	}
	slices.SortFunc(apart, cmp.Compare[string])
	return apart
}
