package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"vestibule.example/auth"
	"vestibule.example/clients"
	"vestibule.example/graph"
	"vestibule.example/internal/observe"
	"vestibule.example/spa"
)

// serve builds everything, listens, and serves until ctx ends. load reads the configuration anew, at SIGHUP.
func serve(ctx context.Context, cfg Config, load func() (Config, error), stderr io.Writer) (err error) {
	log := newLogger(cfg, stderr)
	hangUps := make(chan os.Signal, 1)
	if !cfg.Demo { // Whose settings are made up as it starts, and which ends with its terminal.
		unasked, err := rehearse(cfg)
		if err != nil {
			return err
		}
		for _, name := range unasked {
			log.Warn("an API is configured that no resolver, no @rest and no relay asks", "key", "apis."+name)
		}
		// From now on: unheard, the signal would end a process that still starts.
		signal.Notify(hangUps, syscall.SIGHUP)
		defer signal.Stop(hangUps)
	}
	cert, err := newCertificate(cfg.Server)
	if err != nil {
		return err
	}
	if cfg.SPA.DevServer != "" {
		waiting, cancel := context.WithTimeout(ctx, takeOverTime)
		takeOver(waiting, shortPause, cfg.Server.Address, cfg.Server.AdminAddress, cfg.DemoAddress)
		cancel()
	}
	// The public address is taken first: with port 0 only the listener knows it, and the demo's provider must.
	public, err := listen(ctx, cfg.Server.Address)
	if err != nil {
		return err
	}
	defer public.Close()
	admin, err := listen(ctx, cfg.Server.AdminAddress)
	if err != nil {
		return err
	}
	defer admin.Close()

	if cfg.Demo {
		stop, err := startDemo(ctx, &cfg, public.Addr().String(), log, stderr)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop(context.WithoutCancel(ctx))) }()
	}
	telemetry, err := newTelemetry(cfg.Observe.OTLP, log)
	if err != nil {
		return err
	}
	defer func() { telemetry.Close(context.WithoutCancel(ctx)) }()
	watch := watching{log, telemetry.Meters(), telemetry.Traces()}
	if cert != nil {
		if err := cert.measure(watch.meters); err != nil {
			return err
		}
	}
	store, err := newStore(ctx, cfg.Session)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	apis := &upstream{}
	defer apis.close()
	service, err := newAuth(cfg, store, apis.ended, watch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Close()) }()
	p, err := newParts(cfg, service, apis, watch)
	if err != nil {
		return err
	}

	defer p.closeConnections()
	warmUp(ctx, cfg, p.transports, log)
	ready := &readiness{store: store, log: log}
	limits := serverLimits{cfg.Server.ReadHeader, cfg.Server.Read, cfg.Server.Write, cfg.Server.Idle, cfg.Server.MaxHeaderBytes}
	front := newServer(leavingConnections(&ready.serving, newHandler(p)), limits, log)
	front.RegisterOnShutdown(service.Drain)
	var profiles http.Handler
	if cfg.Server.Profiles {
		profiles = newProfiles()
	}
	operators := newServer(onlyHosts(localHost, newAdminHandler(ready, operatorSessions(service, log), telemetry.Prometheus(), profiles)), limits, log)
	if !cfg.Demo {
		defer (&reloader{load: load, current: cfg, service: service, certificate: cert, log: log}).start(ctx, hangUps)()
	}
	if cert != nil {
		cert.inspect(ctx, cfg.publicURL(), log)
	}
	if cfg.Session.Store == "memory" && !cfg.development() {
		log.Warn("session.store is memory: a restart signs everybody out, and replicas share no sessions")
	}
	log.Info("serving", "address", public.Addr().String(), "public_url", cfg.Server.PublicURL, "admin", admin.Addr().String(), "version", version(),
		"processors", runtime.GOMAXPROCS(0), "memory_limit", debug.SetMemoryLimit(-1))
	return serveUntil(ctx, []listener{
		{"public", public, front, cert},
		{"admin", admin, operators, nil},
	}, &ready.serving, cfg.stopping())
}

func newLogger(cfg Config, stderr io.Writer) *slog.Logger {
	format := cfg.Observe.LogFormat
	if format == "auto" {
		format = "json"
		if cfg.development() {
			format = "text"
		}
	}
	return observe.NewLogger(stderr, format, cfg.Observe.LogLevel)
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen: %w; choose another address with -address, VESTIBULE_SERVER_ADDRESS or VESTIBULE_SERVER_ADMIN_ADDRESS", err)
	}
	return l, nil
}

// newAuth makes the sessions' service for the configured provider. ended is told of sessions that ended.
func newAuth(cfg Config, store auth.Store, ended func(owner string), watch watching) (*auth.Service, error) {
	id := cfg.Identity
	provider, err := newProvider(cfg, watch.log)
	if err != nil {
		return nil, err
	}
	tokens := make(map[string]auth.APIToken, len(cfg.APIs))
	for name, api := range cfg.APIs {
		base, err := url.Parse(api.BaseURL)
		if err != nil {
			return nil, fmt.Errorf("apis.%s.base_url: %w", name, err)
		}
		tokens[name] = auth.APIToken{BaseURL: base, Kind: api.Token, Audience: api.Audience, Resource: api.Resource, Scopes: api.Scopes}
	}
	return auth.New(auth.Config{
		Provider: provider, Store: store, PublicURL: cfg.publicURL(), Keys: sessionKeys(cfg.Session),
		IdleTimeout: cfg.Session.IdleTimeout, Lifetime: cfg.Session.Lifetime, Claims: cfg.Session.Claims, CSRFHeader: cfg.Session.CSRFHeader,
		AuthParams: id.PassParams, LogoutHint: id.LogoutHint, PostLogoutPath: id.PostLogoutPath, Frontchannel: id.Frontchannel, FrontchannelSIDAlone: id.SIDAlone,
		TrustedProxies: cfg.Server.TrustedProxies, APIs: tokens, RequestID: observe.RequestID, Ended: ended, Logger: watch.log, Meters: watch.meters, Traces: watch.traces,
	})
}

// newTransport is how anything is called: with bounds, and without the proxy that environment variables may name, through
// which tokens would travel.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    128,
		IdleConnTimeout:        60 * time.Second,
		TLSHandshakeTimeout:    5 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// newParts wires the routes' handlers.
func newParts(cfg Config, service *auth.Service, upstream *upstream, watch watching) (parts, error) {
	apis, transports, err := newAPIs(cfg, service, upstream, watch)
	faults, unasked := []error{err}, maps.Clone(cfg.APIs)
	maps.DeleteFunc(unasked, func(_ string, api APIConfig) bool { return len(api.Relay) > 0 })
	api := func(name string) *clients.API {
		delete(unasked, name)
		if _, there := cfg.APIs[name]; !there {
			faults = append(faults, fmt.Errorf("apis.%s: a resolver needs this API, and it is not configured", name))
		}
		return apis[name]
	}
	resolver := graph.NewResolver(api, service)
	persisted, err := persistedDocuments(cfg)
	faults = append(faults, err)
	app, err := newApp(cfg.SPA, watch.log)
	faults = append(faults, err)
	if err := errors.Join(faults...); err != nil {
		return parts{}, err
	}
	upstream.fill(apis)
	g := cfg.GraphQL
	cursors, err := cursorKeys(cfg.Session)
	if err != nil {
		return parts{}, err
	}
	endpoint, err := graph.NewHandler(graph.Config{
		Resolver: resolver, Development: cfg.development() && g.Introspection != "off", Introspection: g.Introspection == "on", Executor: g.Executor, Trace: cfg.development(),
		RequireSession: g.RequireSession, Timeout: g.Timeout, RequestID: observe.RequestID, Prepare: service.Prepare, Confirm: service.Confirm, CursorKeys: cursors, UntilEnded: service.UntilEnded, Renew: service.Renew, GatewayAPIs: gatewayAPIs(cfg), Logger: watch.log, Meters: watch.meters, Traces: watch.traces,
		Limits: graphLimits(g.Limits), StatusProfile: g.StatusProfile,
		Persisted: persisted,
		Rate:      graph.Rate{Session: g.Rate.Session, Anonymous: g.Rate.Anonymous, ClientAddress: service.ClientAddress},
	})
	if err != nil {
		return parts{}, err
	}
	relay, err := newRelay(cfg, apis, service, watch.log)
	if err != nil {
		return parts{}, err
	}
	p := parts{
		config: cfg, observer: observe.Config{Logger: watch.log, TrustedProxies: cfg.Server.TrustedProxies, Meters: watch.meters, Traces: watch.traces},
		auth: service, graphql: inbound(service, endpoint), relay: relay, spa: app, transports: transports, unasked: sortedKeys(unasked),
	}
	if cfg.development() {
		p.playground = spa.Playground()
		p.diagnostics = service.Diagnostics(apiAsker(cfg, service, transports))
	}
	return p, nil
}

// newApp is what answers for the single-page app: its bundle, or the server of whoever is writing it.
func newApp(cfg SPAConfig, log *slog.Logger) (http.Handler, error) {
	if cfg.DevServer == "" {
		policy, err := spa.Policy(cfg.CSP)
		if err != nil {
			return nil, err
		}
		app, err := spa.NewHandler(spa.Config{Dir: cfg.Dir, CSP: policy, Logger: log})
		if err != nil {
			return nil, fmt.Errorf("spa.dir: %w", err)
		}
		return app, nil
	}
	server, err := url.Parse(cfg.DevServer)
	if err != nil {
		return nil, fmt.Errorf("spa.dev_server: %w", err)
	}
	return spa.DevServer(server, log), nil
}

// newAPI makes the calls of one configured API over its connections: the token comes from auth's transport, the identity
// by which answers may be shared from its session.
func newAPI(name string, api APIConfig, connections http.RoundTripper, service *auth.Service, upstream *upstream, watch watching) (*clients.API, error) {
	base, err := url.Parse(api.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("apis.%s.base_url: %w", name, err)
	}
	out, err := clients.New(clients.Config{
		Name: name, BaseURL: base, Transport: service.Transport(name, connections),
		Identity: func(ctx context.Context) (clients.IdentityKey, error) {
			key, owner, public, err := service.Identity(ctx, name)
			if err != nil {
				return clients.IdentityKey{}, err
			}
			if public {
				return clients.PublicIdentity(), nil
			}
			return clients.SessionIdentity(key, owner), nil
		},
		Cache: clients.CacheConfig{
			MaxBytes: int64(api.Cache.MaxBytes), PersonalStaleIfError: api.Cache.PersonalStaleIfError, PersonalStaleWhileRevalidate: api.Cache.PersonalStaleWhileRevalidate,
		},
		Changed:  upstream.changed(api.Invalidates),
		Classify: classify, Timeout: api.Timeout, MaxResponseBytes: int64(api.MaxResponseBytes), Concurrency: api.Concurrency,
		Retry:   clients.Retry{Attempts: api.Retry.Attempts, Budget: float64(api.Retry.Budget) / 100},
		Breaker: breakerOf(api.Breaker), Headers: api.Headers,
		Token:           clients.TokenName{Kind: api.Token, Audience: api.Audience, Resource: api.Resource, Scopes: api.Scopes},
		ForwardLanguage: api.ForwardLanguage, ClientAddress: clientAddressHeader(api.ClientAddress),
		UserAgent: "vestibule/" + version(), Logger: watch.log, Meters: watch.meters, Traces: watch.traces,
	})
	if err != nil {
		return nil, fmt.Errorf("apis.%s: %w", name, err)
	}
	return out, nil
}

// classify says what auth's errors mean to the one who asked an API.
func classify(err error) *clients.Error {
	switch {
	case errors.Is(err, auth.ErrUnauthenticated):
		return &clients.Error{Code: clients.CodeUnauthenticated}
	case errors.Is(err, auth.ErrProviderUnavailable), errors.Is(err, auth.ErrStoreUnavailable):
		return &clients.Error{Code: clients.CodeUnavailable, Retryable: true, RetryAfter: 2 * time.Second}
	}
	return nil
}

// cursorKeys are derived of the session's, so that a cursor holds on every replica and for as long as the key is known. The first signs.
func cursorKeys(cfg SessionConfig) ([][]byte, error) {
	var keys [][]byte
	for _, k := range cfg.Keys {
		key, err := hkdf.Key(sha256.New, []byte(k.Secret.Reveal()), nil, "vestibule cursors", 32)
		if err != nil {
			return nil, err
		}
		if k.Use == "seal" {
			keys = slices.Insert(keys, 0, key)
		} else {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
