package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
)

// strictRefresher is a token endpoint that rotates, and ends the login when a refresh token comes for a second time.
type strictRefresher struct {
	mu     sync.Mutex // guards all of the following
	given  int
	spent  map[string]bool
	reused bool
}

func (p *strictRefresher) answer(req *http.Request) *http.Response {
	if !strings.HasSuffix(req.URL.Path, "/token") {
		return jsonAnswer(http.StatusOK, "{}")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	used := formOf(req).Get("refresh_token")
	if p.spent == nil {
		p.spent = map[string]bool{}
	}
	if p.reused = p.reused || p.spent[used]; p.reused {
		return jsonAnswer(http.StatusBadRequest, `{"error":"invalid_grant"}`)
	}
	p.spent[used] = true
	p.given++
	return jsonAnswer(http.StatusOK, fmt.Sprintf(`{"access_token":"at-%d","token_type":"Bearer","expires_in":3600,"refresh_token":"rt-%d"}`, p.given, p.given))
}

func (p *strictRefresher) counted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.given
}

// T-10: a store that goes away while a refresh is under way, for longer than a lease lives, ends no session: the replica that has the new
// refresh token keeps it, and no other spends the old one before that could be stored.
func TestAnOutageThatOutlastsALeaseEndsNoSession(t *testing.T) {
	for _, outage := range []time.Duration{20 * time.Second, 30*time.Second + 10*time.Millisecond, 9 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			memory := memstore.New(memstore.Config{})
			provider := &strictRefresher{}
			first := newBubble(t, memory, provider.answer)
			store := &atUpdate{downStore: downStore{Store: memory}}
			var once sync.Once
			store.do = func(string) {
				once.Do(func() {
					store.down.Store(true)
					time.AfterFunc(outage, func() { store.down.Store(false) })
				})
			}
			first.serveOrders(t, store)
			cookie := first.signIn(t)
			second := *first
			var err error
			if second.Service, err = auth.New(first.config); err != nil {
				t.Fatal(err)
			}
			<-time.After(61 * time.Minute)
			var refreshing sync.WaitGroup
			refreshing.Go(func() {
				err := first.roundTrip(cookie, "orders")
				if short := outage < 26*time.Second; short != (err == nil) || !short && !errors.Is(err, auth.ErrStoreUnavailable) {
					t.Errorf("the call that meets %s = %v", outage, err)
				}
			})
			for begin := time.Now(); time.Since(begin) <= outage; <-time.After(outage / 300) {
				synctest.Wait()
				second.roundTrip(cookie, "orders")
			}
			if err := second.roundTrip(cookie, "orders"); err != nil {
				t.Errorf("after %s, the other replica's call = %v", outage, err)
			}
			refreshing.Wait()
			if err := first.roundTrip(cookie, "orders"); err != nil {
				t.Errorf("after %s, the first replica's call = %v", outage, err)
			}
			if got := provider.counted(); got != 1 {
				t.Errorf("after %s: %d refreshes, want 1", outage, got)
			}
			closeAll(t, first.Close, second.Close, memory.Close)
		})
	}
}

// What can be lost is bounded where a store gives leases and takes no sessions: once so many answers wait to be stored, no other refresh
// token is spent.
func TestRefreshesThatCannotBeStoredAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 64
		memory := memstore.New(memstore.Config{})
		provider := &strictRefresher{}
		b := newBubble(t, memory, provider.answer)
		store := &downStore{Store: memory}
		b.serveOrders(t, store)
		var cookies []*http.Cookie
		for i := range most + 1 {
			cookie, err := b.Admit(t.Context(), fmt.Sprint("user", i), fmt.Sprint("first-", i))
			if err != nil {
				t.Fatal(err)
			}
			cookies = append(cookies, cookie)
		}
		<-time.After(61 * time.Minute)
		store.breaks("Update")
		var all sync.WaitGroup
		for _, cookie := range cookies[:most] {
			all.Go(func() { b.roundTrip(cookie, "orders") })
			<-time.After(4 * time.Second) // Each is past the time in which the store settles.
		}
		if err := b.roundTrip(cookies[most], "orders"); !errors.Is(err, auth.ErrStoreUnavailable) {
			t.Errorf("one more = %v, want ErrStoreUnavailable", err)
		}
		if got := provider.counted(); got != most {
			t.Errorf("%d refresh tokens were spent, want %d", got, most)
		}
		store.breaks("")
		all.Wait()
		<-time.After(time.Minute)
		for i, cookie := range cookies {
			if err := b.roundTrip(cookie, "orders"); err != nil {
				t.Errorf("session %d afterwards: %v", i, err)
			}
		}
		closeAll(t, b.Close, memory.Close)
	})
}

// A store that has come back is given a few seconds before a refresh token is spent, once, and only by those whose token is about to
// end. A caller that goes away is no failure of the store's.
func TestAStoreThatHasComeBackIsLeftToSettle(t *testing.T) {
	for name, c := range map[string]struct {
		age    time.Duration
		fails  func(*bubble, *downStore, *http.Cookie)
		waited time.Duration
	}{
		"a dead token": {61 * time.Minute, func(b *bubble, store *downStore, cookie *http.Cookie) {
			store.down.Store(true)
			b.roundTrip(cookie, "orders")
			store.down.Store(false)
		}, 3 * time.Second},
		"a token that lives": {time.Hour - 31*time.Second, func(b *bubble, store *downStore, cookie *http.Cookie) {
			store.down.Store(true)
			b.roundTrip(cookie, "orders")
			store.down.Store(false)
		}, 0},
		"a caller that went away": {61 * time.Minute, func(b *bubble, store *downStore, cookie *http.Cookie) {
			store.down.Store(true)
			gone, leave := context.WithCancel(context.Background())
			leave()
			b.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), with(cookie, http.MethodGet, "/").WithContext(gone))
			store.down.Store(false)
		}, 0},
		"a store that never failed": {61 * time.Minute, func(*bubble, *downStore, *http.Cookie) {}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			memory := memstore.New(memstore.Config{})
			provider := &strictRefresher{}
			b := newBubble(t, memory, provider.answer)
			store := &downStore{Store: memory}
			b.serveOrders(t, store)
			cookie := b.signIn(t)
			<-time.After(c.age)
			c.fails(b, store, cookie)
			before := time.Now()
			if err := b.roundTrip(cookie, "orders"); err != nil || time.Since(before) != c.waited {
				t.Errorf("%s: %v after %s, want an answer after %s", name, err, time.Since(before), c.waited)
			}
			closeAll(t, b.Close, memory.Close)
		})
	}
}

// A service that is closed tries until the last moment to store what the provider has given.
func TestAClosedServiceStoresWhatItHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New(memstore.Config{})
		provider := &strictRefresher{}
		b := newBubble(t, memory, provider.answer)
		store := &downStore{Store: memory}
		b.serveOrders(t, store)
		cookie := b.signIn(t)
		<-time.After(61 * time.Minute)
		store.breaks("Update")
		var called atomic.Bool
		go func() {
			b.roundTrip(cookie, "orders")
			called.Store(true)
		}()
		<-time.After(5 * time.Minute)
		if !called.Load() {
			t.Error("the call still waits")
		}
		time.AfterFunc(9*time.Second, func() { store.breaks("") })
		closeAll(t, b.Close)
		b.serveOrders(t, memory)
		if err := b.roundTrip(cookie, "orders"); err != nil || provider.counted() != 1 {
			t.Errorf("the next process's call = %v after %d refreshes, want what was stored", err, provider.counted())
		}
		closeAll(t, b.Close, memory.Close)
	})
}

// A store that gives no leases is an outage, told at once: nobody waits for a lease that cannot be asked for.
func TestAStoreWithoutLeasesIsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New(memstore.Config{})
		provider := &strictRefresher{}
		b := newBubble(t, memory, provider.answer)
		store := &downStore{Store: memory}
		b.serveOrders(t, store)
		cookie := b.signIn(t)
		<-time.After(61 * time.Minute)
		store.breaks("Lease")
		before := time.Now()
		if err := b.roundTrip(cookie, "orders"); !errors.Is(err, auth.ErrStoreUnavailable) || time.Since(before) != 0 {
			t.Errorf("the call = %v after %s, want ErrStoreUnavailable at once", err, time.Since(before))
		}
		closeAll(t, b.Close, memory.Close)
	})
}
