package clients_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"vestibule.example/clients"
)

var errNoSuchGauge = errors.New("no such instrument")

// brokenMeters have no instrument of that name.
type brokenMeters struct {
	noop.MeterProvider
	name string
}

// Meter implements [metric.MeterProvider].
func (m brokenMeters) Meter(string, ...metric.MeterOption) metric.Meter {
	return brokenMeter{noop.Meter{}, m.name}
}

type brokenMeter struct {
	noop.Meter
	name string
}

// Int64ObservableGauge implements [metric.Meter].
func (m brokenMeter) Int64ObservableGauge(name string, options ...metric.Int64ObservableGaugeOption) (metric.Int64ObservableGauge, error) {
	if name == m.name {
		return nil, errNoSuchGauge
	}
	return m.Meter.Int64ObservableGauge(name, options...)
}

// Int64ObservableCounter implements [metric.Meter].
func (m brokenMeter) Int64ObservableCounter(name string, options ...metric.Int64ObservableCounterOption) (metric.Int64ObservableCounter, error) {
	if name == m.name {
		return nil, errNoSuchGauge
	}
	return m.Meter.Int64ObservableCounter(name, options...)
}

// A measurement that cannot be begun stops the start, rather than being missing when it is needed.
func TestWhatCannotBeMeasuredStopsTheStart(t *testing.T) {
	for _, name := range []string{"vestibule.api.active", "vestibule.api.cache.answers"} {
		_, err := clients.New(clients.Config{
			Name: "orders", BaseURL: &url.URL{Scheme: "https", Host: "orders.example.test"}, Transport: http.DefaultTransport, Meters: brokenMeters{name: name},
		})
		if !errors.Is(err, errNoSuchGauge) {
			t.Errorf("without %s: %v, want its error", name, err)
		}
	}
}

// A trace that is told of no fields tells of none.
func TestATraceWithoutFields(t *testing.T) {
	trace := clients.NewTrace(clients.TraceConfig{})
	if err := send(clients.WithTrace(t.Context(), trace), newFake(t, status(200), nil), "GET"); err != nil {
		t.Fatal(err)
	}
	if calls, _ := trace.Calls(); len(calls) != 1 || len(calls[0].Fields) != 0 {
		t.Errorf("calls = %+v, want one of no field", calls)
	}
}
