package clients_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/clients"
)

// breaking is an API whose breaker opens after 4 failures within 10 s, for 5 s.
func breaking(t testing.TB, transport func(*http.Request) (*http.Response, error), log *logLines) *clients.API {
	return newFake(t, transport, func(cfg *clients.Config) {
		cfg.Breaker, cfg.Timeout = clients.Breaker{Failures: 4, Window: 10 * time.Second, Open: 5 * time.Second}, 2*time.Second
		if log != nil {
			cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
		}
	})
}

// switchable answers as its test wants just now.
type switchable struct {
	mu     sync.Mutex // guards answer and asked
	answer func(*http.Request) (*http.Response, error)
	asked  int
}

func (s *switchable) set(answer func(*http.Request) (*http.Response, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *switchable) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.asked++
	answer := s.answer
	s.mu.Unlock()
	return answer(r)
}

// since is how often it was asked since the last time.
func (s *switchable) since() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.asked
	s.asked = 0
	return n
}

func TestWhatOpensTheBreaker(t *testing.T) {
	session := errors.New("the session has ended")
	for _, c := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		method string
		state  string
	}{
		{"500", status(500), "GET", "open"},
		{"503", status(503), "GET", "open"},
		{"5xx of POST", status(502), "POST", "open"},
		{"no connection", unreachable, "GET", "open"},
		{"silence", hanging, "GET", "open"},
		{"a body that breaks off", func(*http.Request) (*http.Response, error) {
			res := fakeAnswer(200, http.Header{}, "")
			res.Body = failingBody{}
			return res, nil
		}, "GET", "open"},
		{"200", status(200), "GET", "closed"},
		{"400", status(400), "GET", "closed"},
		{"401", status(401), "GET", "closed"},
		{"404", status(404), "GET", "closed"},
		{"429", status(429), "GET", "closed"},
		{"a redirect", status(302), "GET", "closed"},
		{"501, which is no illness", status(501), "GET", "closed"},
		{"505, which is no illness", status(505), "GET", "closed"},
		{"an answer too large", func(*http.Request) (*http.Response, error) {
			res := fakeAnswer(200, http.Header{}, "")
			res.ContentLength = 1 << 40
			return res, nil
		}, "GET", "closed"},
		{"a token that does not come in time", func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, fmt.Errorf("%w: %w", session, r.Context().Err())
		}, "GET", "closed"},
		{"a session that ended", func(*http.Request) (*http.Response, error) { return nil, session }, "GET", "closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newFake(t, c.answer, func(cfg *clients.Config) {
					cfg.Breaker, cfg.Timeout = clients.Breaker{Failures: 4}, 2*time.Second
					cfg.Classify = func(err error) *clients.Error {
						if errors.Is(err, session) {
							return &clients.Error{Code: clients.CodeUnauthenticated}
						}
						return nil
					}
				})
				for range 6 {
					_ = send(t.Context(), api, c.method)
				}
				if got := api.Health().Breaker; got != c.state {
					t.Errorf("breaker = %s, want %s", got, c.state)
				}
			})
		})
	}
}

type failingBody struct{}

func (failingBody) Read([]byte) (int, error) { return 0, errNoRoute }
func (failingBody) Close() error             { return nil }

func TestABreakerOpensHalfOpensAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logLines{}
		u := &switchable{answer: status(503)}
		api := breaking(t, u.RoundTrip, log)
		for range 4 {
			_ = send(t.Context(), api, "GET")
		}
		u.since()

		elapse(2 * time.Second)
		err := send(t.Context(), api, "POST")
		var e *clients.Error
		if !errors.As(err, &e) || e.Code != clients.CodeUpstreamUnavailable || !e.Retryable || e.RetryAfter != 3*time.Second || e.Status != 0 {
			t.Errorf("while open: %+v, want UPSTREAM_UNAVAILABLE, retryable in 3 s", e)
		}
		if n := u.since(); n != 0 || api.Health().Refused != 1 {
			t.Errorf("while open the API got %d calls, Health() = %+v", n, api.Health())
		}

		elapse(3 * time.Second)
		_ = send(t.Context(), api, "GET")
		if n := u.since(); n != 1 || api.Health().Breaker != "open" {
			t.Errorf("a failed probe: %d calls, breaker %s, want 1 and open again", n, api.Health().Breaker)
		}

		elapse(5 * time.Second)
		u.set(status(200))
		for i := range 3 {
			if err := send(t.Context(), api, "GET"); err != nil {
				t.Errorf("probe %d = %v", i, err)
			}
			want := "half-open"
			if i == 2 {
				want = "closed"
			}
			if got := api.Health().Breaker; got != want {
				t.Errorf("after %d good probes the breaker is %s, want %s", i+1, got, want)
			}
		}
		for text, want := range map[string]int{"is left alone for a while": 2, "is tried again": 2, "is well again": 1} {
			if got := log.count(text); got != want {
				t.Errorf("the log says %d times that an API %s, want %d", got, text, want)
			}
		}
		// What was before it closed is forgotten.
		u.set(status(503))
		for range 3 {
			_ = send(t.Context(), api, "GET")
		}
		if got := api.Health().Breaker; got != "closed" {
			t.Errorf("breaker = %s after 3 new failures, want closed", got)
		}
	})
}

func TestAHalfOpenBreakerLetsThreeThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &switchable{answer: unreachable}
		api := breaking(t, u.RoundTrip, nil)
		for range 4 {
			_ = send(t.Context(), api, "GET")
		}
		elapse(5 * time.Second)
		u.since()
		release := make(chan struct{})
		u.set(func(r *http.Request) (*http.Response, error) {
			<-release
			return status(200)(r)
		})
		results := make(chan error, 20)
		for range 20 {
			go func() { results <- send(t.Context(), api, "GET") }()
		}
		synctest.Wait()
		if n := u.since(); n != 3 || len(results) != 17 {
			t.Errorf("%d probes are under way and %d were refused, want 3 and 17", n, len(results))
		}
		var e *clients.Error
		if err := <-results; !errors.As(err, &e) || e.RetryAfter != time.Second {
			t.Errorf("refused with %+v, want a retryAfter", e)
		}
		close(release)
		synctest.Wait()
		if got := api.Health().Breaker; got != "closed" {
			t.Errorf("breaker = %s, want closed", got)
		}
	})
}

// A probe whose caller goes away proves nothing, and makes room for another.
func TestAnAbandonedProbeMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &switchable{answer: unreachable}
		api := breaking(t, u.RoundTrip, nil)
		for range 4 {
			_ = send(t.Context(), api, "GET")
		}
		elapse(5 * time.Second)
		u.set(hanging)
		for range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			go func() { _ = send(ctx, api, "GET") }()
			synctest.Wait()
			cancel()
			synctest.Wait()
		}
		if got := api.Health().Breaker; got != "half-open" {
			t.Errorf("breaker = %s, want half-open still", got)
		}
		u.set(status(200))
		for range 3 {
			if err := send(t.Context(), api, "GET"); err != nil {
				t.Errorf("a probe after the abandoned ones = %v", err)
			}
		}
		if got := api.Health().Breaker; got != "closed" {
			t.Errorf("breaker = %s, want closed", got)
		}
	})
}

// What began before the breaker opened says nothing about the probes.
func TestLateResultsCountForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &switchable{answer: hanging}
		api := newFake(t, u.RoundTrip, func(cfg *clients.Config) {
			cfg.Breaker, cfg.Timeout = clients.Breaker{Failures: 4, Open: 5 * time.Second}, 6*time.Second
		})
		var late sync.WaitGroup
		for range 4 {
			late.Go(func() { _ = send(t.Context(), api, "GET") })
		}
		synctest.Wait()
		u.set(status(503))
		for range 4 {
			_ = send(t.Context(), api, "GET")
		}
		elapse(5 * time.Second)
		u.set(status(200))
		_ = send(t.Context(), api, "GET") // half-open, one probe good
		late.Wait()                       // the four time out now
		if got := api.Health().Breaker; got != "half-open" {
			t.Errorf("breaker = %s, want half-open still", got)
		}
		for range 2 {
			_ = send(t.Context(), api, "GET")
		}
		if got := api.Health().Breaker; got != "closed" {
			t.Errorf("breaker = %s, want closed", got)
		}
	})
}

func TestTheBreakersWindow(t *testing.T) {
	fail := func(t *testing.T, u *switchable, api *clients.API, n int) {
		u.set(status(503))
		for range n {
			_ = send(t.Context(), api, "GET")
		}
	}
	succeed := func(t *testing.T, u *switchable, api *clients.API, n int) {
		u.set(status(200))
		for range n {
			_ = send(t.Context(), api, "GET")
		}
	}
	for _, c := range []struct {
		name string
		run  func(*testing.T, *switchable, *clients.API)
		want string
	}{
		{"half of the calls fail", func(t *testing.T, u *switchable, api *clients.API) {
			succeed(t, u, api, 4)
			fail(t, u, api, 4)
		}, "open"},
		{"less than half of the calls fail", func(t *testing.T, u *switchable, api *clients.API) {
			succeed(t, u, api, 5)
			fail(t, u, api, 4)
		}, "closed"},
		{"too few calls to judge by", func(t *testing.T, u *switchable, api *clients.API) { fail(t, u, api, 3) }, "closed"},
		{"failures spread over the window", func(t *testing.T, u *switchable, api *clients.API) {
			for range 4 {
				fail(t, u, api, 1)
				elapse(2900 * time.Millisecond)
			}
		}, "open"},
		{"failures older than the window", func(t *testing.T, u *switchable, api *clients.API) {
			fail(t, u, api, 3)
			elapse(11 * time.Second)
			fail(t, u, api, 3)
		}, "closed"},
		{"failures that trickle", func(t *testing.T, u *switchable, api *clients.API) {
			for range 50 {
				fail(t, u, api, 1)
				elapse(4 * time.Second)
			}
		}, "closed"},
		{"callers that go away", func(t *testing.T, u *switchable, api *clients.API) {
			u.set(hanging)
			for range 10 {
				ctx, cancel := context.WithTimeout(t.Context(), 1900*time.Millisecond)
				time.AfterFunc(1500*time.Millisecond, cancel)
				_ = send(ctx, api, "GET")
			}
		}, "closed"},
		{"deadlines that leave no fair time", func(t *testing.T, u *switchable, api *clients.API) {
			u.set(hanging)
			for range 10 {
				ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
				_ = send(ctx, api, "GET")
				cancel()
			}
		}, "closed"},
		{"deadlines that were fair", func(t *testing.T, u *switchable, api *clients.API) {
			u.set(hanging)
			for range 4 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				_ = send(ctx, api, "GET")
				cancel()
			}
		}, "open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := &switchable{}
				api := breaking(t, u.RoundTrip, nil)
				c.run(t, u, api)
				if got := api.Health().Breaker; got != c.want {
					t.Errorf("breaker = %s, want %s", got, c.want)
				}
			})
		})
	}
}

func TestABreakerThatIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &switchable{answer: status(503)}
		api := newFake(t, u.RoundTrip, func(cfg *clients.Config) { cfg.Breaker.Failures = -1 })
		for range 100 {
			_ = send(t.Context(), api, "GET")
		}
		if got := api.Health(); got.Breaker != "closed" || got.Failures != 100 {
			t.Errorf("Health() = %+v, want a closed breaker", got)
		}
	})
}

// elapse lets a bubble's clock run.
func elapse(d time.Duration) { <-time.After(d) }
