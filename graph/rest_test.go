//go:build !nodemo

package graph_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"vestibule.example/clients"
	"vestibule.example/graph"
)

// A schema that asks an API which is not configured is found at the start, not by the first who asks.
func TestEveryAPIOfTheSchemaMustBeThere(t *testing.T) {
	for _, name := range []string{"accounts", "catalog", "orders"} {
		cfg := withClients(t, graph.Config{})
		cfg.Resolver.APIs = maps.Clone(cfg.Resolver.APIs)
		delete(cfg.Resolver.APIs, name)
		if _, err := graph.NewHandler(cfg); err == nil || !strings.Contains(err.Error(), "apis."+name) {
			t.Errorf("without %s: %v, want an error that names it", name, err)
		}
	}
}

func TestNothingIsAskedWithoutClients(t *testing.T) {
	incomplete := *withClients(t, graph.Config{}).Resolver
	incomplete.Orders = nil
	for _, resolver := range []*graph.Resolver{nil, &incomplete} {
		if _, err := graph.NewHandler(graph.Config{Resolver: resolver}); err == nil || !strings.Contains(err.Error(), "a client of each API") {
			t.Errorf("NewHandler with the resolver %v = %v, want an error that says what is missing", resolver, err)
		}
	}
}

// Whoever guesses a key makes cursors.
func TestAShortCursorKeyIsRefused(t *testing.T) {
	cfg := withClients(t, graph.Config{CursorKeys: [][]byte{make([]byte, 32), make([]byte, 31)}})
	if _, err := graph.NewHandler(cfg); err == nil || !strings.Contains(err.Error(), "32 bytes") {
		t.Errorf("NewHandler with a key of 31 bytes = %v, want an error that says how many", err)
	}
}

// An answer that is wrong only where nobody asks is right. A resolver by hand sees its parent whole.
func TestNoMoreOfAnAnswerIsReadThanIsAsked(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"id":"p-1","name":"Lamp","description":"","categoryId":"c","price":{"wrong":1},"currency":"EUR","inStock":1}`)
	}))
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := clients.New(clients.Config{Name: "catalog", BaseURL: base, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	e := newEndpoint(t, func(cfg *graph.Config) {
		cfg.Resolver.APIs = maps.Clone(cfg.Resolver.APIs)
		cfg.Resolver.APIs["catalog"] = catalog
	})
	for _, c := range []struct{ query, data, code string }{
		{`{product(id:"p-1"){id name}}`, `{"product":{"id":"p-1","name":"Lamp"}}`, ""},
		{`{product(id:"p-1"){name price}}`, `{"product":null}`, "UPSTREAM_INVALID"},
		{`{product(id:"p-1"){name category{name}}}`, `{"product":null}`, "UPSTREAM_INVALID"},
		{`{product(id:"p-1"){id name} again:product(id:"p-1"){currency}}`, `{"product":{"id":"p-1","name":"Lamp"},"again":{"currency":"EUR"}}`, ""},
	} {
		got, _, _ := e.ask(t, c.query, nil)
		if !strings.Contains(got.body, `"data":`+c.data) || !strings.Contains(got.body, c.code) || (c.code == "") == strings.Contains(got.body, `"errors"`) {
			t.Errorf("%s: %s, want %s, %q", c.query, got.body, c.data, c.code)
		}
	}
}
