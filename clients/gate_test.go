package clients_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/clients"
)

// GQL-13: never more calls at once than allowed, whoever comes, repeats or goes.
func TestTheBulkheadHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 5
		var active, highest atomic.Int64
		api := newFake(t, func(r *http.Request) (*http.Response, error) {
			n := active.Add(1)
			defer active.Add(-1)
			for old := highest.Load(); n > old && !highest.CompareAndSwap(old, n); old = highest.Load() {
			}
			select {
			case <-time.After(10 * time.Millisecond):
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
			if n%2 == 0 {
				return status(503)(r)
			}
			return status(200)(r)
		}, func(cfg *clients.Config) {
			cfg.Concurrency, cfg.Retry.Attempts, cfg.Breaker.Failures, cfg.Timeout = most, 3, -1, time.Minute
		})
		var all sync.WaitGroup
		for i := range 25 {
			all.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i%3 == 0 {
					time.AfterFunc(15*time.Millisecond, cancel)
				}
				_ = send(ctx, api, "GET")
			})
		}
		all.Wait()
		if highest.Load() != most {
			t.Errorf("%d calls were under way at once, want %d", highest.Load(), most)
		}
		if h := api.Health(); h.Active != 0 || h.Waiting != 0 || h.Crowded == 0 {
			t.Errorf("Health() = %+v, want nothing under way and some who gave up waiting", h)
		}
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &counting{answers: []func(*http.Request) (*http.Response, error){hanging}}
		api := u.api(t, func(cfg *clients.Config) { cfg.Concurrency, cfg.Timeout = 2, 10*time.Second })
		results := make(chan error, 20)
		for range 13 {
			go func() { results <- send(t.Context(), api, "POST") }()
		}
		synctest.Wait()
		// Two are under way, eight wait, three found the queue full.
		if h := api.Health(); h.Active != 2 || h.Waiting != 8 || len(results) != 3 || u.asked.Load() != 2 {
			t.Errorf("Health() = %+v with %d refused and %d sent, want 2 under way, 8 waiting, 3 refused", h, len(results), u.asked.Load())
		}
		var e *clients.Error
		if err := <-results; !errors.As(err, &e) || e.Code != clients.CodeUpstreamUnavailable || !e.Retryable || e.RetryAfter != time.Second {
			t.Errorf("refused with %+v, want UPSTREAM_UNAVAILABLE, retryable in 1 s", e)
		}
	})
}

func TestWaitingEndsWithTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &counting{answers: []func(*http.Request) (*http.Response, error){hanging}}
		api := u.api(t, func(cfg *clients.Config) { cfg.Concurrency, cfg.Timeout = 1, time.Minute })
		go func() { _ = send(t.Context(), api, "GET") }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		err := send(ctx, api, "POST")
		var e *clients.Error
		if !errors.As(err, &e) || e.Code != clients.CodeUpstreamUnavailable || !e.Retryable || time.Since(began) != 3*time.Second || u.asked.Load() != 1 {
			t.Errorf("waiting ended after %v with %+v, want 3 s, unsent and safe to repeat", time.Since(began), e)
		}
	})
}

// Who goes away while she waits has not met a crowd: her call ends as she wanted.
func TestWaitingEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &counting{answers: []func(*http.Request) (*http.Response, error){hanging}}
		api := u.api(t, func(cfg *clients.Config) { cfg.Concurrency, cfg.Timeout = 1, time.Minute })
		go func() { _ = send(t.Context(), api, "GET") }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := send(ctx, api, "POST"); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "in time") {
			t.Errorf("waiting ended with %v, want what ended it", err)
		}
	})
}

// A caller that goes away gives its place to the next, and so does one that panics.
func TestPlacesAreGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &switchable{answer: hanging}
		api := newFake(t, u.RoundTrip, func(cfg *clients.Config) { cfg.Concurrency = 1 })
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = send(ctx, api, "GET") }()
		synctest.Wait()
		next := make(chan error, 1)
		go func() { next <- send(t.Context(), api, "GET") }()
		synctest.Wait()
		if h := api.Health(); h.Active != 1 || h.Waiting != 1 {
			t.Fatalf("Health() = %+v, want one under way and one waiting", h)
		}
		u.set(status(200))
		cancel()
		if err := <-next; err != nil {
			t.Errorf("the next = %v", err)
		}
		u.set(func(*http.Request) (*http.Response, error) { panic("a transport's fault") })
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic went missing")
				}
			}()
			_ = send(t.Context(), api, "GET")
		}()
		u.set(status(200))
		if err := send(t.Context(), api, "GET"); err != nil || api.Health().Active != 0 {
			t.Errorf("after a panic: %v, Health() = %+v, want the place free", err, api.Health())
		}
	})
}

// Who waits for a place does not wait for an API that fails meanwhile.
func TestABreakerThatOpensEmptiesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &counting{answers: []func(*http.Request) (*http.Response, error){func(r *http.Request) (*http.Response, error) {
			elapse(time.Second)
			return status(503)(r)
		}}}
		api := u.api(t, func(cfg *clients.Config) { cfg.Concurrency, cfg.Breaker.Failures = 4, 1 })
		results := make(chan error, 20)
		began := time.Now()
		for range 20 {
			go func() { results <- send(t.Context(), api, "GET") }()
		}
		for range 20 {
			<-results
		}
		if h := api.Health(); time.Since(began) != time.Second || u.asked.Load() != 4 || h.Refused != 16 {
			t.Errorf("after %v with %d calls: Health() = %+v, want 16 refused after 1 s and 4 calls", time.Since(began), u.asked.Load(), h)
		}
	})
}
