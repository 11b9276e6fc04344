package observe

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meter measures the requests.
type meter struct {
	duration metric.Float64Histogram
	active   metric.Int64UpDownCounter
	known    sync.Map // metric.MeasurementOption by answer: there are few, and making one costs more than using it
}

// answer holds the labels of a request's duration. Each comes from a list, so that no client can make up series: methods, routes, statuses.
type answer struct {
	method, route, status string
}

// newMeter makes the instruments, under the names and labels of OpenTelemetry's conventions; nil, which measures nothing, without a
// provider.
func newMeter(provider metric.MeterProvider) *meter {
	if provider == nil {
		return nil
	}
	m := provider.Meter(scope)
	// The errors are about names and units that are not valid. These are valid, and a test reads them.
	duration, _ := m.Float64Histogram("http.server.request.duration", metric.WithUnit("s"), metric.WithDescription("How long requests took."),
		metric.WithExplicitBucketBoundaries(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30))
	active, _ := m.Int64UpDownCounter("http.server.active_requests", metric.WithUnit("{request}"), metric.WithDescription("Requests under way, streams among them."))
	return &meter{duration: duration, active: active}
}

func (m *meter) begin(ctx context.Context) {
	if m != nil {
		m.active.Add(ctx, 1)
	}
}

func (m *meter) end(ctx context.Context, r *http.Request, status int, took time.Duration) {
	if m == nil {
		return
	}
	ctx = context.WithoutCancel(ctx)
	m.active.Add(ctx, -1)
	m.duration.Record(ctx, took.Seconds(), m.option(answer{method(r), route(r), statusLabel(status)}))
}

func (m *meter) option(a answer) metric.MeasurementOption {
	if known, ok := m.known.Load(a); ok {
		return known.(metric.MeasurementOption) //nolint:forcetypeassert // Nothing else is stored.
	}
	made := metric.WithAttributeSet(attribute.NewSet(
		attribute.String("http.request.method", a.method), attribute.String("http.route", a.route), attribute.String("http.response.status_code", a.status),
	))
	m.known.Store(a, made)
	return made
}

// method is a request's method, or _OTHER if it is none of HTTP's: a client may make up any.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return r.Method
	}
	return "_OTHER"
}

// route is the path of the pattern that matched the request.
func route(r *http.Request) string {
	pattern := r.Pattern
	if _, path, found := strings.Cut(pattern, " "); found {
		pattern = path
	}
	if pattern == "" {
		return "other"
	}
	return pattern
}

// statusLabel is a status if it is a registered one, else its class: a relayed API may make up any.
func statusLabel(status int) string {
	if http.StatusText(status) != "" || status == statusClientGone {
		return strconv.Itoa(status)
	}
	return strconv.Itoa(status/100) + "xx"
}
