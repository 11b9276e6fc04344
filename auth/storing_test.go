package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
)

// serveOrders has the bubble's sessions outlive the login's token and be used for two APIs, over another store. For billing the login's token is
// exchanged.
func (b *bubble) serveOrders(t *testing.T, store auth.Store) {
	t.Helper()
	closeAll(t, b.Close)
	base := &url.URL{Scheme: "https", Host: "api.test"}
	b.config.APIs = map[string]auth.APIToken{"orders": {BaseURL: base, Kind: auth.KindUser}, "billing": {BaseURL: base, Kind: auth.KindExchange, Audience: "billing"}}
	b.config.IdleTimeout, b.config.Lifetime, b.config.Store = 3*time.Hour, 3*time.Hour, store
	var err error
	if b.Service, err = auth.New(b.config); err != nil {
		t.Fatal(err)
	}
}

// refresher is a token endpoint that rotates, and a revocation endpoint that says so; both count.
type refresher struct {
	refreshes atomic.Int32
	revoked   chan string
}

func (p *refresher) answer(req *http.Request) *http.Response {
	if req.URL.Path == "/revoke" {
		p.revoked <- formOf(req).Get("token")
		return jsonAnswer(http.StatusOK, "{}")
	}
	p.refreshes.Add(1)
	return jsonAnswer(http.StatusOK, `{"access_token":"newer","token_type":"Bearer","expires_in":300,"refresh_token":"rotated"}`)
}

// atUpdate does something before each update.
type atUpdate struct {
	downStore
	do func(key string)
}

func (s *atUpdate) Update(ctx context.Context, r *auth.Record) error {
	s.do(r.Key)
	return s.downStore.Update(ctx, r)
}

// leaseCounter counts the leases that are asked for.
type leaseCounter struct {
	auth.Store
	leases atomic.Int32
}

func (s *leaseCounter) Lease(ctx context.Context, name string, ttl time.Duration) (func(), bool, error) {
	s.leases.Add(1)
	return s.Store.Lease(ctx, name, ttl)
}

// BCL-18: a session that ends while its new tokens are on their way ends the call at once, and they are given back.
func TestASessionThatEndsBeforeItsTokensAreStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New(memstore.Config{})
		provider := &refresher{revoked: make(chan string, 1)}
		b := newBubble(t, memory, provider.answer)
		store := &atUpdate{downStore: downStore{Store: memory}}
		store.do = func(key string) {
			if err := memory.Delete(t.Context(), key, auth.ReasonLogout); err != nil {
				t.Error(err)
			}
		}
		b.serveOrders(t, store)
		cookie := b.signIn(t)
		<-time.After(61 * time.Minute)
		before := time.Now()
		if err := b.roundTrip(cookie, "orders"); !errors.Is(err, auth.ErrSessionEnded) || time.Since(before) != 0 {
			t.Errorf("the call = %v after %s, want ErrSessionEnded at once", err, time.Since(before))
		}
		if got := <-provider.revoked; got != "rotated" {
			t.Errorf("%q was revoked, want the new refresh token", got)
		}
		closeAll(t, b.Close, memory.Close)
	})
}

// What the provider has given is stored as soon as it can be, also where the store is lost to reading and writing alike.
func TestARefreshOutlastsAnOutageOfEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New(memstore.Config{})
		provider := &refresher{revoked: make(chan string, 1)}
		b := newBubble(t, memory, provider.answer)
		store := &atUpdate{downStore: downStore{Store: memory}}
		outage := func() {
			store.down.Store(true)
			time.AfterFunc(900*time.Millisecond, func() { store.down.Store(false) })
		}
		var once atomic.Bool
		store.do = func(string) {
			if once.CompareAndSwap(false, true) {
				outage()
			}
		}
		b.serveOrders(t, store)
		cookie := b.signIn(t)
		<-time.After(61 * time.Minute)
		before := time.Now()
		if err := b.roundTrip(cookie, "orders"); err != nil || time.Since(before) < 900*time.Millisecond {
			t.Errorf("the call = %v after %s, want it to outlast the outage", err, time.Since(before))
		}
		if got := provider.refreshes.Load(); got != 1 {
			t.Errorf("%d refreshes, want 1", got)
		}
		closeAll(t, b.Close, memory.Close)
	})
}

// A service that is closed begins nothing that would outlive it: it takes no lease and asks no provider.
func TestAClosedServiceBeginsNoRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New(memstore.Config{})
		provider := &refresher{revoked: make(chan string, 1)}
		b := newBubble(t, memory, provider.answer)
		store := &leaseCounter{Store: memory}
		b.serveOrders(t, store)
		cookie := b.signIn(t)
		<-time.After(61 * time.Minute)
		closeAll(t, b.Close)
		if err := b.roundTrip(cookie, "orders"); !errors.Is(err, auth.ErrProviderUnavailable) {
			t.Errorf("the call = %v, want ErrProviderUnavailable", err)
		}
		if leases, refreshes := store.leases.Load(), provider.refreshes.Load(); leases+refreshes != 0 {
			t.Errorf("%d leases and %d refreshes, want none", leases, refreshes)
		}
		closeAll(t, memory.Close)
	})
}
