package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Kept answers of the session store are for requests that begin no stream, and change nothing through the relay.
func TestWhoseSessionMayBeKept(t *testing.T) {
	for _, c := range []struct {
		name, method, path string
		header             http.Header
		want               bool
	}{
		{"a GraphQL request", "POST", "/graphql", http.Header{"Accept": {"application/json"}}, true},
		{"a GraphQL stream", "POST", "/graphql", http.Header{"Accept": {"application/json", "text/event-stream"}}, false},
		{"a GraphQL socket", "GET", "/graphql", http.Header{"Upgrade": {"websocket"}}, false},
		{"a relayed GET", "GET", "/api/orders/orders", nil, true},
		{"a relayed HEAD", "HEAD", "/api/orders/orders", nil, true},
		{"a relayed stream", "GET", "/api/shipping/events", http.Header{"Accept": {"text/event-stream"}}, false},
		{"a relayed POST", "POST", "/api/orders/orders", nil, false},
		{"a relayed DELETE", "DELETE", "/api/orders/orders/1", nil, false},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		for name, values := range c.header {
			r.Header[name] = values
		}
		if got := mayBeKept(r); got != c.want {
			t.Errorf("%s: mayBeKept = %v, want %v", c.name, got, c.want)
		}
	}
}
