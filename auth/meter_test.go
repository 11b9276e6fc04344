package auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/provider"
	"vestibule.example/internal/observe"
)

// metered is where a service reports to, and reads how it stands. What it reads the suite's canary sees.
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
		suite.Saw("the metrics of "+t.Name(), rec.Body.Bytes())
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

// Sessions, tokens and the store are measured from sign-in to sign-out (LOG-1).
func TestSessionsAreMeasured(t *testing.T) {
	telemetry, read := metered(t)
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) { cfg.Meters = telemetry.Meters() })
	alice, bob := w.signIn(t, "alice"), w.signIn(t, "bob")
	w.clock.Advance(6 * time.Minute)
	call(t, alice, "orders")
	w.settings(t, provider.Settings{Refresh: provider.RefreshServerError})
	w.clock.Advance(5 * time.Minute)
	call(t, alice, "orders")
	if _, err := bob.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := read()
	wantSeries(t, all, map[string]float64{
		`vestibule_auth_events_total{event="login"}`:                                              2,
		`vestibule_auth_events_total{event="refresh"}`:                                            1,
		`vestibule_auth_events_total{event="refresh_failed"}`:                                     1,
		`vestibule_auth_events_total{event="logout"}`:                                             1,
		`vestibule_session_starts_total`:                                                          2,
		`vestibule_session_ends_total{reason="logout"}`:                                           1,
		`vestibule_session_active`:                                                                1,
		`vestibule_token_request_duration_seconds_count{grant="authorization_code",outcome="ok"}`: 2,
		`vestibule_token_request_duration_seconds_count{grant="refresh_token",outcome="ok"}`:      1,
		`vestibule_store_call_duration_seconds_count{operation="create",outcome="ok"}`:            2,
		`vestibule_store_call_duration_seconds_count{operation="delete",outcome="ok"}`:            1,
		`vestibule_store_call_duration_seconds_count{operation="lease",outcome="ok"}`:             2,
	})
	if failed := all.Sum("vestibule_token_request_duration_seconds_count", `grant="refresh_token"`); failed != 2 {
		t.Errorf("%v refreshes are measured, want the one that failed too", failed)
	}
	w.clock.Advance(20 * time.Minute)
	if got := read()["vestibule_session_active"]; got != 0 {
		t.Errorf("%v sessions are in use that nobody has used for long", got)
	}
	if err := w.auth.Close(); err != nil {
		t.Fatal(err)
	}
	if _, told := read()["vestibule_session_active"]; told {
		t.Error("a service that is closed still tells of sessions")
	}
}

// Of many who need a token one gets it; the others are counted as having joined.
func TestJoinsAreMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		telemetry, read := metered(t)
		memory := memstore.New(memstore.Config{})
		b := newBubble(t, memory, func(*http.Request) *http.Response {
			<-time.After(time.Second)
			return jsonAnswer(http.StatusOK, `{"access_token":"new","token_type":"Bearer","expires_in":3600,"refresh_token":"newer"}`)
		})
		closeAll(t, b.Close)
		b.config.Meters = telemetry.Meters()
		b.serveOrders(t, memory)
		cookie := b.signIn(t)
		<-time.After(61 * time.Minute)
		const n = 8
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				if err := b.roundTrip(cookie, "orders"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		wantSeries(t, read(), map[string]float64{
			`vestibule_token_joins_total`: n - 1,
			`vestibule_token_request_duration_seconds_count{grant="refresh_token",outcome="ok"}`: 1,
			`vestibule_token_request_duration_seconds_sum{grant="refresh_token",outcome="ok"}`:   1,
		})
		closeAll(t, b.Close, memory.Close)
	})
}

// How long a refresh waits for a lease is measured: here the first for that of a replica that died.
func TestLeaseWaitsAreMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		telemetry, read := metered(t)
		memory := memstore.New(memstore.Config{})
		b := newBubble(t, memory, func(*http.Request) *http.Response {
			return jsonAnswer(http.StatusOK, `{"access_token":"new","token_type":"Bearer","expires_in":3600,"refresh_token":"newer"}`)
		})
		closeAll(t, b.Close)
		b.config.Meters = telemetry.Meters()
		b.serveOrders(t, &leasedStore{Store: memory, dead: true})
		cookie := b.signIn(t)
		for range 2 {
			<-time.After(61 * time.Minute)
			if err := b.roundTrip(cookie, "orders"); err != nil {
				t.Error(err)
			}
		}
		all := read()
		if n, sum := all["vestibule_token_lease_wait_seconds_count"], all["vestibule_token_lease_wait_seconds_sum"]; n != 2 || sum < 10 || sum > 12 {
			t.Errorf("%v waited for %v s, want two, of whom one for about eleven", n, sum)
		}
		closeAll(t, b.Close, memory.Close)
	})
}
