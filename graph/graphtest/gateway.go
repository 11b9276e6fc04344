package graphtest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
	"vestibule.example/clients"
	"vestibule.example/demo"
	"vestibule.example/demo/visitor"
	"vestibule.example/graph"
)

// Config is what a [Gateway] is started with. The zero value works.
type Config struct {
	// APIs say where answers come from, by the API's name. One that is not there has the zero API.
	APIs map[string]API
	// Scopes are asked for at sign-in, beside openid; default: all that the demo's APIs know.
	Scopes []string
	// Claims are those that the session keeps, as session.claims says them; default: all that the demo's provider gives of its
	// people, name, preferred_username, email and roles.
	Claims []string
	// Graph changes the endpoint's configuration (policies, limits) before it is made; may be nil.
	Graph func(*graph.Config)
}

// Gateway is a running gateway. It ends with its test.
type Gateway struct {
	t      testing.TB
	origin string
	world  *demo.World
	apis   map[string]*standIn
}

// Start starts a gateway, and the APIs that the resolvers need. It ends the test if it cannot.
func Start(t testing.TB, cfg Config) *Gateway {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	g := &Gateway{t: t, origin: strings.Replace(server.URL, "127.0.0.1", "localhost", 1), apis: map[string]*standIn{}}
	world, err := demo.Start(t.Context(), demo.Config{PublicURL: g.origin, Address: "127.0.0.1:0"})
	must(t, err)
	g.world = world
	t.Cleanup(func() { must(t, world.Close(context.WithoutCancel(t.Context()))) })

	// The resolvers say which APIs they need; the clients themselves are made when sign-in is there to give them tokens.
	graph.NewResolver(func(name string) *clients.API {
		g.apis[name] = newStandIn(t, name, cfg.APIs[name], world.APIs[name])
		return nil
	}, nil)
	for name := range cfg.APIs {
		if g.apis[name] == nil {
			t.Fatalf("graphtest: no resolver needs an API %q; see graph.NewResolver", name)
		}
	}
	service := g.service(cfg)
	resolver := graph.NewResolver(func(name string) *clients.API { return g.client(service, name) }, service)
	endpoint := graph.Config{Resolver: resolver, Development: true, Prepare: service.Prepare, Confirm: service.Confirm}
	if cfg.Graph != nil {
		cfg.Graph(&endpoint)
	}
	handler, err := graph.NewHandler(endpoint)
	must(t, err)
	mux.Handle("/auth/login", service.Login())
	mux.Handle("/auth/callback", service.Callback())
	mux.Handle("/graphql", service.CrossSite(service.Middleware(handler)))
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {}) // Where sign-in ends.
	return g
}

// service makes the service that signs in at the demo's provider.
func (g *Gateway) service(cfg Config) *auth.Service {
	t := g.t
	t.Helper()
	scopes := cfg.Scopes
	if scopes == nil {
		scopes = []string{"accounts:read", "accounts:write", "orders:read", "orders:write", "shipping:read"}
	}
	claims := cfg.Claims
	if claims == nil {
		claims = []string{"name", "preferred_username", "email", "roles"}
	}
	provider, err := rp.New(rp.Config{
		Issuer: g.world.Issuer, ClientID: g.world.ClientID, ClientSecret: secret.New(g.world.ClientSecret),
		RedirectURI: g.origin + "/auth/callback", PostLogoutRedirectURI: g.origin + "/auth/logged-out",
		Scopes: slices.Concat([]string{"openid", "profile", "email"}, scopes), HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	must(t, err)
	store := memstore.New(memstore.Config{})
	t.Cleanup(func() { must(t, store.Close()) })
	public, err := url.Parse(g.origin)
	must(t, err)
	key := make([]byte, 64)
	rand.Read(key)
	tokens := map[string]auth.APIToken{}
	for name, api := range g.apis {
		tokens[name] = auth.APIToken{BaseURL: api.base, Kind: api.cfg.token()}
	}
	service, err := auth.New(auth.Config{
		Provider: provider, Store: store, PublicURL: public, APIs: tokens, Claims: claims,
		Keys: []auth.Key{{Use: "seal", Secret: secret.New(base64.StdEncoding.EncodeToString(key))}},
	})
	must(t, err)
	t.Cleanup(func() { must(t, service.Close()) })
	return service
}

// client makes the client of one API. It repeats no call, so that a test counts what its resolver asked.
func (g *Gateway) client(service *auth.Service, name string) *clients.API {
	g.t.Helper()
	transport := &http.Transport{}
	g.t.Cleanup(transport.CloseIdleConnections)
	api, err := clients.New(clients.Config{
		Name: name, BaseURL: g.apis[name].base, Transport: service.Transport(name, transport), Timeout: 5 * time.Second, Retry: clients.Retry{Attempts: 1},
	})
	must(g.t, err)
	return api
}

// Nobody is a browser in which nobody is signed in.
func (g *Gateway) Nobody() *Person {
	g.t.Helper()
	v, err := visitor.New(g.origin, &http.Transport{})
	must(g.t, err)
	g.t.Cleanup(v.Close)
	return &Person{g, v}
}

// SignIn signs in one of the demo's people: alice, bob (customers), agent (sees everyone's).
func (g *Gateway) SignIn(user string) *Person {
	g.t.Helper()
	p := g.Nobody()
	page, err := p.visitor.SignIn(g.t.Context(), user, user, "/", nil)
	must(g.t, err)
	if page.Status != http.StatusOK || page.URL.Path != "/" {
		g.t.Fatalf("graphtest: %q could not sign in: %s answered %d", user, page.URL, page.Status)
	}
	return p
}

// Calls lists the calls that an API got since the start, oldest first, each as "GET /orders?limit=10".
func (g *Gateway) Calls(api string) []string {
	s := g.apis[api]
	if s == nil {
		g.t.Fatalf("graphtest: no API %q", api)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("graphtest: %v", err)
	}
}
