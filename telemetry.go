package main

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"vestibule.example/internal/observe"
)

// watching is where the parts report what happens.
type watching struct {
	log    *slog.Logger
	meters metric.MeterProvider
	traces trace.TracerProvider // nil: nothing is traced
}

// newTelemetry makes what measures and, where a collector is configured, traces.
func newTelemetry(cfg OTLPConfig, log *slog.Logger) (*observe.Telemetry, error) {
	collector, err := collectorOf(cfg)
	if err != nil {
		return nil, err
	}
	return observe.NewTelemetry(observe.TelemetryConfig{Version: version(), Instance: instance(), Logger: log, Collector: collector})
}

// collectorOf is how the configured collector is reached; nil if there is none.
func collectorOf(cfg OTLPConfig) (*observe.Collector, error) {
	if cfg.Endpoint == "" {
		return nil, nil
	}
	endpoint, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("observe.otlp.endpoint: %w", err)
	}
	header := http.Header{}
	for name, value := range cfg.Headers {
		header.Set(name, value)
	}
	if !cfg.Authorization.IsZero() {
		header.Set("Authorization", cfg.Authorization.Reveal())
	}
	transport := newTransport()
	if transport.TLSClientConfig, err = newClientTLS("observe.otlp.tls.", cfg.TLS); err != nil {
		return nil, err
	}
	return &observe.Collector{Endpoint: endpoint, Header: header, Transport: transport, Share: float64(cfg.Share) / 100, Metrics: cfg.Interval}, nil
}

// instance tells this process from other replicas, and from itself before a restart: the host's name, which in a cluster is
// the pod's, and something random.
func instance() string {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	return name + "-" + rand.Text()[:6]
}
