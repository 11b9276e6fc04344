package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
)

// An exchange needs the login's token: a dead one is refreshed first, and without one there is no exchange.
func TestAnExchangeAfterTheLoginsTokenDied(t *testing.T) {
	w, gate := newGatedWorld(t)
	v := w.signIn(t, "alice")
	w.clock.Advance(6 * time.Minute)
	gate.hold(0)
	if got := call(t, v, "billing"); got != http.StatusOK || gate.counted()["refresh_token"] != 1 || gate.counted()["token-exchange billing"] != 1 {
		t.Errorf("call = %d, token calls %v, want a refresh and an exchange", got, gate.counted())
	}
	w.clock.Advance(6 * time.Minute)
	gate.hold(0)
	gate.mu.Lock()
	gate.refuses = func(form url.Values) bool { return form.Get("grant_type") == "refresh_token" }
	gate.mu.Unlock()
	if got := call(t, v, "billing"); got != http.StatusBadGateway || gate.counted()["token-exchange billing"] != 0 {
		t.Errorf("call = %d, token calls %v, want no exchange", got, gate.counted())
	}
	for _, e := range w.trail(t) {
		if e["event"] == "exchange_failed" {
			t.Errorf("an exchange that was not made has failed: %v", e)
		}
	}
}

// roundTrip calls an API in a bubble with the session of a cookie.
func (b *bubble) roundTrip(cookie *http.Cookie, api string) (err error) {
	h := b.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		req, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, "https://api.test/", nil)
		_, err = b.Transport(api, roundTripper(func(*http.Request) (*http.Response, error) { return jsonAnswer(http.StatusOK, "{}"), nil })).RoundTrip(req)
	}))
	h.ServeHTTP(httptest.NewRecorder(), with(cookie, http.MethodGet, "/"))
	return err
}

// hoggedStore never gives a lease.
type hoggedStore struct{ auth.Store }

// A login without a refresh token ends with its access token, and the provider is not asked for what it never gave; a lease
// that never comes is waited for as long as a refresh may take.
func TestARefreshThatCannotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New(memstore.Config{})
		b := newBubble(t, store, func(req *http.Request) *http.Response {
			t.Errorf("the provider was asked for %s", req.URL.Path)
			return jsonAnswer(http.StatusBadRequest, "{}")
		})
		b.serveOrders(t, store)
		without, err := b.Admit(t.Context(), "alice", "")
		if err != nil {
			t.Fatal(err)
		}
		cookie := b.signIn(t)
		if err := b.roundTrip(without, "orders"); err != nil {
			t.Errorf("a call while the token lives: %v", err)
		}
		<-time.After(61 * time.Minute)
		if err := b.roundTrip(without, "orders"); !errors.Is(err, auth.ErrUnauthenticated) || errors.Is(err, auth.ErrProviderUnavailable) {
			t.Errorf("a call after it: %v, want ErrUnauthenticated", err)
		}
		b.serveOrders(t, hoggedStore{store})
		before := time.Now()
		if err := b.roundTrip(cookie, "orders"); !errors.Is(err, auth.ErrProviderUnavailable) || time.Since(before) != 25*time.Second {
			t.Errorf("without a lease: %v after %s, want ErrProviderUnavailable after 25 s", err, time.Since(before))
		}
		closeAll(t, b.Close, store.Close)
	})
}

// BBA-22: a provider that hangs is waited for while there is nothing better: for a second if the old token lives, which is then used, but for no
// longer than half of the time that the call has. What a request waits for in vain is the provider, and no API, and the error says so.
func TestAProviderThatHangs(t *testing.T) {
	for name, c := range map[string]struct {
		age, limit, took time.Duration
		served           bool
	}{
		"a dead token":                  {61 * time.Minute, 3 * time.Second, 3 * time.Second, false},
		"one that lives":                {time.Hour - 10*time.Second, 3 * time.Second, time.Second, true},
		"one that lives, and no time":   {time.Hour - 10*time.Second, time.Second, time.Second / 2, true},
		"one that lives, and no limits": {time.Hour - 10*time.Second, 0, time.Second, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := memstore.New(memstore.Config{})
			b := newBubble(t, store, func(req *http.Request) *http.Response {
				<-req.Context().Done()
				return jsonAnswer(http.StatusServiceUnavailable, "{}")
			})
			b.serveOrders(t, store)
			cookie := b.signIn(t)
			<-time.After(c.age)
			ctx := t.Context()
			if c.limit > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.limit)
				defer cancel()
			}
			var err error
			asked := false
			h := b.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				req, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, "https://api.test/", nil)
				_, err = b.Transport("orders", roundTripper(func(*http.Request) (*http.Response, error) {
					asked = true
					return jsonAnswer(http.StatusOK, "{}"), nil
				})).RoundTrip(req)
			}))
			before := time.Now()
			h.ServeHTTP(httptest.NewRecorder(), with(cookie, http.MethodGet, "/").WithContext(ctx))
			if took := time.Since(before); took != c.took || asked != c.served {
				t.Errorf("%s: the API was asked: %v, after %s, want %v after %s", name, asked, took, c.served, c.took)
			}
			if !c.served && (!errors.Is(err, auth.ErrProviderUnavailable) || !errors.Is(err, context.DeadlineExceeded)) {
				t.Errorf("%s: %v, want ErrProviderUnavailable, and that the time is over", name, err)
			}
			<-time.After(10 * time.Second) // The refresh comes to its end behind it.
			closeAll(t, b.Close, store.Close)
		})
	}
}

// A call whose time is over says nothing of its API where most of it went by with waiting for a token: the first, or the one after a 401.
func TestACallThatWaitedForItsToken(t *testing.T) {
	for name, c := range map[string]struct {
		refresh time.Duration
		first   int // status of the API's first answer
		blamed  bool
	}{
		"a slow provider":             {2 * time.Second, 0, false},
		"a slow provider after a 401": {2 * time.Second, http.StatusUnauthorized, false},
		"a slow API":                  {time.Second, 0, true},
		"a slow API after a 401":      {time.Second, http.StatusUnauthorized, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := memstore.New(memstore.Config{})
			b := newBubble(t, store, func(*http.Request) *http.Response {
				<-time.After(c.refresh)
				return jsonAnswer(http.StatusOK, `{"access_token":"new","token_type":"Bearer","expires_in":3600,"refresh_token":"newer"}`)
			})
			b.serveOrders(t, store)
			cookie := b.signIn(t)
			if c.first == 0 {
				<-time.After(61 * time.Minute)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			var err error
			first := c.first
			h := b.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				req, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, "https://api.test/", nil)
				_, err = b.Transport("orders", roundTripper(func(req *http.Request) (*http.Response, error) {
					if first != 0 {
						status := first
						first = 0
						return jsonAnswer(status, "{}"), nil
					}
					<-req.Context().Done()
					return nil, req.Context().Err()
				})).RoundTrip(req)
			}))
			h.ServeHTTP(httptest.NewRecorder(), with(cookie, http.MethodGet, "/").WithContext(ctx))
			if blamed := !errors.Is(err, auth.ErrProviderUnavailable); blamed != c.blamed || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v; the API is blamed: %v, want %v", name, err, blamed, c.blamed)
			}
			closeAll(t, b.Close, store.Close)
		})
	}
}

// gone is a reader that has gone: what is written fails, and a flush does not say so.
type gone struct{ *heard }

func (gone) Write([]byte) (int, error) { return 0, errOutage }

// A stream that nobody reads any more ends.
func TestAStreamWhoseReaderHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New(memstore.Config{})
		b := newBubble(t, store, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan bool)
		go func() {
			defer close(ended)
			b.Events().ServeHTTP(gone{&heard{header: http.Header{}}}, with(b.signIn(t), http.MethodGet, "/auth/events").WithContext(ctx))
		}()
		synctest.Wait()
		select {
		case <-ended:
		default:
			t.Error("the stream goes on")
		}
		cancel()
		<-ended
		closeAll(t, b.Close, store.Close)
	})
}

// stubborn is a connection whose write timeout cannot be lifted.
type stubborn struct{ *heard }

// A stream that the server would cut in the middle does not begin, nor one whose session cannot be looked up again.
func TestAStreamThatCannotBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New(memstore.Config{})
		store := &secondReadFails{Store: memory}
		b := newBubble(t, store, nil)
		cookie := b.signIn(t)
		h := &heard{header: http.Header{}}
		b.Events().ServeHTTP(stubborn{h}, with(cookie, http.MethodGet, "/auth/events"))
		if h.status != http.StatusInternalServerError {
			t.Errorf("with a write timeout that stays: %d, want 500", h.status)
		}
		store.reads.Store(2)
		h, ended := b.listen(t.Context(), cookie)
		<-ended
		if h.status != http.StatusServiceUnavailable {
			t.Errorf("with a store that fails meanwhile: %d, want 503", h.status)
		}
		closeAll(t, b.Close, memory.Close)
	})
}

type secondReadFails struct {
	auth.Store
	reads atomic.Int32
}

func (s *secondReadFails) Get(ctx context.Context, key string) (*auth.Record, error) {
	if s.reads.Add(-1) == 0 {
		return nil, errOutage
	}
	return s.Store.Get(ctx, key)
}
