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

var errNoRoute = errors.New("no route to host")

// counting is an upstream without a wire: it counts and answers in turn, its last answer for ever.
type counting struct {
	asked   atomic.Int64
	answers []func(*http.Request) (*http.Response, error)
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	n := int(c.asked.Add(1))
	return c.answers[min(n, len(c.answers))-1](r)
}

func status(code int, header ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {jsonType}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return fakeAnswer(code, h, "{}"), nil
	}
}

func unreachable(*http.Request) (*http.Response, error) { return nil, errNoRoute }

// hanging answers when its caller gives up.
func hanging(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func (c *counting) api(t testing.TB, change func(*clients.Config)) *clients.API {
	return newFake(t, c.RoundTrip, change)
}

func retrying(attempts int) func(*clients.Config) {
	return func(cfg *clients.Config) { cfg.Retry.Attempts = attempts }
}

func send(ctx context.Context, api *clients.API, method string) error {
	_, err := clients.Do[clients.None](ctx, api, clients.Call{Method: method, Path: clients.At("/things")})
	return err
}

// codeOf is the code an error ends in, or nothing.
func codeOf(err error) clients.Code {
	var e *clients.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// GQL-13: what cannot act twice and may pass is repeated, and nothing else.
func TestWhatIsRepeated(t *testing.T) {
	keyed := clients.Call{Method: "POST", Path: clients.At("/things"), IdempotencyKey: "k-1"}
	plain := func(method string) clients.Call { return clients.Call{Method: method, Path: clients.At("/things")} }
	for _, c := range []struct {
		name   string
		call   clients.Call
		answer func(*http.Request) (*http.Response, error)
		want   int64
	}{
		{"GET after 503", plain("GET"), status(503), 3},
		{"HEAD after 503", plain("HEAD"), status(503), 3},
		{"PUT after 503", plain("PUT"), status(503), 3},
		{"DELETE after 503", plain("DELETE"), status(503), 3},
		{"OPTIONS after 503", plain("OPTIONS"), status(503), 3},
		{"POST after 503", plain("POST"), status(503), 1},
		{"PATCH after 503", plain("PATCH"), status(503), 1},
		{"POST with a key after 503", keyed, status(503), 3},
		{"POST after a broken connection", plain("POST"), unreachable, 1},
		{"POST with a key after a broken connection", keyed, unreachable, 3},
		{"GET after a broken connection", plain("GET"), unreachable, 3},
		{"GET after 408", plain("GET"), status(408), 3},
		{"GET after 502", plain("GET"), status(502), 3},
		{"GET after 504", plain("GET"), status(504), 3},
		{"GET after 429 that says when", plain("GET"), status(429, "Retry-After", "1"), 3},
		{"GET after 429 that does not", plain("GET"), status(429), 1},
		{"GET after 500, which a repeat would meet again", plain("GET"), status(500), 1},
		{"GET after 501", plain("GET"), status(501), 1},
		{"GET after 404", plain("GET"), status(404), 1},
		{"GET after 401", plain("GET"), status(401), 1},
		{"GET after 200", plain("GET"), status(200), 1},
		{"GET after a redirect", plain("GET"), status(302), 1},
		{"GET after an answer too large", plain("GET"), status(200, "X", "y"), 1},
		{"GET after its time was over", plain("GET"), hanging, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := &counting{answers: []func(*http.Request) (*http.Response, error){c.answer}}
				_, _ = clients.Do[clients.None](t.Context(), u.api(t, retrying(3)), c.call)
				if got := u.asked.Load(); got != c.want {
					t.Errorf("the API got %d calls, want %d", got, c.want)
				}
			})
		})
	}
}

func TestARepeatThatSucceedsIsASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &counting{answers: []func(*http.Request) (*http.Response, error){status(503), unreachable, status(200)}}
		api := u.api(t, retrying(3))
		began := time.Now()
		if err := send(t.Context(), api, "GET"); err != nil {
			t.Errorf("GET = %v, want nil", err)
		}
		// Half of 100 ms and of 200 ms at the least, all of it at the most.
		if took := time.Since(began); took < 150*time.Millisecond || took > 300*time.Millisecond {
			t.Errorf("the repeats began after %v, want 150 to 300 ms of backoff", took)
		}
		if got, want := api.Health(), (clients.Health{Calls: 1, Attempts: 3, Retries: 2, Failures: 2, Breaker: "closed"}); got != want {
			t.Errorf("Health() = %+v, want %+v", got, want)
		}
	})
}

func TestBackoffHasABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &counting{answers: []func(*http.Request) (*http.Response, error){status(503)}}
		api := u.api(t, func(cfg *clients.Config) { cfg.Retry.Attempts, cfg.Timeout = 10, time.Hour })
		began := time.Now()
		_ = send(t.Context(), api, "GET")
		// 0.1 + 0.2 + 0.4 + 0.8 + 1.6 s, and 4 times 2 s.
		if took := time.Since(began); took < 5550*time.Millisecond || took > 11100*time.Millisecond {
			t.Errorf("nine repeats took %v, want 5.55 to 11.1 s", took)
		}
	})
}

func TestRetryAfterIsObeyed(t *testing.T) {
	for _, c := range []struct {
		name  string
		after string
		wait  time.Duration // at the least
		asked int64
	}{
		{"in seconds", "3", 3 * time.Second, 2},
		{"as a date", "Sat, 01 Jan 2000 00:00:04 GMT", 4 * time.Second, 2}, // the bubble's clock begins in 2000
		{"shorter than the backoff", "0", 50 * time.Millisecond, 2},
		{"never beyond the deadline", "10", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := &counting{answers: []func(*http.Request) (*http.Response, error){status(503, "Retry-After", c.after), status(200)}}
				began := time.Now()
				err := send(t.Context(), u.api(t, func(cfg *clients.Config) { cfg.Retry.Attempts, cfg.Timeout = 3, 10*time.Second }), "GET")
				if took := time.Since(began); took < c.wait || took > c.wait+200*time.Millisecond {
					t.Errorf("took %v, want %v", took, c.wait)
				}
				if got := u.asked.Load(); got != c.asked || (err == nil) != (c.asked == 2) {
					t.Errorf("%d calls, %v, want %d", got, err, c.asked)
				}
				var e *clients.Error
				if errors.As(err, &e) && (e.RetryAfter != 10*time.Second || e.Status != 503) {
					t.Errorf("error = %+v, want the API's own with its Retry-After", e)
				}
			})
		})
	}
}

// GQL-7: an API gets what is left of the request's time, its own timeout at the most, repeats included.
func TestTheDeadlineIsABudget(t *testing.T) {
	for _, c := range []struct {
		name          string
		left, timeout time.Duration
		want          time.Duration
	}{
		{"less is left than the API may take", 2 * time.Second, 5 * time.Second, 2 * time.Second},
		{"more is left", 20 * time.Second, 5 * time.Second, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := &counting{answers: []func(*http.Request) (*http.Response, error){status(503), hanging}}
				ctx, cancel := context.WithTimeout(t.Context(), c.left)
				defer cancel()
				began := time.Now()
				err := send(ctx, u.api(t, func(cfg *clients.Config) { cfg.Retry.Attempts, cfg.Timeout = 3, c.timeout }), "GET")
				if took := time.Since(began); took != c.want || codeOf(err) != clients.CodeUpstreamTimeout || u.asked.Load() != 2 {
					t.Errorf("ended after %v with %v and %d calls, want %v, UPSTREAM_TIMEOUT and 2", took, err, u.asked.Load(), c.want)
				}
			})
		})
	}
}

func TestWhoGivesUpWhileARepeatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &counting{answers: []func(*http.Request) (*http.Response, error){status(503, "Retry-After", "5")}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		if err := send(ctx, u.api(t, retrying(3)), "GET"); codeOf(err) != clients.CodeUpstreamUnavailable || time.Since(began) != time.Second || u.asked.Load() != 1 {
			t.Errorf("ended after %v with %v and %d calls, want 1 s and 1", time.Since(began), err, u.asked.Load())
		}
	})
}

// An API that is down gets a fifth more calls, not three times as many.
func TestTheRetryBudget(t *testing.T) {
	for _, c := range []struct {
		share float64
		calls int
		want  int64
	}{
		{0.2, 1000, 1000 + 10 + 200},
		{0.01, 1000, 1000 + 10 + 10},
		{1, 100, 200 + 9},
	} {
		synctest.Test(t, func(t *testing.T) {
			u := &counting{answers: []func(*http.Request) (*http.Response, error){status(503)}}
			api := u.api(t, func(cfg *clients.Config) {
				cfg.Retry, cfg.Breaker.Failures = clients.Retry{Attempts: 3, Budget: c.share}, -1
			})
			for range c.calls {
				_ = send(t.Context(), api, "GET")
			}
			if got := u.asked.Load(); got > c.want || got < c.want-11 {
				t.Errorf("budget %v: %d calls made %d attempts, want about %d", c.share, c.calls, got, c.want)
			}
			if h := api.Health(); h.Unaffordable == 0 || h.Retries+uint64(c.calls) != h.Attempts {
				t.Errorf("Health() = %+v, want repeats that could not be afforded", h)
			}
		})
	}
}

// The API's own errors are its own: one that fails takes no other's places, and breaks no other's breaker.
func TestAPIsDoNotShareTheirTroubles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := (&counting{answers: []func(*http.Request) (*http.Response, error){hanging}}).api(t, func(cfg *clients.Config) { cfg.Concurrency, cfg.Timeout = 4, 2*time.Second })
		good := (&counting{answers: []func(*http.Request) (*http.Response, error){status(200)}}).api(t, nil)
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() { _ = send(t.Context(), bad, "GET") })
		}
		synctest.Wait()
		began := time.Now()
		if err := send(t.Context(), good, "GET"); err != nil || time.Since(began) != 0 {
			t.Errorf("the other API = %v after %v, want an answer at once", err, time.Since(began))
		}
		all.Wait()
		if got := good.Health(); got.Breaker != "closed" || got.Failures != 0 {
			t.Errorf("the other API's Health() = %+v", got)
		}
	})
}

// logLines is a log's text, safe for concurrent use.
type logLines struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logLines) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), part)
}
