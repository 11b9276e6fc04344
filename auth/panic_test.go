package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
)

// panickyStore panics where it is told to, as a store may that somebody else wrote.
type panickyStore struct {
	auth.Store
	lease, get atomic.Bool
	watches    atomic.Int32
}

func (s *panickyStore) Lease(ctx context.Context, name string, ttl time.Duration) (func(), bool, error) {
	if s.lease.Load() {
		panic("no lease")
	}
	return s.Store.Lease(ctx, name, ttl)
}

func (s *panickyStore) Get(ctx context.Context, key string) (*auth.Record, error) {
	if s.get.Load() {
		panic("no record")
	}
	return s.Store.Get(ctx, key)
}

// The first watch is over at once, and the second panics.
func (s *panickyStore) Watch(ctx context.Context) (<-chan auth.Ended, error) {
	switch s.watches.Add(1) {
	case 1:
		over := make(chan auth.Ended)
		close(over)
		return over, nil
	case 2:
		panic("no watch")
	}
	return s.Store.Watch(ctx)
}

// A panic in work that outlives its request ends neither the process nor the session, and is in the log. A token that lives is used
// meanwhile.
func TestAPanicDuringARefresh(t *testing.T) {
	for age, want := range map[time.Duration]error{61 * time.Minute: auth.ErrProviderUnavailable, time.Hour - 10*time.Second: nil} {
		synctest.Test(t, func(t *testing.T) {
			memory := memstore.New(memstore.Config{})
			store := &panickyStore{Store: memory}
			provider := &refresher{revoked: make(chan string, 1)}
			b := newBubble(t, memory, provider.answer)
			b.serveOrders(t, store)
			cookie := b.signIn(t)
			<-time.After(age)
			store.lease.Store(true)
			if err := b.roundTrip(cookie, "orders"); !errors.Is(err, want) {
				t.Errorf("after %s: %v, want %v", age, err, want)
			}
			if !strings.Contains(b.log.String(), "no lease") {
				t.Errorf("the log does not tell: %s", b.log)
			}
			store.lease.Store(false)
			if err := b.roundTrip(cookie, "orders"); err != nil || provider.refreshes.Load() != 1 {
				t.Errorf("the next call = %v after %d refreshes, want its answer after one", err, provider.refreshes.Load())
			}
			closeAll(t, b.Close, memory.Close)
		})
	}
}

// A stream whose session cannot be looked up for a panic ends as by a restart: its client begins anew. The watch is taken up again.
func TestAPanicBesideAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New(memstore.Config{})
		store := &panickyStore{Store: memory}
		b := newBubble(t, store, nil)
		cookie := b.signIn(t)
		<-time.After(3 * time.Second)
		if got := store.watches.Load(); got != 3 {
			t.Errorf("%d watches, want a third after the panic of the second", got)
		}
		hers, leave := b.until(t, cookie)
		defer leave()
		store.get.Store(true)
		<-hers.Done()
		if why := context.Cause(hers); !errors.Is(why, auth.ErrDraining) || errors.Is(why, auth.ErrSessionEnded) {
			t.Errorf("the stream ended with %v, want ErrDraining", why)
		}
		for _, what := range []string{"no watch", "no record"} {
			if !strings.Contains(b.log.String(), what) {
				t.Errorf("the log does not tell of %q", what)
			}
		}
		leave()
		closeAll(t, b.Close, memory.Close)
	})
}

// So does what is done after the answer.
func TestAPanicDuringARevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New(memstore.Config{})
		b := newBubble(t, store, func(*http.Request) *http.Response { panic("no revocation") })
		r := with(b.signIn(t), http.MethodPost, "/auth/logout")
		r.Header.Set("X-CSRF", "1")
		out := httptest.NewRecorder()
		b.Logout().ServeHTTP(out, r)
		closeAll(t, b.Close, store.Close)
		if out.Code != http.StatusOK || !strings.Contains(b.log.String(), "no revocation") {
			t.Errorf("logout = %d, log %s", out.Code, b.log)
		}
	})
}
