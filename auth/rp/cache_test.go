package rp_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth/rp"
)

// OIDC-29: a provider that is down when we start is asked again, at growing intervals, and needs no restart of ours.
func TestTheProviderIsDownAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOP(t, nil)
		o.down.Store(true)
		for range 5 {
			if err := o.rp.Ready(t.Context()); !errors.Is(err, rp.ErrProviderUnavailable) {
				t.Errorf("Ready = %v, want ErrProviderUnavailable", err)
			}
			if _, err := o.authorize(nil); !errors.Is(err, rp.ErrProviderUnavailable) {
				t.Errorf("AuthorizationURL = %v, want ErrProviderUnavailable", err)
			}
		}
		o.down.Store(false)
		o.clock.advance(10 * time.Second)
		if _, err := o.authorize(nil); err != nil {
			t.Errorf("the provider is up: AuthorizationURL = %v", err)
		}
		if _, err := o.exchange(); err != nil {
			t.Errorf("the provider is up: Exchange = %v", err)
		}
	})
}

// OIDC-29: while it is down, callers get their answer at once, and the provider one call in ever longer pauses, 10 s at
// the most.
func TestPausesBetweenTries(t *testing.T) {
	o := newOP(t, nil)
	o.says("/.well-known/openid-configuration", http.StatusBadGateway, "text/html", "<h1>Bad gateway")
	tries := func() int { return len(o.called("/.well-known/openid-configuration")) }
	var gaps []int
	last := 0
	for second := range 60 {
		before := tries()
		for range 3 {
			if _, err := o.authorize(nil); !errors.Is(err, rp.ErrProviderUnavailable) {
				t.Fatalf("AuthorizationURL = %v, want ErrProviderUnavailable", err)
			}
		}
		switch n := tries() - before; {
		case n > 1:
			t.Fatalf("%d tries within one second", n)
		case n == 1:
			gaps = append(gaps, second-last)
			last = second
		}
		o.clock.advance(time.Second)
	}
	// The clock has whole seconds; the pauses are 0.25, 0.5, 1, 2, 4, 8 and then 10 s.
	want := []int{0, 1, 1, 1, 2, 4, 8, 10, 10, 10, 10}
	if len(gaps) != len(want) {
		t.Fatalf("gaps between tries = %v, want %v", gaps, want)
	}
	for i := range want {
		if gaps[i] != want[i] {
			t.Fatalf("gaps between tries = %v, want %v", gaps, want)
		}
	}
}

// OIDC-29: what was fetched once serves on while the provider is away, however long.
func TestTheProviderGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOP(t, nil)
		if _, err := o.exchange(); err != nil {
			t.Fatal(err)
		}
		o.says("/.well-known/openid-configuration", http.StatusOK, "text/html", "<h1>Down for maintenance")
		o.says("/jwks", http.StatusServiceUnavailable, "text/html", "")
		for range 5 {
			o.clock.advance(time.Hour)
			if _, err := o.authorize(nil); err != nil {
				t.Errorf("AuthorizationURL = %v", err)
			}
			if _, err := o.exchange(); err != nil {
				t.Errorf("Exchange = %v", err)
			}
			synctest.Wait()
		}
		if n := len(o.called("/.well-known/openid-configuration")); n < 3 {
			t.Errorf("the metadata were asked for %d times: nobody tries any more", n)
		}
	})
}

// BCP-14: endpoints that move are followed without a restart; until they are, the old ones serve.
func TestEndpointsMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOP(t, func(cfg *rp.Config) { cfg.RefreshInterval = time.Minute })
		if _, err := o.exchange(); err != nil {
			t.Fatal(err)
		}
		o.set(func() {
			o.metadata["token_endpoint"] = issuer + "/token2"
			o.answers["/token2"] = func(w http.ResponseWriter, _ *http.Request) {
				writeJSON(w, map[string]any{"access_token": "at-2", "token_type": "Bearer", "id_token": o.newIDToken()})
			}
		})
		o.clock.advance(time.Minute)
		for i, want := range []string{"at-1", "at-2", "at-2"} {
			grant, err := o.exchange()
			if err != nil || grant.AccessToken.Reveal() != want {
				t.Errorf("exchange %d after the move = %v, %v, want %s", i, grant, err, want)
			}
			synctest.Wait()
		}
		// A document that has become wrong does not replace the one that was right.
		o.set(func() { o.metadata["issuer"] = "http://localhost:6666" })
		for range 2 {
			o.clock.advance(time.Minute)
			if grant, err := o.exchange(); err != nil || grant.AccessToken.Reveal() != "at-2" {
				t.Errorf("under another issuer's document: %v, %v", grant, err)
			}
			synctest.Wait()
		}
	})
}

// A thousand who wait at the start cause one fetch, and none of them can cancel it for the others.
func TestOneFetchForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOP(t, nil)
		release := make(chan struct{})
		o.set(func() {
			o.answers["/.well-known/openid-configuration"] = func(w http.ResponseWriter, r *http.Request) {
				<-release
				o.rightly(w, r)
			}
		})
		impatient, cancel := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() { gone <- o.rp.Ready(impatient) }()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if err := o.rp.Ready(t.Context()); err != nil {
					t.Errorf("Ready = %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) || errors.Is(err, rp.ErrProviderUnavailable) {
			t.Errorf("who went away gets %v, want that it was cancelled", err)
		}
		close(release)
		wg.Wait()
		if n, m := len(o.called("/.well-known/openid-configuration")), len(o.called("/jwks")); n != 1 || m != 1 {
			t.Errorf("%d fetches of metadata, %d of keys, want one of each", n, m)
		}
	})
}

// OIDC-29: a failed renewal is told to whoever watches the log, and says that the old value serves.
func TestFailedFetchesAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &records{}
		o := newOP(t, func(cfg *rp.Config) { cfg.Logger = log.logger() })
		if err := o.rp.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.down.Store(true)
		o.clock.advance(2 * time.Hour)
		if err := o.rp.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		// Twice, with a good fetch in between: failures are counted since the last success.
		for range 2 {
			for _, what := range []string{"metadata", "keys"} {
				if got := log.of(what); got["stale"] != "true" || got["failures"] != "1" || got["error"] == "" {
					t.Errorf("log of %s = %v, want one failure that the old value outlives", what, got)
				}
			}
			for _, down := range []bool{false, true} {
				o.down.Store(down)
				o.clock.advance(2 * time.Hour)
				if err := o.rp.Ready(t.Context()); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
			}
		}
	})
}
