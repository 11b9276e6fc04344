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
	return jsonAnswer(http.StatusOK, fmt.Sprintf(`{"access_token":"at-%d","token_type":"Bearer","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","expires_in":3600,"refresh_token":"rt-%d"}`, p.given, p.given))
}

func (p *strictRefresher) counted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.given
}

// old is a bubble over a store in memory, with a session at a strict provider.
type old struct {
	*bubble
	memory   *memstore.Store
	provider *strictRefresher
	cookie   *http.Cookie
}

// newOld makes one over a store around inner, in which the one in memory is put.
func newOld(t *testing.T, store auth.Store, inner *downStore) *old {
	t.Helper()
	o := &old{memory: memstore.New(memstore.Config{}), provider: &strictRefresher{}}
	o.bubble = newBubble(t, o.memory, o.provider.answer)
	inner.Store = o.memory
	o.serveOrders(t, store)
	o.cookie = o.signIn(t)
	return o
}

// T-10: a store that goes away while a refresh is under way, for longer than a lease lives, ends no session: the replica that has the new
// refresh token keeps it, and no other spends the old one before that could be stored.
func TestAnOutageThatOutlastsALeaseEndsNoSession(t *testing.T) {
	for _, outage := range []time.Duration{20 * time.Second, 30*time.Second + 10*time.Millisecond, 9 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			store := &atUpdate{}
			var once sync.Once
			store.do = func(string) {
				once.Do(func() {
					store.down.Store(true)
					time.AfterFunc(outage, func() { store.down.Store(false) })
				})
			}
			o := newOld(t, store, &store.downStore)
			first, cookie, provider := o.bubble, o.cookie, o.provider
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
			closeAll(t, first.Close, second.Close, o.memory.Close)
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

// lossy is a store whose first watch can be lost, and which may answer as from a process's memory.
type lossy struct {
	downStore
	lost  chan struct{} // closed: the first watch is
	begun atomic.Bool
	keeps atomic.Bool
}

func (s *lossy) Watch(ctx context.Context) (<-chan auth.Ended, error) {
	if !s.begun.CompareAndSwap(false, true) {
		return s.downStore.Watch(ctx)
	}
	endings := make(chan auth.Ended)
	go func() {
		defer close(endings)
		select {
		case <-ctx.Done():
		case <-s.lost:
		}
	}()
	return endings, nil
}

func (s *lossy) Get(ctx context.Context, key string) (*auth.Record, error) {
	if s.keeps.Load() && auth.KeptAllowed(ctx) {
		r, err := s.Store.Get(ctx, key)
		if err == nil {
			r.Kept = true
		}
		return r, err
	}
	return s.downStore.Get(ctx, key)
}

// A store that has come back is given a few seconds before a refresh token is spent, once, and only by those whose token is about to
// end. So is one whose watch was lost, which tells a replica that asked nothing meanwhile. Neither a caller that goes away is a failure of
// the store's, nor an answer from memory its return.
func TestAStoreThatHasComeBackIsLeftToSettle(t *testing.T) {
	outage := func(b *bubble, store *lossy, cookie *http.Cookie) {
		store.down.Store(true)
		b.roundTrip(cookie, "orders")
		store.down.Store(false)
	}
	for name, c := range map[string]struct {
		api    string
		age    time.Duration
		fails  func(*bubble, *lossy, *http.Cookie)
		waited time.Duration
	}{
		"a dead token":       {"orders", 61 * time.Minute, outage, 3 * time.Second},
		"a token that lives": {"orders", time.Hour - 31*time.Second, outage, 0},
		"an exchange":        {"billing", 30 * time.Minute, outage, 0},
		"never failed":       {"orders", 61 * time.Minute, func(*bubble, *lossy, *http.Cookie) {}, 0},
		"a watch that is lost": {"orders", 61 * time.Minute, func(_ *bubble, store *lossy, _ *http.Cookie) {
			close(store.lost)
			synctest.Wait()
		}, 3 * time.Second},
		"a caller that went away": {"orders", 61 * time.Minute, func(b *bubble, store *lossy, cookie *http.Cookie) {
			store.down.Store(true)
			gone, leave := context.WithCancel(context.Background())
			leave()
			b.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), with(cookie, http.MethodGet, "/").WithContext(gone))
			store.down.Store(false)
		}, 0},
		"an answer from memory": {"orders", 61 * time.Minute, func(b *bubble, store *lossy, cookie *http.Cookie) {
			ask := func(h http.Handler) { h.ServeHTTP(httptest.NewRecorder(), with(cookie, http.MethodGet, "/")) }
			ask(b.Middleware(http.NotFoundHandler())) // Notes the use, so that what comes need not.
			outage(b, store, cookie)
			store.keeps.Store(true)
			ask(b.Reading(func(*http.Request) bool { return true }, http.NotFoundHandler()))
			<-time.After(4 * time.Second)
		}, 3 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := &lossy{lost: make(chan struct{})}
			o := newOld(t, store, &store.downStore)
			<-time.After(c.age)
			c.fails(o.bubble, store, o.cookie)
			before := time.Now()
			if err := o.roundTrip(o.cookie, c.api); err != nil || time.Since(before) != c.waited {
				t.Errorf("%s: %v after %s, want an answer after %s", name, err, time.Since(before), c.waited)
			}
			closeAll(t, o.Close, o.memory.Close)
		})
	}
}

// A service that is closed tries until the last moment to store what the provider has given.
func TestAClosedServiceStoresWhatItHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &downStore{}
		o := newOld(t, store, store)
		<-time.After(61 * time.Minute)
		store.breaks("Update")
		var called atomic.Bool
		go func() {
			o.roundTrip(o.cookie, "orders")
			called.Store(true)
		}()
		<-time.After(5 * time.Minute)
		if !called.Load() {
			t.Error("the call still waits")
		}
		time.AfterFunc(9*time.Second, func() { store.breaks("") })
		closeAll(t, o.Close)
		o.serveOrders(t, o.memory)
		if err := o.roundTrip(o.cookie, "orders"); err != nil || o.provider.counted() != 1 {
			t.Errorf("the next process's call = %v after %d refreshes, want what was stored", err, o.provider.counted())
		}
		closeAll(t, o.Close, o.memory.Close)
	})
}

// A store that gives no leases is an outage, told at once: nobody waits for a lease that cannot be asked for.
func TestAStoreWithoutLeasesIsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &downStore{}
		o := newOld(t, store, store)
		<-time.After(61 * time.Minute)
		store.breaks("Lease")
		before := time.Now()
		if err := o.roundTrip(o.cookie, "orders"); !errors.Is(err, auth.ErrStoreUnavailable) || time.Since(before) != 0 {
			t.Errorf("the call = %v after %s, want ErrStoreUnavailable at once", err, time.Since(before))
		}
		closeAll(t, o.Close, o.memory.Close)
	})
}
