package observe

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/resource"
)

// maxSeries bounds the series of one metric; what is beyond is counted in one of its own, with otel_metric_overflow="true".
const maxSeries = 2000

// TelemetryConfig is what is measured and where it goes. The zero value keeps metrics for Prometheus alone.
type TelemetryConfig struct {
	// Version is the program's, for vestibule.build.info.
	Version string
}

// Telemetry is where the parts of the program get their instruments from, and how what they measure comes out. It is safe for
// concurrent use. Nothing of it is global: two in one process know nothing of each other.
type Telemetry struct {
	meters *sdkmetric.MeterProvider
	pulled *sdkmetric.ManualReader
}

// NewTelemetry makes the providers. Close ends what they run.
func NewTelemetry(cfg TelemetryConfig) (*Telemetry, error) {
	about := resource.NewSchemaless(attribute.String("service.name", "vestibule"), attribute.String("service.version", cfg.Version))
	t := &Telemetry{pulled: sdkmetric.NewManualReader()}
	t.meters = sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(about), sdkmetric.WithReader(t.pulled), sdkmetric.WithCardinalityLimit(maxSeries),
		sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter),
	)
	if err := measureProcess(t.meters, cfg.Version); err != nil {
		return nil, fmt.Errorf("observe: %w", err)
	}
	return t, nil
}

// Meters gives instruments.
func (t *Telemetry) Meters() metric.MeterProvider { return t.meters }

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
		w.Write(text) //nolint:errcheck // The reader is gone; there is nobody to tell.
	})
}

// Close ends what runs.
func (t *Telemetry) Close(ctx context.Context) error {
	return t.meters.Shutdown(ctx)
}
