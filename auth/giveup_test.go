package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/rp"
)

// What cannot be stored keeps nobody waiting for long: not while the store stays away, nor where a record is always somebody else's. The
// call says that the store is unavailable, and the session lives on.
func TestARefreshThatIsNeverStored(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		took time.Duration
	}{"the store stays away": {errOutage, 26 * time.Second}, "somebody else always writes": {auth.ErrConflict, 0}} {
		synctest.Test(t, func(t *testing.T) {
			memory := memstore.New(memstore.Config{})
			provider := &refresher{revoked: make(chan string, 1)}
			b := newBubble(t, memory, provider.answer)
			store := &failingFor{Store: memory, err: c.err}
			b.serveOrders(t, store)
			cookie := b.signIn(t)
			<-time.After(61 * time.Minute)
			store.updates.Store(1000)
			before := time.Now()
			err := b.roundTrip(cookie, "orders")
			if took := time.Since(before); !errors.Is(err, auth.ErrStoreUnavailable) || took < c.took-time.Second || took > c.took {
				t.Errorf("%s: %v after %s, want ErrStoreUnavailable after %s", name, err, took, c.took)
			}
			store.updates.Store(0)
			if err := b.roundTrip(cookie, "orders"); err != nil {
				t.Errorf("%s: the next call = %v", name, err)
			}
			closeAll(t, b.Close, memory.Close)
		})
	}
}

// T-11: the provider's word ends a session when the store can be told, and not before: a store that is away is an outage.
func TestTheProvidersLastWordWhileTheStoreIsAway(t *testing.T) {
	for _, fails := range []string{"Get", "Delete"} {
		synctest.Test(t, func(t *testing.T) {
			memory := memstore.New(memstore.Config{})
			store := &downStore{Store: memory}
			provider := &refresher{}
			b := newBubble(t, memory, func(req *http.Request) *http.Response {
				if provider.refreshes.Load() > 0 {
					return provider.answer(req)
				}
				provider.refreshes.Add(1)
				store.breaks(fails)
				return jsonAnswer(http.StatusBadRequest, `{"error":"invalid_grant"}`)
			})
			b.serveOrders(t, store)
			cookie := b.signIn(t)
			<-time.After(61 * time.Minute)
			if err := b.roundTrip(cookie, "orders"); !errors.Is(err, auth.ErrStoreUnavailable) || errors.Is(err, auth.ErrSessionEnded) {
				t.Errorf("without %s: %v, want ErrStoreUnavailable", fails, err)
			}
			store.breaks("")
			if err := b.roundTrip(cookie, "orders"); err != nil {
				t.Errorf("without %s: the next call = %v, want the session alive", fails, err)
			}
			closeAll(t, b.Close, memory.Close)
		})
	}
}

// reading reads what it is told to.
type reading struct {
	auth.Store
	err error
}

func (s *reading) Get(ctx context.Context, key string) (*auth.Record, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s.Store.Get(ctx, key)
}

// What a store answers is counted by what it was: what the contract has as an answer is no fault.
func TestOutcomesOfTheStoreAreMeasured(t *testing.T) {
	telemetry, read := metered(t)
	memory := memstore.New(memstore.Config{})
	t.Cleanup(func() { memory.Close() })
	store := &reading{Store: memory}
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) { cfg.Store, cfg.Meters = store, telemetry.Meters() })
	v := w.signIn(t, "alice")
	for _, c := range []struct {
		err     error
		outcome string
	}{
		{nil, "ok"}, {errOutage, "error"},
		{auth.ErrNotFound, "no"}, {auth.ErrExists, "no"}, {auth.ErrConflict, "no"}, {auth.ErrLoggedOut, "no"}, {auth.ErrStoreFull, "full"},
	} {
		series := `vestibule_store_call_duration_seconds_count{operation="get",outcome="` + c.outcome + `"}`
		before := read()[series]
		if store.err = nil; c.err != nil {
			store.err = fmt.Errorf("store: %w", c.err)
		}
		res, err := v.Fetch(t.Context(), http.MethodGet, "/call/orders", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := read()[series]; got <= before {
			t.Errorf("%v is not counted as %q", c.err, c.outcome)
		}
	}
	store.err = nil
}

// What a provider answers to a refresh is counted by what it was.
func TestOutcomesOfRefreshesAreMeasured(t *testing.T) {
	for answer, outcome := range map[string]string{
		`400 {"error":"invalid_grant"}`: "invalid_grant", `400 {"error":"of_its_own"}`: "refused", `200 nothing`: "invalid_answer",
		`200 {"access_token":"a","token_type":"Bearer","id_token":"e30.e30.x"}`: "invalid_id_token",
	} {
		synctest.Test(t, func(t *testing.T) {
			telemetry, read := metered(t)
			memory := memstore.New(memstore.Config{})
			b := newBubble(t, memory, func(*http.Request) *http.Response {
				var status int
				fmt.Sscan(answer, &status)
				return jsonAnswer(status, answer[4:])
			})
			closeAll(t, b.Close)
			b.config.Meters = telemetry.Meters()
			b.serveOrders(t, memory)
			cookie := b.signIn(t)
			<-time.After(61 * time.Minute)
			if err := b.roundTrip(cookie, "orders"); err == nil {
				t.Errorf("%s: the call succeeded", answer)
			}
			wantSeries(t, read(), map[string]float64{`vestibule_token_request_duration_seconds_count{grant="refresh_token",outcome="` + outcome + `"}`: 1})
			closeAll(t, b.Close, memory.Close)
		})
	}
}

// A provider that cannot be reached has refused nothing.
func TestAProviderOutOfReachIsMeasured(t *testing.T) {
	telemetry, read := metered(t)
	var away atomic.Bool
	w := newWorld(t, func(cfg *auth.Config, party *rp.Config) {
		cfg.Meters = telemetry.Meters()
		base := party.HTTPClient.Transport
		party.HTTPClient = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			if away.Load() {
				return nil, errOutage
			}
			return base.RoundTrip(req)
		})}
	})
	v := w.signIn(t, "alice")
	w.clock.Advance(6 * time.Minute)
	away.Store(true)
	call(t, v, "orders")
	if got := read()[`vestibule_token_request_duration_seconds_count{grant="refresh_token",outcome="unavailable"}`]; got != 1 {
		t.Errorf("%v requests are counted as unavailable, want 1", got)
	}
}
