package otlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	// tries is how often something is sent, at most, if the collector cannot take it at the moment.
	tries = 3
	// firstPause doubles with each try; longestPause bounds what the collector may ask for.
	firstPause, longestPause = 500 * time.Millisecond, 5 * time.Second
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 64 << 10
)

// Config is where telemetry goes.
type Config struct {
	// Endpoint is the collector's address: /v1/traces and /v1/metrics are below it. Required.
	Endpoint *url.URL
	// Header is sent with everything.
	Header http.Header
	// Transport makes the connections. Required.
	Transport http.RoundTripper
	// Failed is called with what could not be sent, traces or metrics, and why. It may be nil.
	Failed func(ctx context.Context, what string, err error)
}

// Exporter sends spans and metrics to a collector by OTLP over HTTP, in protobuf. It is safe for concurrent use.
type Exporter struct{ cfg Config }

// New makes an exporter. It sends nothing yet.
func New(cfg Config) *Exporter {
	if cfg.Failed == nil {
		cfg.Failed = func(context.Context, string, error) {}
	}
	return &Exporter{cfg}
}

// ExportSpans implements [sdktrace.SpanExporter].
func (e *Exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	return e.export(ctx, "traces", Spans(spans))
}

// ExportMetrics sends what was collected.
func (e *Exporter) ExportMetrics(ctx context.Context, all *metricdata.ResourceMetrics) error {
	return e.export(ctx, "metrics", Metrics(all))
}

// Shutdown implements [sdktrace.SpanExporter]. Nothing is kept here.
func (e *Exporter) Shutdown(context.Context) error { return nil }

// export sends one request, and again if the collector says that a retry may help (OTLP/HTTP, failures).
func (e *Exporter) export(ctx context.Context, what string, body []byte) error {
	var err error
	for n := range tries {
		var wait time.Duration
		if wait, err = e.post(ctx, what, body); err == nil {
			return nil
		}
		if wait < 0 || n == tries-1 {
			break
		}
		pause := firstPause << n
		pause = max(min(wait, longestPause), pause/2+rand.N(pause)) //nolint:gosec // Jitter, no secret.
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
			continue
		case <-ctx.Done():
			timer.Stop()
		}
		break
	}
	e.cfg.Failed(ctx, what, err)
	return err
}

var errRefused = errors.New("otlp: the collector does not take it")

// post is one try. After a failure it returns how long to wait at least before the next; negative: another try is of no use.
func (e *Exporter) post(ctx context.Context, what string, body []byte) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.cfg.Endpoint.JoinPath("v1", what).String(), bytes.NewReader(body))
	if err != nil {
		return -1, fmt.Errorf("otlp: %w", err)
	}
	for name, values := range e.cfg.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	res, err := e.cfg.Transport.RoundTrip(req) // It follows no redirect.
	if err != nil {
		return 0, fmt.Errorf("otlp: %w", err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer)) //nolint:errcheck // Only for the connection's sake.
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return time.Duration(max(seconds, 0)) * time.Second, fmt.Errorf("%w: %d", errRefused, res.StatusCode)
	}
	if res.StatusCode/100 != 2 {
		return -1, fmt.Errorf("%w: %d", errRefused, res.StatusCode)
	}
	return 0, nil
}
