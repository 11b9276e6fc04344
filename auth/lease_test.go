package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
)

// leasedStore notes the leases it gives. The first is a dead replica's, if it is told so: nobody gives it back. While a lease
// is held, reading takes as long as it is told.
type leasedStore struct {
	auth.Store
	dead  bool
	slow  time.Duration
	taken time.Time
	ttl   time.Duration
}

func (s *leasedStore) Lease(ctx context.Context, name string, ttl time.Duration) (func(), bool, error) {
	if s.dead {
		s.dead = false
		if _, ok, err := s.Store.Lease(ctx, name, ttl); !ok || err != nil {
			return nil, false, errors.Join(errOutage, err)
		}
	}
	release, ok, err := s.Store.Lease(ctx, name, ttl)
	if ok {
		s.taken, s.ttl = time.Now(), ttl
	}
	return release, ok, err
}

func (s *leasedStore) Get(ctx context.Context, key string) (*auth.Record, error) {
	if !s.taken.IsZero() {
		<-time.After(s.slow)
	}
	return s.Store.Get(ctx, key)
}

// leased makes a bubble over the store, with a session whose token lives an hour and is so old.
func leased(t *testing.T, store *leasedStore, age time.Duration, provider func(*http.Request) *http.Response) (*bubble, *http.Cookie) {
	t.Helper()
	b := newBubble(t, store, provider)
	closeAll(t, b.Close)
	b.config.APIs = map[string]auth.APIToken{"orders": {BaseURL: &url.URL{Scheme: "https", Host: "api.test"}, Kind: auth.KindUser}}
	b.config.IdleTimeout, b.config.Lifetime = 3*time.Hour, 3*time.Hour
	var err error
	if b.Service, err = auth.New(b.config); err != nil {
		t.Fatal(err)
	}
	cookie := b.signIn(t)
	<-time.After(age)
	return b, cookie
}

// T-10: the lease of a replica that died in the middle of a refresh is taken over within the token call's timeout and two
// seconds, by the request that waits for it. While the old token lives none waits longer than a second, and none at all while it is
// not about to end.
func TestALeaseIsTakenOverFromADeadReplica(t *testing.T) {
	for _, c := range []struct {
		name        string
		age         time.Duration
		least, most time.Duration
	}{
		{"a token that has died", 61 * time.Minute, 10 * time.Second, 12 * time.Second},
		{"a token that dies in 29 seconds", time.Hour - 29*time.Second, time.Second, time.Second},
		{"a token that is to be refreshed and lives for 31 seconds", time.Hour - 31*time.Second, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := memstore.New(memstore.Config{})
				store := &leasedStore{Store: memory, dead: true}
				b, cookie := leased(t, store, c.age, func(*http.Request) *http.Response {
					return jsonAnswer(http.StatusOK, `{"access_token":"new","token_type":"Bearer","expires_in":3600,"refresh_token":"newer"}`)
				})
				before := time.Now()
				err := b.roundTrip(cookie, "orders")
				if took := time.Since(before); err != nil || took < c.least || took > c.most || store.dead {
					t.Errorf("the call = %v after %s, want its answer within %s to %s", err, took, c.least, c.most)
				}
				<-time.After(12 * time.Second) // What goes on behind the request comes to its end.
				if err := b.roundTrip(cookie, "orders"); err != nil {
					t.Errorf("the next call = %v", err)
				}
				closeAll(t, b.Close, memory.Close)
			})
		})
	}
}

// T-10: a token call has ended before its lease has, however long the store took before it: no other replica spends the same
// refresh token while the provider may still hear of it.
func TestALeaseOutlivesItsTokenCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New(memstore.Config{})
		store := &leasedStore{Store: memory, slow: 2 * time.Second}
		var ended time.Time
		b, cookie := leased(t, store, 61*time.Minute, func(req *http.Request) *http.Response {
			<-req.Context().Done()
			ended = time.Now()
			return jsonAnswer(http.StatusServiceUnavailable, "{}")
		})
		if err := b.roundTrip(cookie, "orders"); !errors.Is(err, auth.ErrProviderUnavailable) {
			t.Errorf("the call = %v, want ErrProviderUnavailable", err)
		}
		if over := ended.Sub(store.taken); over > 10*time.Second || over >= store.ttl {
			t.Errorf("the token call ended %s after its lease was taken for %s, want 10 s at the most", over, store.ttl)
		}
		closeAll(t, b.Close, memory.Close)
	})
}
