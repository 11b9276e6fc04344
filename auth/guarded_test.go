package auth_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
)

// What a developer is told of a session is told to nobody else's page, and not invented while the store is away.
func TestWhoMaySeeDiagnostics(t *testing.T) {
	store := &brokenStore{}
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) {
		store.Store, cfg.Store = cfg.Store, store
	})
	w.routes.Load().Handle("GET /auth/diagnostics", w.auth.Diagnostics(nil))
	v := w.signIn(t, "alice")
	navigation := func(site, dest string) http.Header {
		return http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {dest}, "Sec-Fetch-Site": {site}}
	}
	prefetch := navigation("none", "document")
	prefetch.Set("Sec-Purpose", "prefetch")
	for _, c := range []struct {
		name   string
		header http.Header
		away   bool
		want   int
	}{
		{"typed in", navigation("none", "document"), false, http.StatusOK},
		{"from a page of ours", navigation("same-origin", "document"), false, http.StatusOK},
		{"from another site", navigation("cross-site", "document"), false, http.StatusForbidden},
		{"in a frame", navigation("same-origin", "iframe"), false, http.StatusForbidden},
		{"ahead of time", prefetch, false, http.StatusForbidden},
		{"while the store is away", navigation("none", "document"), true, http.StatusServiceUnavailable},
	} {
		store.get = c.away
		res, err := v.Hop(t.Context(), "/auth/diagnostics", c.header)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		if res.Body.Close(); err != nil || res.StatusCode != c.want {
			t.Errorf("%s = %d, %v, want %d", c.name, res.StatusCode, err, c.want)
		}
		// Of one API the token is the login's, the others' nobody has asked for yet.
		told := strings.Contains(string(text), "expires in 5 min 0 s") || strings.Contains(string(text), "expires in 4 min")
		if shown := c.want == http.StatusOK; told != shown || strings.Contains(string(text), "not asked for yet") != shown {
			t.Errorf("%s: %s", c.name, text)
		}
	}
}

// A measurement that cannot be begun stops the start, rather than being missing when it is needed.
func TestWhatCannotBeMeasuredStopsTheStart(t *testing.T) {
	w := newWorld(t, nil)
	for _, name := range []string{"vestibule.auth.events", "vestibule.store.call.duration"} {
		cfg := w.config
		cfg.Meters = brokenMeters{name: name}
		if service, err := auth.New(cfg); !errors.Is(err, errInstrument) || !strings.HasPrefix(err.Error(), "auth: ") {
			t.Errorf("without %s: %v, want its error", name, err)
			if service != nil {
				service.Close()
			}
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

func (m brokenMeter) Int64Counter(name string, options ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	if name == m.name {
		return nil, errInstrument
	}
	return m.Meter.Int64Counter(name, options...)
}

func (m brokenMeter) Float64Histogram(name string, options ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	if name == m.name {
		return nil, errInstrument
	}
	return m.Meter.Float64Histogram(name, options...)
}
