package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"vestibule.example/auth/rp"
)

// Token kinds of an API.
const (
	KindUser       = "user"
	KindClient     = "client"
	KindExchange   = "exchange"
	KindOnBehalfOf = "on_behalf_of"
	KindNone       = "none"
)

// APIToken says which token an API is called with.
type APIToken struct {
	// BaseURL is where the API is. No request to another origin gets its token.
	BaseURL *url.URL
	// Kind is user, client, exchange, on_behalf_of or none.
	Kind string
	// Audience, Resource and Scopes narrow the token to this API; all empty means the token of the login itself.
	Audience, Resource string
	Scopes             []string
}

// Login is what [Config.AfterLogin] judges.
type Login struct {
	Issuer, Subject string
	ACR             string
	Claims          map[string]any
}

// Config is what a Service needs. Provider, Store, PublicURL and Keys have no default.
type Config struct {
	Provider *rp.Provider
	Store    Store
	// PublicURL is the origin that browsers see; https, or http on loopback.
	PublicURL *url.URL
	// Keys seal cookies and record heads.
	Keys []Key
	// IdleTimeout (default 30 min) and Lifetime (default 12 h) end sessions.
	IdleTimeout, Lifetime time.Duration
	// Claims are shown to the SPA by /auth/session.
	Claims []string
	// CSRFHeader is the header that proves a same-origin script; default X-CSRF.
	CSRFHeader string
	// AuthParams are further parameters that /auth/login passes on, beside the standard ones.
	AuthParams []string
	// LogoutHint is what the provider's end-session is told: id_token (default), logout_hint or none.
	LogoutHint string
	// PostLogoutPath is where a person lands after signing out; default /.
	PostLogoutPath string
	// Frontchannel allows front-channel logout; FrontchannelSIDAlone allows it without the issuer, for providers that do not send it
	// and whose sid nobody can guess.
	Frontchannel, FrontchannelSIDAlone bool
	// TrustedProxies may say where a request came from.
	TrustedProxies []netip.Prefix
	// APIs are the downstream APIs by name.
	APIs map[string]APIToken
	// AfterLogin may refuse a sign-in that the provider granted, or provision the user; the error's text goes to the log.
	AfterLogin func(context.Context, Login) error
	// RequestID gives the id that a request has in the log; may be nil.
	RequestID func(context.Context) string
	// Ended is called for every session that ended, on any replica, with the owner that Identity names: what is kept for it must be
	// dropped. An empty owner means that some ends may have been missed: what is kept for any session must be dropped. It may be called
	// twice for one session, and from several goroutines, and must not wait.
	Ended  func(owner string)
	Logger *slog.Logger
	// Meters makes the metrics of sessions, tokens and the store; nil: none.
	Meters metric.MeterProvider
	// Traces makes the spans of requests for tokens and of the store's calls, for requests that are traced; nil: none.
	Traces trace.TracerProvider
	Now    func() time.Time
}

// Service is one front end's sessions. It is safe for concurrent use.
type Service struct {
	cfg     Config
	keys    *keyring
	origin  string
	secure  bool
	cookie  string
	bodies  *bodyCache
	flights flights
	streams streams
	anyone  sync.Map // tokens of kind client, by token key
	meter   *meter
	tracer  trace.Tracer // nil where nothing is traced
	used    used

	comeback comeback
	unstored atomic.Int64 // answers of the provider that wait for the store

	closing  sync.Mutex // guards closed, and that no work begins once Close waits
	closed   bool
	work     sync.WaitGroup // revocations and refreshes that outlive their request
	stop     context.CancelFunc
	lifetime context.Context //nolint:containedctx // The service's own, ended by Close; requests have theirs.
}

// workTimeout bounds what Close waits for.
const workTimeout = 10 * time.Second

// New makes a service, or reports every fault of the configuration at once.
func New(cfg Config) (*Service, error) {
	var faults []error
	if cfg.Provider == nil || cfg.Store == nil || cfg.PublicURL == nil {
		return nil, errors.New("auth: provider, store and public URL are needed")
	}
	withDefaults(&cfg)
	if cfg.IdleTimeout <= 0 || cfg.Lifetime < cfg.IdleTimeout {
		faults = append(faults, fmt.Errorf("auth: idle timeout %s and lifetime %s: want 0 < idle timeout <= lifetime", cfg.IdleTimeout, cfg.Lifetime))
	}
	if err := CheckCSRFHeader(cfg.CSRFHeader); err != nil {
		faults = append(faults, fmt.Errorf("auth: CSRF header %q: %w", cfg.CSRFHeader, err))
	}
	keys, err := newKeyring(cfg.Keys)
	faults = append(faults, err)
	for name, api := range cfg.APIs {
		faults = append(faults, checkAPI(name, api))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Service{
		cfg: cfg, keys: keys, origin: cfg.PublicURL.Scheme + "://" + cfg.PublicURL.Host, secure: cfg.PublicURL.Scheme == "https",
		bodies: newBodyCache(), lifetime: ctx, stop: stop,
	}
	s.cookie = "__Host-Http-vestibule"
	if !s.secure {
		// Prefixes want https. Cookies do not tell ports apart, so the name does.
		s.cookie = "vestibule-" + cmp.Or(cfg.PublicURL.Port(), "80")
	}
	s.flights.init()
	s.used.every = cfg.IdleTimeout / 10
	if err := s.measure(); err != nil {
		stop()
		return nil, err
	}
	if err := s.streams.start(ctx, s); err != nil {
		stop()
		return nil, err
	}
	return s, nil
}

func withDefaults(cfg *Config) {
	if cfg.IdleTimeout == 0 {
		cfg.IdleTimeout = 30 * time.Minute
	}
	if cfg.Lifetime == 0 {
		cfg.Lifetime = 12 * time.Hour
	}
	if cfg.CSRFHeader == "" {
		cfg.CSRFHeader = "X-CSRF"
	}
	if cfg.PostLogoutPath == "" {
		cfg.PostLogoutPath = "/"
	}
	if cfg.LogoutHint == "" {
		cfg.LogoutHint = "id_token"
	}
	if cfg.RequestID == nil {
		cfg.RequestID = func(context.Context) string { return "" }
	}
	if cfg.Ended == nil {
		cfg.Ended = func(string) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
}

func checkAPI(name string, api APIToken) error {
	switch api.Kind {
	case KindUser, KindClient, KindExchange, KindOnBehalfOf:
		if api.BaseURL == nil {
			return fmt.Errorf("auth: API %q: a base URL is needed, so that its token goes nowhere else", name)
		}
	case KindNone:
	default:
		return fmt.Errorf("auth: API %q: token kind %q: want user, client, exchange, on_behalf_of or none", name, api.Kind)
	}
	return nil
}

var (
	errProvesNothing = errors.New("a cross-site page can send it, or no script can; choose one such as X-CSRF")
	errNoScript      = errors.New("want a header name that scripts may set, such as X-CSRF")
)

// CheckCSRFHeader refuses names that a cross-site request could carry without a preflight, or that no script may set:
// the header would prove nothing (Fetch, CORS-safelisted and forbidden request-header names).
func CheckCSRFHeader(name string) error {
	lower := strings.ToLower(name)
	switch lower {
	case "accept", "accept-language", "content-language", "content-type", "range", "accept-charset", "accept-encoding",
		"access-control-request-headers", "access-control-request-method", "connection", "content-length", "cookie", "cookie2",
		"date", "dnt", "expect", "host", "keep-alive", "origin", "referer", "set-cookie", "te", "trailer", "transfer-encoding",
		"upgrade", "via", "x-http-method", "x-http-method-override", "x-method-override", "save-data", "downlink", "dpr", "width", "viewport-width", "rtt":
		return errProvesNothing
	}
	if strings.HasPrefix(lower, "sec-") || strings.HasPrefix(lower, "proxy-") || !isToken(name) {
		return errNoScript
	}
	return nil
}

func isToken(name string) bool {
	for _, c := range name {
		if c > 0x7e || c <= ' ' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c) {
			return false
		}
	}
	return name != ""
}

// Close ends all streams, waits up to ten seconds for revocations and refreshes that still run, and then ends those; none begins any
// more. The store is its owner's to close.
func (s *Service) Close() error {
	s.Drain()
	s.streams.wait()
	s.closing.Lock()
	s.closed = true
	s.closing.Unlock()
	done := make(chan struct{})
	go func() {
		s.work.Wait()
		close(done)
	}()
	limit := time.NewTimer(workTimeout)
	defer limit.Stop()
	var err error
	select {
	case <-done:
	case <-limit.C:
		err = fmt.Errorf("auth: revocations or refreshes still ran after %s and were cut", workTimeout)
	}
	s.stop()
	<-done
	s.meter.close()
	return err
}

// takeUp begins work that Close waits for; false if the service is closed. The caller must call work.Done.
func (s *Service) takeUp() bool {
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	return true
}

// background runs work that outlives its request but not the service.
func (s *Service) background(ctx context.Context, timeout time.Duration, work func(context.Context)) {
	if !s.takeUp() {
		return
	}
	go func() {
		defer s.work.Done()
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		defer context.AfterFunc(s.lifetime, cancel)()
		s.guarded(detached, func() error { work(detached); return nil }) //nolint:errcheck // Nobody waits for it, and the log has it.
	}()
}

func (s *Service) now() time.Time { return s.cfg.Now() }

// isDocument tells whether a browser navigates, by what the request says. A client that says nothing is taken for one that does.
func isDocument(r *http.Request) bool {
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	return (mode == "" || mode == "navigate") && (dest == "" || dest == "document")
}

// originOf is the origin of a URL that was checked before.
func originOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "'none'"
	}
	return u.Scheme + "://" + u.Host
}
