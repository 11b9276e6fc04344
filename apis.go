package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"vestibule.example/auth"
	"vestibule.example/clients"
	"vestibule.example/internal/observe"
)

// warmUpTime bounds how long the start waits for connections to be opened.
const warmUpTime = 3 * time.Second

// newAPIs makes the client of every configured API, and the connections that it calls over, both by the API's name. Its error names
// every fault.
func newAPIs(cfg Config, service *auth.Service, upstream *upstream, watch watching) (map[string]*clients.API, map[string]*clients.Transport, error) {
	apis, transports := map[string]*clients.API{}, map[string]*clients.Transport{}
	var faults []error
	for _, name := range sortedKeys(cfg.APIs) {
		transport, err := newAPITransport(name, cfg.APIs[name])
		if err != nil {
			faults = append(faults, err)
			continue
		}
		api, err := newAPI(name, cfg.APIs[name], transport, service, upstream, watch)
		faults = append(faults, err)
		apis[name], transports[name] = api, transport
	}
	return apis, transports, errors.Join(faults...)
}

// newAPI makes the client of one API, which calls over the given connections. auth's transport adds the token, and the session gives
// the identity by which answers may be shared.
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
		Changed: upstream.changed(api.Invalidates), Classify: classify,
		Timeout: api.Timeout, MaxResponseBytes: int64(api.MaxResponseBytes), Concurrency: api.Concurrency,
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

// classify says what an error of auth means to whoever called an API; nil for any other error.
func classify(err error) *clients.Error {
	switch {
	case errors.Is(err, auth.ErrUnauthenticated):
		return &clients.Error{Code: clients.CodeUnauthenticated}
	case errors.Is(err, auth.ErrProviderUnavailable), errors.Is(err, auth.ErrStoreUnavailable):
		return &clients.Error{Code: clients.CodeUnavailable, Retryable: true, RetryAfter: 2 * time.Second}
	}
	return nil
}

// gatewayAPIs names the APIs that are called with the gateway's own token, whoever asks.
func gatewayAPIs(cfg Config) []string {
	var names []string
	for _, name := range sortedKeys(cfg.APIs) {
		if cfg.APIs[name].Token == auth.KindClient {
			names = append(names, name)
		}
	}
	return names
}

// newRelay makes the handler of /api/{name}/…; nil when no API is relayed.
func newRelay(cfg Config, apis map[string]*clients.API, service *auth.Service, log *slog.Logger) (*clients.Relay, error) {
	relay := clients.RelayConfig{Origin: cfg.Server.PublicURL, Page: auth.RefusalPage, UntilEnded: service.UntilEnded, Logger: log}
	for _, name := range sortedKeys(cfg.APIs) {
		var routes []clients.RelayRoute
		for _, route := range cfg.APIs[name].Relay {
			routes = append(routes, clients.RelayRoute(route))
		}
		if len(routes) > 0 {
			relay.APIs = append(relay.APIs, clients.RelayAPI{
				API: apis[name], Routes: routes, MaxUpload: int64(cfg.APIs[name].MaxRequestBytes), SignedIn: cfg.APIs[name].Token == auth.KindClient,
			})
		}
	}
	if len(relay.APIs) == 0 {
		return nil, nil
	}
	return clients.NewRelay(relay)
}

// closeConnections closes the connections to APIs that no request uses any more.
func (p parts) closeConnections() {
	for _, transport := range p.transports {
		transport.CloseIdleConnections()
	}
}

// newAPITransport makes the connections to one API.
func newAPITransport(name string, cfg APIConfig) (*clients.Transport, error) {
	settings, err := newClientTLS("apis."+name+".tls.", cfg.TLS)
	if err != nil {
		return nil, err
	}
	return clients.NewTransport(clients.TransportConfig{Idle: cfg.Concurrency, TLS: settings}), nil
}

// warmUp opens the configured number of connections to each API. An API that cannot be reached is logged, and does not keep the
// gateway from starting.
func warmUp(ctx context.Context, cfg Config, transports map[string]*clients.Transport, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, warmUpTime)
	defer cancel()
	var all sync.WaitGroup
	for name, api := range cfg.APIs {
		base, err := url.Parse(api.BaseURL)
		if api.WarmUp == 0 || err != nil {
			continue
		}
		all.Go(func() {
			if err := transports[name].Warm(ctx, base, api.WarmUp); err != nil && !errors.Is(err, context.Canceled) {
				log.WarnContext(ctx, "connections to an API could not be opened ahead", "api", name, "error", err)
			}
		})
	}
	all.Wait()
}

// inbound notes in the context what APIs may be told of the browser's request.
func inbound(service *auth.Service, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := clients.Inbound{
			RequestID:   observe.RequestID(r.Context()),
			TraceParent: r.Header.Get("Traceparent"),
			TraceState:  r.Header.Get("Tracestate"),
			Language:    r.Header.Get("Accept-Language"),
		}
		if addr := service.ClientAddress(r); addr.IsValid() {
			in.ClientAddr = addr.String()
		}
		next.ServeHTTP(w, r.WithContext(clients.WithInbound(r.Context(), in)))
	})
}

// clientAddressHeader is the name of the header that apis.NAME.client_address asks for; empty for none.
func clientAddressHeader(word string) string {
	switch word {
	case "forwarded":
		return "Forwarded"
	case "x-forwarded-for":
		return "X-Forwarded-For"
	}
	return ""
}

// breakerOf translates the breaker's configuration, where 0 failures mean that it never opens: for [clients.Breaker] 0 is the default.
func breakerOf(cfg BreakerConfig) clients.Breaker {
	if cfg.Failures == 0 {
		cfg.Failures = -1
	}
	return clients.Breaker{Failures: cfg.Failures, Window: cfg.Window, Open: cfg.Open}
}
