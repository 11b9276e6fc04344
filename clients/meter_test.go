package clients_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"vestibule.example/clients"
	"vestibule.example/internal/observe"
)

// metered is where a test's parts report to, and read how it stands.
func metered(t testing.TB) (telemetry *observe.Telemetry, read func() observe.Series) {
	t.Helper()
	telemetry, err := observe.NewTelemetry(observe.TelemetryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { telemetry.Close(context.WithoutCancel(t.Context())) })
	return telemetry, func() observe.Series {
		t.Helper()
		rec := httptest.NewRecorder()
		telemetry.Prometheus().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		all, err := observe.ReadMetrics(rec.Body)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
}

func wantSeries(t testing.TB, all observe.Series, want map[string]float64) {
	t.Helper()
	for series, v := range want {
		if got := all[series]; got != v {
			t.Errorf("%s = %v, want %v", series, got, v)
		}
	}
}

// Attempts are counted by what came of them; statuses that no standard knows are counted by their class.
func TestAttemptsAreMeasured(t *testing.T) {
	telemetry, read := metered(t)
	answers := []func(*http.Request) (*http.Response, error){
		status(200), status(200), status(404), status(599), status(598), status(503), unreachable, unreachable, status(200),
	}
	next := 0
	api := newFake(t, func(r *http.Request) (*http.Response, error) {
		next++
		return answers[next-1](r)
	}, func(cfg *clients.Config) {
		cfg.Meters, cfg.Breaker, cfg.Retry = telemetry.Meters(), clients.Breaker{Failures: 5}, clients.Retry{Attempts: 2}
	})
	if got := read(); got[`vestibule_api_breaker{api="orders",state="closed"}`] != 1 || got[`vestibule_api_breaker{api="orders",state="open"}`] != 0 {
		t.Error("the breaker of an API that nobody has asked is not closed")
	}
	for range 8 {
		_ = send(t.Context(), api, "GET")
	}
	wantSeries(t, read(), map[string]float64{
		`vestibule_api_attempt_duration_seconds_count{api="orders",outcome="200"}`:                  2,
		`vestibule_api_attempt_duration_seconds_count{api="orders",outcome="404"}`:                  1,
		`vestibule_api_attempt_duration_seconds_count{api="orders",outcome="503"}`:                  1,
		`vestibule_api_attempt_duration_seconds_count{api="orders",outcome="5xx"}`:                  2,
		`vestibule_api_attempt_duration_seconds_count{api="orders",outcome="UPSTREAM_UNAVAILABLE"}`: 2,
		`vestibule_api_calls_total{api="orders"}`:                                                   8,
		`vestibule_api_retries_total{api="orders"}`:                                                 2,
		`vestibule_api_failures_total{api="orders"}`:                                                5,
		`vestibule_api_held_back_total{api="orders",reason="breaker"}`:                              2,
		`vestibule_api_breaker{api="orders",state="closed"}`:                                        0,
		`vestibule_api_breaker{api="orders",state="open"}`:                                          1,
		`vestibule_api_active{api="orders"}`:                                                        0,
	})
	api.Close()
	if got := read().Sum("vestibule_api_calls_total"); got != 0 {
		t.Errorf("an API that is closed still tells of %v calls", got)
	}
}

// What is kept and shared is told as Stats has it.
func TestTheCacheIsMeasured(t *testing.T) {
	telemetry, read := metered(t)
	o := newOrigin(t, func(cfg *clients.Config) { cfg.Meters = telemetry.Meters() })
	o.serve = echoes("Cache-Control: max-age=60")
	alice := as(t.Context(), "alice")
	for range 3 {
		if _, err := clients.Get[echo](alice, o.api, clients.At("/things"), nil); err != nil {
			t.Fatal(err)
		}
	}
	all := read()
	wantSeries(t, all, map[string]float64{
		`vestibule_api_cache_answers_total{api="things",result="hit"}`:  2,
		`vestibule_api_cache_answers_total{api="things",result="miss"}`: 1,
		`vestibule_api_cache_entries{api="things"}`:                     1,
		`vestibule_api_calls_total{api="things"}`:                       1,
	})
	if all.Sum("vestibule_api_cache_size_bytes") < 1 {
		t.Error("what is kept takes no room")
	}
	o.api.Forget("alice")
	wantSeries(t, read(), map[string]float64{`vestibule_api_cache_dropped_total{api="things",reason="forgotten"}`: 1, `vestibule_api_cache_entries{api="things"}`: 0})
}

// Relayed requests are measured like calls, and counted while their answers are on their way.
func TestTheRelayIsMeasured(t *testing.T) {
	telemetry, read := metered(t)
	var during observe.Series
	r := newRelaying(t, func(w http.ResponseWriter, _ *http.Request) {
		during = read()
		w.WriteHeader(http.StatusTeapot)
	}, func(cfg *clients.Config) { cfg.Meters = telemetry.Meters() }, nil)
	r.send(t, "GET", "/api/orders/things", nil, "")
	r.Close() // It waits for the handler.
	if got := during[`vestibule_api_relayed{api="orders"}`]; got != 1 {
		t.Errorf("while an answer was on its way %v were counted, want 1", got)
	}
	wantSeries(t, read(), map[string]float64{
		`vestibule_api_relayed{api="orders"}`:                                      0,
		`vestibule_api_attempt_duration_seconds_count{api="orders",outcome="418"}`: 1,
	})
}
