package main

import (
	"context"
	"errors"
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

// newAPIs makes the calls of every configured API, and the connections below them.
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

// gatewayAPIs names the APIs that get the gateway's own token, whoever asks.
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
			relay.APIs = append(relay.APIs, clients.RelayAPI{API: apis[name], Routes: routes, MaxUpload: int64(cfg.APIs[name].MaxRequestBytes), SignedIn: cfg.APIs[name].Token == auth.KindClient})
		}
	}
	if len(relay.APIs) == 0 {
		return nil, nil
	}
	return clients.NewRelay(relay)
}

// closeConnections closes what no request uses any more.
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

// warmUp opens the configured number of connections to each API. That one cannot be reached is no reason not to start.
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
			if err := transports[name].Warm(ctx, base, api.WarmUp); err != nil {
				log.WarnContext(ctx, "connections to an API could not be opened ahead", "api", name, "error", err)
			}
		})
	}
	all.Wait()
}

// inbound notes what of a browser's request its APIs may be told.
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

// clientAddressHeader is the header's name for the configured word.
func clientAddressHeader(word string) string {
	switch word {
	case "forwarded":
		return "Forwarded"
	case "x-forwarded-for":
		return "X-Forwarded-For"
	}
	return ""
}

// breakerOf is the breaker's configuration, whose 0 failures are never.
func breakerOf(cfg BreakerConfig) clients.Breaker {
	if cfg.Failures == 0 {
		cfg.Failures = -1
	}
	return clients.Breaker{Failures: cfg.Failures, Window: cfg.Window, Open: cfg.Open}
}
