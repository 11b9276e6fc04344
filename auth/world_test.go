package auth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
	"vestibule.example/demo"
	"vestibule.example/demo/fault"
	"vestibule.example/demo/provider"
	"vestibule.example/demo/visitor"
)

// world is sessions between the demo's provider and one API, over real HTTP.
type world struct {
	demo   *demo.World
	store  auth.Store
	auth   *auth.Service
	origin string
	clock  *clock
	log    *lockedBuffer
	api    *api
	config auth.Config
	routes atomic.Pointer[http.ServeMux]
}

// clock is the time of everybody in a world. It stands still unless it is moved on: nothing depends on how long a test takes.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Now().UnixNano())
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) Advance(d time.Duration) { c.at.Add(int64(d)) }

type lockedBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// api is a downstream API that takes every token but those it is told to refuse, and remembers them.
type api struct {
	server *httptest.Server

	mu      sync.Mutex // guards all of the following
	tokens  []string
	headers []http.Header
	refuse  func(token string) bool
	stepUp  bool
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	a.mu.Lock()
	a.tokens = append(a.tokens, token)
	a.headers = append(a.headers, r.Header.Clone())
	refused := a.refuse != nil && a.refuse(token)
	stepUp := a.stepUp
	a.mu.Unlock()
	if stepUp {
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_user_authentication", acr_values="urn:demo:mfa"`)
	}
	if refused {
		w.Header().Add("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	w.Header().Set("Token-Hash", fault.TokenHash(token))
	if refused || stepUp {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	io.Copy(w, r.Body)
}

func (a *api) seen() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.tokens)
}

func (a *api) refuses(which func(string) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse, a.tokens = which, nil
}

func newKey() auth.Key {
	bytes := make([]byte, 64)
	rand.Read(bytes)
	return auth.Key{Use: "seal", Secret: secret.New(base64.StdEncoding.EncodeToString(bytes))}
}

// newWorld starts one; change may alter the configuration.
func newWorld(t testing.TB, change func(*auth.Config, *rp.Config)) *world {
	t.Helper()
	w := &world{clock: newClock(), log: &lockedBuffer{}, api: &api{}}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) { w.routes.Load().ServeHTTP(out, r) }))
	t.Cleanup(server.Close)
	w.origin = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	w.api.server = httptest.NewServer(w.api)
	t.Cleanup(w.api.server.Close)

	var err error
	if w.demo, err = demo.Start(t.Context(), demo.Config{PublicURL: w.origin, Address: "127.0.0.1:0", Now: w.clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.demo.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("closing the demo: %v", err)
		}
	})
	w.watch(t)
	logger := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	party := rp.Config{
		Issuer: w.demo.Issuer, ClientID: w.demo.ClientID, ClientSecret: secret.New(w.demo.ClientSecret),
		RedirectURI: w.origin + "/auth/callback", PostLogoutRedirectURI: w.origin + "/auth/logged-out",
		Scopes: []string{"openid", "profile", "email", "offline_access", "orders:read", "accounts:read"}, HTTPClient: client, Now: w.clock.Now, Logger: logger,
	}
	public, base := parse(t, w.origin), parse(t, w.api.server.URL)
	w.store = memstore.New(memstore.Config{Now: w.clock.Now})
	t.Cleanup(func() { w.store.Close() })
	w.config = auth.Config{
		Store: w.store, PublicURL: public, Keys: []auth.Key{newKey()}, Claims: []string{"name"}, Logger: logger, Now: w.clock.Now,
		APIs: map[string]auth.APIToken{
			"orders": {BaseURL: base, Kind: auth.KindUser}, "public": {BaseURL: base, Kind: auth.KindNone},
			"narrow": {BaseURL: base, Kind: auth.KindUser, Scopes: []string{"orders:read"}}, "narrower": {BaseURL: base, Kind: auth.KindUser, Scopes: []string{"accounts:read"}},
		},
	}
	if change != nil {
		change(&w.config, &party)
	}
	if w.config.Provider, err = rp.New(party); err != nil {
		t.Fatal(err)
	}
	w.auth = w.serve(t, w.config)
	return w
}

func parse(t testing.TB, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// serve makes a service of the configuration and puts it behind the world's origin.
func (w *world) serve(t testing.TB, cfg auth.Config) *auth.Service {
	t.Helper()
	watchKeys(cfg.Keys)
	service, err := auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	mux := http.NewServeMux()
	guard := service.CrossSite
	mux.Handle("/auth/login", service.Login())
	mux.Handle("/auth/callback", service.Callback())
	mux.Handle("GET /auth/session", guard(service.Session()))
	mux.Handle("/auth/logout", service.Logout())
	mux.Handle("/auth/logout/continue", service.LogoutContinue())
	mux.Handle("/auth/logged-out", service.LoggedOut())
	mux.Handle("GET /auth/sessions", guard(service.Sessions()))
	mux.Handle("DELETE /auth/sessions", guard(service.EndSession()))
	mux.Handle("DELETE /auth/sessions/{id}", guard(service.EndSession()))
	mux.Handle("GET /auth/events", guard(service.Events()))
	mux.Handle("POST /auth/backchannel-logout", service.BackchannelLogout())
	mux.Handle("GET /auth/frontchannel-logout", service.FrontchannelLogout())
	mux.Handle("/call/{api}", guard(service.Middleware(w.caller(service))))
	mux.Handle("/prepare/{apis}", guard(service.Middleware(w.preparer(service))))
	mux.Handle("/relay/{api}", guard(service.Middleware(service.RefuseReadOnly(w.caller(service)))))
	mux.HandleFunc("/", func(out http.ResponseWriter, _ *http.Request) { io.WriteString(out, "home") })
	w.routes.Store(mux)
	return service
}

// caller calls an API through the service's transport, as the gateway's clients do, and answers what came of it.
func (w *world) caller(service *auth.Service) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		base := &http.Transport{DisableKeepAlives: true}
		target := w.api.server.URL
		if to := r.URL.Query().Get("to"); to != "" {
			target = to
		}
		req, err := http.NewRequestWithContext(r.Context(), r.Method, target, r.Body)
		if err != nil {
			http.Error(out, err.Error(), http.StatusInternalServerError)
			return
		}
		req.ContentLength = r.ContentLength
		if r.ContentLength == 0 {
			req.Body = nil
		}
		req.Header.Set("Cookie", r.Header.Get("Cookie"))
		req.Header.Set("Authorization", "Bearer from-the-browser")
		res, err := service.Transport(r.PathValue("api"), base).RoundTrip(req)
		if err != nil {
			http.Error(out, err.Error(), http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		out.Header().Set("Token-Hash", res.Header.Get("Token-Hash"))
		out.WriteHeader(res.StatusCode)
		io.Copy(out, res.Body)
	})
}

// preparer prepares the tokens of several APIs, as an operation does, and calls those that are configured one after another.
func (w *world) preparer(service *auth.Service) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		names := strings.Split(r.PathValue("apis"), ",")
		service.Prepare(r.Context(), names)
		for _, name := range names {
			if _, ok := w.config.APIs[name]; !ok {
				continue
			}
			req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, w.api.server.URL, nil)
			if err != nil {
				http.Error(out, err.Error(), http.StatusInternalServerError)
				return
			}
			res, err := service.Transport(name, &http.Transport{DisableKeepAlives: true}).RoundTrip(req)
			if err != nil {
				http.Error(out, err.Error(), http.StatusBadGateway)
				return
			}
			res.Body.Close()
		}
	})
}

func (w *world) visitor(t testing.TB) *visitor.Visitor {
	t.Helper()
	v, err := visitor.New(w.origin, w.browser())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

func (w *world) signIn(t testing.TB, user string) *visitor.Visitor {
	t.Helper()
	v := w.visitor(t)
	if _, err := v.SignIn(t.Context(), user, user, "/", nil); err != nil {
		t.Fatal(err)
	}
	if !signedIn(t, v) {
		t.Fatalf("%s is not signed in:\n%s", user, w.log)
	}
	return v
}

func (w *world) settings(t testing.TB, s provider.Settings) {
	t.Helper()
	if err := w.demo.Provider.SetSettings(s); err != nil {
		t.Fatal(err)
	}
}

func signedIn(t testing.TB, v *visitor.Visitor) bool {
	t.Helper()
	in, err := v.SignedIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// call calls an API and gives the status that the browser sees.
func call(t testing.TB, v *visitor.Visitor, api string) int {
	t.Helper()
	res, err := v.Fetch(t.Context(), http.MethodGet, "/call/"+api, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// refreshes counts the provider's answers to refreshes.
func (w *world) refreshes() int {
	n := 0
	for outcome, count := range w.demo.Provider.Counters().Token {
		if strings.HasPrefix(outcome, "refresh_token") {
			n += count
		}
	}
	return n
}

// newListener is somebody else's server; it gives its address.
func newListener(t testing.TB, got func(*http.Request)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got(r) }))
	t.Cleanup(server.Close)
	return server.URL
}
