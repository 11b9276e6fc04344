package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
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
	if !cfg.Demo { // Its settings are made up as it starts, and it ends with its terminal.
		unasked, err := rehearse(cfg)
		if err != nil {
			return err
		}
		for _, name := range unasked {
			log.WarnContext(ctx, "an API is configured that no resolver, no @rest and no relay asks", "key", "apis."+name)
		}
		// From now on: a signal that nobody hears would end a process that is still starting.
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
	store, err := newStore(ctx, cfg.Session, func(addresses []string) {
		log.WarnContext(ctx, "the Redis of session.redis.addresses has no maxmemory, so that strangers can fill its machine: set one in redis.conf", "servers", addresses)
	})
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
	if !cfg.Demo {
		defer (&reloader{load: load, current: cfg, service: service, certificate: cert, log: log}).start(ctx, hangUps)()
	}
	if err := ctx.Err(); err != nil {
		return err // Nobody was served: there is nothing to drain.
	}
	ready := &readiness{store: store, log: log}
	listeners := []listener{
		{"public", public, newPublicServer(p, ready, log), cert},
		{"admin", admin, newAdminServer(p, ready, telemetry.Prometheus(), log), nil},
	}
	announce(ctx, cfg, listeners, log)
	return serveUntil(ctx, listeners, &ready.serving, cfg.stopping())
}

// newPublicServer serves what browsers ask.
func newPublicServer(p parts, ready *readiness, log *slog.Logger) *http.Server {
	server := newServer(leavingConnections(&ready.serving, newHandler(p)), p.config.serverLimits(), log)
	server.RegisterOnShutdown(p.auth.Drain)
	return server
}

// newAdminServer serves what probes, monitoring and operators ask.
func newAdminServer(p parts, ready *readiness, metrics http.Handler, log *slog.Logger) *http.Server {
	var profiles http.Handler
	if p.config.Server.Profiles {
		profiles = newProfiles()
	}
	return newServer(onlyHosts(localHost, newAdminHandler(ready, operatorSessions(p.auth, log), metrics, profiles)), p.config.serverLimits(), log)
}

// announce logs what is served and where, and warns of what will surprise.
func announce(ctx context.Context, cfg Config, listeners []listener, log *slog.Logger) {
	public, admin := listeners[0], listeners[1]
	if public.certificate != nil {
		public.certificate.inspect(ctx, cfg.publicURL(), log)
	}
	if cfg.Session.Store == "memory" && !cfg.development() {
		log.WarnContext(ctx, "session.store is memory: a restart signs everybody out, and replicas share no sessions")
	}
	facts := []any{"address", public.socket.Addr().String(), "public_url", cfg.Server.PublicURL, "admin", admin.socket.Addr().String(), "version", version(), "processors", runtime.GOMAXPROCS(0)}
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		facts = append(facts, "memory_limit", limit)
	}
	log.InfoContext(ctx, "serving", facts...)
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

// newAuth makes the service that signs in and keeps sessions. ended is told whose session ended, or "" when it could have been any:
// see [auth.Config.Ended].
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

// newTransport makes a transport with bounds, for calls of the provider, of a collector, and of this gateway itself. It uses no proxy
// that environment variables may name: tokens would travel through it.
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
		Resolver: resolver, Executor: g.Executor, Timeout: g.Timeout, StatusProfile: g.StatusProfile,
		Development: cfg.development() && g.Introspection != "off", Introspection: g.Introspection == "on", Trace: cfg.development(),
		RequireSession: g.RequireSession, GatewayAPIs: gatewayAPIs(cfg), CursorKeys: cursors,
		Prepare: service.Prepare, Confirm: service.Confirm, UntilEnded: service.UntilEnded, Renew: service.Renew,
		Limits: graphLimits(g.Limits), Persisted: persisted,
		Rate:      graph.Rate{Session: g.Rate.Session, Anonymous: g.Rate.Anonymous, ClientAddress: service.ClientAddress},
		RequestID: observe.RequestID, Logger: watch.log, Meters: watch.meters, Traces: watch.traces,
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

// newApp makes what answers for the single-page app: its bundle, or a proxy to the development server of whoever is writing it.
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
