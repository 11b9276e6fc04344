package observe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"vestibule.example/internal/observe/otlp"
)

const (
	// maxSeries bounds the series of one metric; the rest is counted in one more, with otel_metric_overflow="true".
	maxSeries = 2000
	// maxSpanText bounds each text in a span, in characters, and maxSpanParts the number of its attributes, of its events, and of its links.
	maxSpanText, maxSpanParts = 512, 64
	// maxSpans bounds the spans that wait to be sent, maxBatch those that are sent at once, and spanPause is how long they wait.
	maxSpans, maxBatch, spanPause = 4096, 512, 2 * time.Second
	// exportTimeout bounds one export with its retries.
	exportTimeout = 15 * time.Second
	// complainEvery bounds how often a collector's failures are logged.
	complainEvery = time.Minute
)

// TelemetryConfig says what is measured and where it goes. The zero value keeps metrics for Prometheus, and traces nothing.
type TelemetryConfig struct {
	// Version is the program's.
	Version string
	// Instance tells replicas apart at the collector.
	Instance string
	// Collector is where OTLP goes; nil: nowhere.
	Collector *Collector
	Logger    *slog.Logger
}

// Collector is where to send telemetry by OTLP over HTTP.
type Collector struct {
	// Endpoint is its address, below which /v1/traces and /v1/metrics are.
	Endpoint *url.URL
	// Header is sent with everything.
	Header http.Header
	// Transport makes the connections; Close closes them. Required.
	Transport *http.Transport
	// Share is the part of requests that is traced, from 0 to 1, besides those that a trusted proxy traces.
	Share float64
	// Metrics is how often metrics are sent; 0: never.
	Metrics time.Duration
}

// Telemetry gives the parts of the program their instruments, and exports what they measure. It is safe for concurrent use. It uses
// nothing global: two in one process are independent of each other.
type Telemetry struct {
	meters *sdkmetric.MeterProvider
	traces *sdktrace.TracerProvider // nil: nothing is traced
	pulled *sdkmetric.ManualReader
	sender *http.Transport // nil: nothing is sent
}

// NewTelemetry makes the providers. Close ends the goroutines that they start.
func NewTelemetry(cfg TelemetryConfig) (*Telemetry, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	about := resource.NewSchemaless(attribute.String("service.name", "vestibule"), attribute.String("service.version", cfg.Version), attribute.String("service.instance.id", cfg.Instance))
	t := &Telemetry{pulled: sdkmetric.NewManualReader()}
	options := []sdkmetric.Option{
		sdkmetric.WithResource(about), sdkmetric.WithReader(t.pulled), sdkmetric.WithCardinalityLimit(maxSeries),
		sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter),
	}
	var failures failures
	if c := cfg.Collector; c != nil {
		failures.log, t.sender = cfg.Logger, c.Transport
		sender := otlp.New(otlp.Config{Endpoint: c.Endpoint, Header: c.Header, Transport: c.Transport, Failed: failures.note})
		if c.Metrics > 0 {
			options = append(options, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(pushed{sender}, sdkmetric.WithInterval(c.Metrics), sdkmetric.WithTimeout(exportTimeout))))
		}
		t.traces = sdktrace.NewTracerProvider(
			sdktrace.WithResource(about), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(c.Share))),
			sdktrace.WithRawSpanLimits(sdktrace.SpanLimits{
				AttributeValueLengthLimit: maxSpanText, AttributeCountLimit: maxSpanParts, EventCountLimit: maxSpanParts, LinkCountLimit: maxSpanParts,
				AttributePerEventCountLimit: maxSpanParts, AttributePerLinkCountLimit: maxSpanParts,
			}),
			sdktrace.WithBatcher(spanSender{sender}, sdktrace.WithMaxQueueSize(maxSpans), sdktrace.WithMaxExportBatchSize(maxBatch), sdktrace.WithBatchTimeout(spanPause), sdktrace.WithExportTimeout(exportTimeout)),
		)
	}
	t.meters = sdkmetric.NewMeterProvider(options...)
	if err := errors.Join(measureProcess(t.meters, cfg.Version), failures.measure(t.meters)); err != nil {
		return nil, fmt.Errorf("observe: %w", err)
	}
	return t, nil
}

// Meters makes metrics.
func (t *Telemetry) Meters() metric.MeterProvider { return t.meters }

// Traces makes tracers; nil if nothing is traced.
func (t *Telemetry) Traces() trace.TracerProvider {
	if t.traces == nil {
		return nil // Rather than an interface that holds a nil pointer.
	}
	return t.traces
}

// Prometheus answers with all metrics as they are now, in Prometheus' text format 0.0.4.
func (t *Telemetry) Prometheus() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := t.text(r.Context())
		if err != nil {
			http.Error(w, "the metrics cannot be had", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		w.Write(text) //nolint:errcheck // The client has left; there is nobody to tell.
	})
}

// Close exports what is left, within 15 s, and ends what runs. It returns no error: if the collector refused something, that was logged.
func (t *Telemetry) Close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, exportTimeout)
	defer cancel()
	if t.traces != nil {
		t.traces.Shutdown(ctx) //nolint:errcheck // See above.
	}
	t.meters.Shutdown(ctx) //nolint:errcheck // See above.
	if t.sender != nil {
		t.sender.CloseIdleConnections()
	}
}

// spanSender and pushed export to the collector. What it refuses was logged when they return. The SDK does not learn of it, since it
// would pass it to a global error handler.
type spanSender struct{ *otlp.Exporter }

// ExportSpans implements [sdktrace.SpanExporter].
func (s spanSender) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	s.Exporter.ExportSpans(ctx, spans) //nolint:errcheck // Logged, see above.
	return nil
}

type pushed struct{ *otlp.Exporter }

// Temporality implements [sdkmetric.Exporter].
func (pushed) Temporality(sdkmetric.InstrumentKind) metricdata.Temporality {
	return metricdata.CumulativeTemporality
}

// Aggregation implements [sdkmetric.Exporter].
func (pushed) Aggregation(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(kind)
}

// Export implements [sdkmetric.Exporter].
func (p pushed) Export(ctx context.Context, all *metricdata.ResourceMetrics) error {
	p.ExportMetrics(ctx, all) //nolint:errcheck // Logged, see above.
	return nil
}

// ForceFlush implements [sdkmetric.Exporter]. Nothing is kept here.
func (pushed) ForceFlush(context.Context) error { return nil }

// failures counts and logs what a collector refused or did not get.
type failures struct {
	log   *slog.Logger
	count metric.Int64Counter

	mu   sync.Mutex // guards told
	told time.Time
}

func (f *failures) measure(provider metric.MeterProvider) (err error) {
	f.count, err = provider.Meter(scope).Int64Counter("vestibule.telemetry.failures", metric.WithDescription("Sendings that the collector did not take."))
	return err
}

func (f *failures) note(ctx context.Context, what string, err error) {
	f.count.Add(ctx, 1, metric.WithAttributes(attribute.String("signal", what)))
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := time.Now(); now.Sub(f.told) > complainEvery {
		f.told = now
		f.log.WarnContext(ctx, "the collector does not take what is observed", "what", what, "error", err)
	}
}
