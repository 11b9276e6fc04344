package provider

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Config is what a provider is made of.
type Config struct {
	// Issuer is its origin, http://127.0.0.1:PORT. Any host that is not a loopback address is refused.
	Issuer string
	// Clients are the registered relying parties; at least one.
	Clients []Client
	// Users can sign in; DemoUsers when empty.
	Users []User
	// Scopes names the audience of each API scope; those of OpenID Connect need no entry.
	Scopes map[string]string
	// Settings is what is set at the start and again by DELETE of the control API.
	Settings Settings
	// Quirks are another provider's ways.
	Quirks Quirks
	// Logger gets refusals at debug level; nothing when nil.
	Logger *slog.Logger
	// Now is the clock of tokens and sessions; time.Now when nil.
	Now func() time.Time
}

// Provider is an OpenID provider. It is made by New and safe for concurrent use.
type Provider struct {
	issuer   string
	host     string
	clients  map[string]*registered
	users    []User
	scopes   map[string]string
	initial  Settings
	quirks   Quirks
	log      *slog.Logger
	now      func() time.Time
	op       *op.Provider
	keys     *keyring
	backside *http.Client // calls clients' back channels
	pages    *pages
	done     chan struct{}
	close    sync.Once

	mu       sync.Mutex // guards what follows
	settings Settings
	counters Counters
	requests map[string]*authRequest // by id, until their code is spent
	codes    map[string]*authRequest // by code, spent ones too
	families map[string]*family      // by id
	refresh  map[string]*family      // by refresh token, spent ones too
	sessions map[string]*session     // by the cookie's value
	opaque   map[string]string       // the JWTs that opaque access tokens stand for
	logouts  map[string]logout       // by id, waiting for the browser
	ledger   ledger
}

// New makes a provider with a key of its own, or returns everything wrong with the configuration.
func New(cfg Config) (*Provider, error) {
	issuer, err := checkIssuer(cfg.Issuer)
	errs := []error{err}
	if len(cfg.Clients) == 0 {
		errs = append(errs, errors.New("at least one client is needed"))
	}
	for _, client := range cfg.Clients {
		errs = append(errs, client.check())
	}
	settings := cfg.Settings.withDefaults()
	errs = append(errs, settings.check())
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	p := &Provider{
		issuer: cfg.Issuer, host: issuer.Host, clients: map[string]*registered{}, users: cfg.Users, scopes: cfg.Scopes,
		initial: settings, settings: settings, counters: newCounters(), log: cfg.Logger, now: cfg.Now, done: make(chan struct{}),
		requests: map[string]*authRequest{}, codes: map[string]*authRequest{}, families: map[string]*family{},
		quirks: cfg.Quirks, opaque: map[string]string{},
		refresh: map[string]*family{}, sessions: map[string]*session{}, logouts: map[string]logout{},
		backside: newBackside(),
	}
	if len(p.users) == 0 {
		p.users = DemoUsers()
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.now == nil {
		p.now = time.Now
	}
	for _, client := range cfg.Clients {
		p.clients[client.ID] = &registered{Client: client, scopes: cfg.Scopes, lifetime: func() time.Duration { return p.Settings().IDTokenTTL }}
	}
	if p.keys, err = newKeyring(); err != nil {
		return nil, err
	}
	if p.pages, err = newPages(); err != nil {
		return nil, err
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails (crypto/rand)
	p.op, err = op.NewProvider(&op.Config{
		CryptoKey: secret, DefaultLogoutRedirectURI: cfg.Issuer + "/signed-out",
		CodeMethodS256: true, AuthMethodPost: true, AuthMethodPrivateKeyJWT: true, GrantTypeRefreshToken: true,
		BackChannelLogoutSupported: true, BackChannelLogoutSessionSupported: true,
	}, storage{p}, op.StaticIssuer(cfg.Issuer), op.WithAllowInsecure())
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	return p, nil
}

// Close lets go of every request that hangs. The provider refuses nothing afterwards; its server is somebody else's.
func (p *Provider) Close() {
	p.close.Do(func() { close(p.done) })
	p.backside.CloseIdleConnections()
}

// Issuer is the provider's origin.
func (p *Provider) Issuer() string { return p.issuer }

// Users are those who can sign in.
func (p *Provider) Users() []User { return p.users }

func checkIssuer(issuer string) (*url.URL, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	if u.Scheme != "http" || u.Path != "" || u.RawQuery != "" || u.User != nil || u.Port() == "" {
		return nil, fmt.Errorf("issuer %q must look like http://127.0.0.1:8081", issuer)
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("issuer %q is not a loopback address: the demo's provider serves this machine alone", issuer)
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// random is an identifier nobody guesses: 26 characters, 130 bits.
func random() string { return rand.Text() }

// Handler serves all routes of the provider but those of Control.
func (p *Provider) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+oidc.DiscoveryEndpoint, p.discovery)
	mux.HandleFunc("GET /keys", p.jwks)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /authorize", p.authorize)
	mux.HandleFunc("GET /login", p.loginPage)
	mux.Handle("POST /login", ownForm(p.login))
	mux.Handle("POST /login/as", ownForm(p.loginAs))
	mux.Handle("POST /login/code", ownForm(p.loginCode))
	mux.Handle("POST /login/refuse", ownForm(p.loginRefuse))
	mux.HandleFunc("POST /oauth/token", p.token)
	mux.HandleFunc("GET /userinfo", p.userInfo)
	mux.HandleFunc("POST /userinfo", p.userInfo)
	mux.HandleFunc("POST /revoke", p.revoke)
	mux.HandleFunc("GET /end_session", p.endSessionRoute)
	mux.HandleFunc("POST /end_session", p.endSessionRoute)
	mux.HandleFunc("GET /end_session/continue", p.endSessionContinue)
	mux.Handle("POST /end_session/confirm", ownForm(p.endSessionConfirm))
	mux.HandleFunc("GET /signed-out", p.signedOut)
	if p.quirks.NoEndSession {
		mux.HandleFunc("GET /v2/logout", p.logoutReturnTo)
	}
	mux.HandleFunc("GET /provider.css", p.pages.asset("provider.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET /provider.svg", p.pages.asset("provider.svg", "image/svg+xml"))
	return p.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, tenant := p.quirks.inward(r.URL.Path)
		ours := r.WithContext(context.WithValue(r.Context(), tenantKey{}, tenant))
		ours.URL = new(url.URL)
		*ours.URL = *r.URL
		ours.URL.Path = path
		mux.ServeHTTP(w, ours)
	}))
}

// tenantKey is the context's key of the tenant that a request's path names.
type tenantKey struct{}

// maxForm bounds request bodies; tokens and forms are far smaller.
const maxForm = 64 << 10

// guard answers only under the issuer's own Host: under any other name (DNS rebinding) a web page could drive the demo.
func (p *Provider) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != p.host {
			http.Error(w, "The demo's provider is at "+p.issuer, http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		// Not no-referrer: browsers would then send Origin: null with the form_post answer.
		h.Set("Referrer-Policy", "strict-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r.WithContext(op.ContextWithIssuer(r.Context(), p.issuer)))
	})
}

// ownForm takes forms of the provider's own pages alone: a page of another origin may not sign anybody in or out.
func ownForm(next http.HandlerFunc) http.Handler {
	return http.NewCrossOriginProtection().Handler(next)
}

// refused logs why a request was not granted: what is the client's doing for those who look closely, our own failures
// as warnings. The answer is the caller's.
func (p *Provider) refused(ctx context.Context, what string, err error) {
	level := slog.LevelDebug
	if e := (*oidc.Error)(nil); errors.As(err, &e) && e.ErrorType == oidc.ServerError {
		level = slog.LevelWarn
	}
	p.log.Log(ctx, level, "demo provider refuses", "what", what, "error", err)
}
