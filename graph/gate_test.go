//go:build !nodemo

package graph_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
	"vestibule.example/demo"
	"vestibule.example/demo/visitor"
	"vestibule.example/graph"
)

// gate is /graphql behind sign-in at the demo's provider, over the demo's APIs. The APIs other than the catalogue take no
// token of it: whether they were asked is what counts.
type gate struct {
	*endpoint
	origin string
	ahead  atomic.Int64
	// last is the session of the request to /who before.
	last atomic.Pointer[auth.Session]
	// granted are the scopes that the provider says it grants with its next tokens; nil: what it does by itself.
	granted atomic.Pointer[string]
}

// newGate makes one, for the schema with the changes, which are pairs of old and new.
func newGate(t testing.TB, executor string, change func(*graph.Config), changes ...string) *gate {
	t.Helper()
	g := &gate{}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	g.origin = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	now := func() time.Time { return time.Now().Add(time.Duration(g.ahead.Load())) }
	world, err := demo.Start(t.Context(), demo.Config{PublicURL: g.origin, Address: "127.0.0.1:0", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	provider, err := rp.New(rp.Config{
		Now: now, Issuer: world.Issuer, ClientID: world.ClientID, ClientSecret: secret.New(world.ClientSecret),
		RedirectURI: g.origin + "/auth/callback", PostLogoutRedirectURI: g.origin + "/auth/logged-out",
		Scopes: []string{"openid", "offline_access", "orders:read", "accounts:read"}, HTTPClient: &http.Client{Transport: regranting{&http.Transport{DisableKeepAlives: true}, &g.granted}},
	})
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.New(memstore.Config{})
	t.Cleanup(func() { store.Close() })
	public, err := url.Parse(g.origin)
	if err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 64)
	rand.Read(key)
	service, err := auth.New(auth.Config{
		APIs: map[string]auth.APIToken{"spent": {BaseURL: public, Kind: auth.KindUser}}, Now: now,
		Provider: provider, Store: store, PublicURL: public, Keys: []auth.Key{{Use: "seal", Secret: secret.New(base64.StdEncoding.EncodeToString(key))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	var handler http.Handler
	g.endpoint = newEndpoint(t, func(cfg *graph.Config) {
		cfg.Executor = executor
		cfg.Now = now
		if change != nil {
			change(cfg)
		}
		if handler, err = graph.NewHandlerOf(*cfg, strings.NewReplacer(changes...).Replace(schemaText(t))); err != nil {
			t.Fatal(err)
		}
	})
	mux.Handle("/auth/login", service.Login())
	mux.Handle("/auth/callback", service.Callback())
	mux.Handle("GET /auth/session", service.Session())
	mux.Handle("/graphql", service.Middleware(handler))
	mux.Handle("/spend", service.Middleware(spending(service.Transport("spent", &http.Transport{DisableKeepAlives: true}), g.origin)))
	mux.Handle("/who", service.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { g.last.Store(auth.FromContext(r.Context())) })))
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	return g
}

// asks sends an operation, of alice if she has signed in, and gives the answer's data, its errors as "path code" and the
// last loginUrl.
func (g *gate) asks(t *testing.T, alice *visitor.Visitor, query string) (data string, faults []string, loginURL string) {
	t.Helper()
	if alice == nil {
		var err error
		if alice, err = visitor.New(g.origin, &http.Transport{}); err != nil {
			t.Fatal(err)
		}
		defer alice.Close()
	}
	answer, err := alice.GraphQL(t.Context(), query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range answer.Errors {
		var path []string
		for _, element := range p.Path {
			path = append(path, fmt.Sprint(element))
		}
		faults = append(faults, strings.Join(path, ".")+" "+p.Code())
		loginURL, _ = p.Extensions["loginUrl"].(string)
	}
	return string(answer.Data), faults, loginURL
}

func (g *gate) signIn(t testing.TB) *visitor.Visitor {
	t.Helper()
	v, err := visitor.New(g.origin, &http.Transport{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	if _, err := v.SignIn(t.Context(), "alice", "alice", "/", nil); err != nil {
		t.Fatal(err)
	}
	return v
}

func schemaText(t testing.TB) string {
	t.Helper()
	sdl, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(` @(rest|keep|json|page|load)\([^)]*\)`).ReplaceAllString(string(sdl), "") // What generates code does nothing at run time.
}

// withClients fills in what no handler is made without.
func withClients(t testing.TB, cfg graph.Config) graph.Config {
	t.Helper()
	newEndpoint(t, func(other *graph.Config) { cfg.Resolver = other.Resolver })
	return cfg
}
