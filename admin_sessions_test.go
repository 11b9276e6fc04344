package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// SES-11: users' sessions are shown to programs on the gateway's own machine: not to web pages there, and not to whoever
// else reaches the operators' listener, as probes and monitoring do.
func TestOperatorsAreOnTheSameMachine(t *testing.T) {
	for _, row := range []struct {
		name, local, remote string
		headers             map[string]string
		want                int
	}{
		{"on loopback", "127.0.0.1:9090", "127.0.0.1:50000", nil, 200},
		{"on loopback, IPv6", "[::1]:9090", "[::1]:50000", nil, 200},
		{"in the container, by its own address", "10.1.2.3:9090", "10.1.2.3:50000", nil, 200},
		{"an IPv4 address written as IPv6", "[::ffff:10.1.2.3]:9090", "10.1.2.3:50000", nil, 200},
		{"from another machine", "10.1.2.3:9090", "10.1.2.4:50000", nil, 403},
		{"from another machine, which says it is this one", "10.1.2.3:9090", "10.1.2.4:50000", map[string]string{"X-Forwarded-For": "10.1.2.3", "Forwarded": "for=127.0.0.1"}, 403},
		{"without an address", "10.1.2.3:9090", "", nil, 403},
		{"from a page of another origin", "127.0.0.1:9090", "127.0.0.1:50000", map[string]string{"Origin": "https://evil.example"}, 403},
		{"from a page, by its site", "127.0.0.1:9090", "127.0.0.1:50000", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"without the programs' header", "127.0.0.1:9090", "127.0.0.1:50000", map[string]string{operatorHeader: ""}, 403},
	} {
		t.Run(row.name, func(t *testing.T) {
			local, err := net.ResolveTCPAddr("tcp", row.local)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/sessions?sub=alice", nil)
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
			r.RemoteAddr = row.remote
			r.Header.Set(operatorHeader, "1")
			for name, value := range row.headers {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			programsOnly(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
			if w.Code != row.want {
				t.Errorf("status = %d, want %d: %s", w.Code, row.want, w.Body)
			}
		})
	}
}
