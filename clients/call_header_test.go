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

// BBA-17: a call's own headers are sent as they are; what is the gateway's to say, or no header at all, is a fault of the program
// and a value that cannot be sent one of the input. Neither is sent.
func TestACallsOwnHeaders(t *testing.T) {
	u := newUpstream(t, says(200, jsonType, `{}`))
	api := u.api(t, nil)
	for _, c := range []struct {
		name, value string
		code        clients.Code
	}{
		{"x-tenant", "shop 1", ""},
		{"authorization", "Bearer mine", clients.CodeInternal},
		{"Cookie", "a=b", clients.CodeInternal},
		{"X Tenant", "shop", clients.CodeInternal},
		{"", "shop", clients.CodeInternal},
		{"X-Tenant", "shop\r\nCookie: a=b", clients.CodeBadUserInput},
		{"X-Tenant", " shop", clients.CodeBadUserInput},
	} {
		before := len(u.requests())
		_, err := clients.Do[widget](t.Context(), api, clients.Call{Method: http.MethodGet, Path: clients.At("/"), Header: http.Header{c.name: {c.value}}})
		sent := u.requests()[before:]
		if c.code == "" {
			if err != nil || len(sent) != 1 || sent[0].Header.Get(c.name) != c.value {
				t.Errorf("%s: %s: %v, sent %v", c.name, c.value, err, sent)
			}
			continue
		}
		var failed *clients.Error
		if !errors.As(err, &failed) || failed.Code != c.code || len(sent) > 0 {
			t.Errorf("%q: %q: %v after %d requests, want %s and none", c.name, c.value, err, len(sent), c.code)
		}
	}
}

// A measurement that cannot be begun stops the start.
func TestAnAPIThatCannotBeMeasured(t *testing.T) {
	base, err := url.Parse("http://things.test")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vestibule.api.attempt.duration", "vestibule.api.active", "vestibule.api.cache.answers"} {
		if _, err := clients.New(clients.Config{Name: "things", BaseURL: base, Transport: &http.Transport{}, Meters: brokenMeters{name: name}}); !errors.Is(err, errInstrument) {
			t.Errorf("New without %s = %v, want the instrument's error", name, err)
		}
	}
}

var errInstrument = errors.New("no such instrument")

// brokenMeters have no instrument of that name.
type brokenMeters struct {
	noop.MeterProvider
	name string
}

func (m brokenMeters) Meter(string, ...metric.MeterOption) metric.Meter {
	return brokenMeter{noop.Meter{}, m.name}
}

type brokenMeter struct {
	noop.Meter
	name string
}

func (m brokenMeter) Float64Histogram(name string, options ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	if name == m.name {
		return nil, errInstrument
	}
	return m.Meter.Float64Histogram(name, options...)
}

func (m brokenMeter) Int64ObservableGauge(name string, options ...metric.Int64ObservableGaugeOption) (metric.Int64ObservableGauge, error) {
	if name == m.name {
		return nil, errInstrument
	}
	return m.Meter.Int64ObservableGauge(name, options...)
}

func (m brokenMeter) Int64ObservableCounter(name string, options ...metric.Int64ObservableCounterOption) (metric.Int64ObservableCounter, error) {
	if name == m.name {
		return nil, errInstrument
	}
	return m.Meter.Int64ObservableCounter(name, options...)
}
