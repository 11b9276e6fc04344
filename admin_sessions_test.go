package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// address is where a connection ends.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

var _ net.Addr = address("")

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
		{"from another machine, through a mesh's proxy beside this one", "10.1.2.3:9090", "127.0.0.6:50000", nil, 403},
		{"from another machine, through a mesh's proxy that calls loopback", "127.0.0.1:9090", "127.0.0.6:50000", nil, 403},
		{"from another machine, through a proxy on this one", "127.0.0.1:9090", "127.0.0.1:50000", map[string]string{"X-Forwarded-For": "10.1.2.4"}, 403},
		{"the same, by the proxy's name alone", "127.0.0.1:9090", "127.0.0.1:50000", map[string]string{"Via": "1.1 proxy"}, 403},
		{"without an address", "10.1.2.3:9090", "", nil, 403},
		{"to no address", "", "127.0.0.1:50000", nil, 403},
		{"to a socket that is a file", "/run/vestibule.sock", "127.0.0.1:50000", nil, 403},
		{"from what is no address to what is none", "/run/vestibule.sock", "@", nil, 403},
		{"from a page of another origin", "127.0.0.1:9090", "127.0.0.1:50000", map[string]string{"Origin": "https://evil.example"}, 403},
		{"from a page, by its site", "127.0.0.1:9090", "127.0.0.1:50000", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"without the programs' header", "127.0.0.1:9090", "127.0.0.1:50000", map[string]string{operatorHeader: ""}, 403},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/sessions?sub=alice", nil)
			if row.local != "" {
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, address(row.local)))
			}
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

// away is a store that cannot be reached.
type away struct{ auth.Store }

func (away) List(context.Context, []string) ([]*auth.Record, error) {
	return nil, auth.ErrStoreUnavailable
}

// While the store is away an operator is told so: not that there are no sessions, nor that they have ended.
func TestOperatorsAreToldOfAnOutage(t *testing.T) {
	store := memstore.New(memstore.Config{})
	defer store.Close()
	service := newTestService(t, away{store}, nil)
	sessions := operatorSessions(service, slog.New(slog.DiscardHandler))
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		r := httptest.NewRequest(method, "/sessions?sub=alice", nil)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, address("127.0.0.1:9090")))
		r.RemoteAddr = "127.0.0.1:50000"
		r.Header.Set(operatorHeader, "1")
		w := httptest.NewRecorder()
		if sessions.ServeHTTP(w, r); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s while the store is away = %d %s, want 503", method, w.Code, w.Body)
		}
	}
}

// newTestService makes a service whose provider is nowhere.
func newTestService(t *testing.T, store auth.Store, apis map[string]auth.APIToken) *auth.Service {
	t.Helper()
	public := &url.URL{Scheme: "https", Host: "app.example.test"}
	provider, err := rp.New(rp.Config{Issuer: nowhere, ClientID: "v", ClientSecret: secret.New("s"), RedirectURI: public.String() + "/auth/callback"})
	if err != nil {
		t.Fatal(err)
	}
	service, err := auth.New(auth.Config{Provider: provider, Store: store, PublicURL: public, APIs: apis, Keys: []auth.Key{{Use: "seal", Secret: secret.New(goodKey)}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Close() })
	return service
}
