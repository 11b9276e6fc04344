package auth_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/provider"
	"vestibule.example/demo/visitor"
)

// obituary notes the ends of sessions that a service tells of.
type obituary struct {
	mu    sync.Mutex // guards names
	names []string
	news  chan struct{}
}

func (o *obituary) ended(owner string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.names = append(o.names, owner)
	select {
	case o.news <- struct{}{}:
	default:
	}
}

func (o *obituary) list() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.names)
}

// await waits until an end was told.
func (o *obituary) await(t *testing.T, owner string) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for !slices.Contains(o.list(), owner) {
		select {
		case <-o.news:
		case <-limit:
			t.Fatalf("the end of %q was not told: %q", owner, o.list())
		}
	}
}

// identity asks as a visitor whose answers an API's are.
func (w *world) identity(t *testing.T, v *visitor.Visitor, api string) (key, owner string) {
	t.Helper()
	res, err := v.Fetch(t.Context(), http.MethodGet, "/identity?api="+api, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	key, owner, _ = strings.Cut(string(text), "\n")
	if res.StatusCode != http.StatusOK || key == "" {
		t.Fatalf("identity = %d %q", res.StatusCode, text)
	}
	return key, owner
}

func (w *world) serveIdentity(service *auth.Service) {
	w.routes.Load().Handle("/identity", service.CrossSite(service.Middleware(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		key, owner, public, err := service.Identity(r.Context(), r.URL.Query().Get("api"))
		if err != nil || public {
			out.WriteHeader(http.StatusBadGateway)
			return
		}
		fmt.Fprint(out, key, "\n", owner)
	}))))
}

// CACHE-4, T-16: one identity for each session and API, the same at every request, and none that tells who it is.
func TestIdentity(t *testing.T) {
	w := newWorld(t, nil)
	if _, _, _, err := w.auth.Identity(t.Context(), "orders"); err == nil || !strings.Contains(err.Error(), auth.ErrUnauthenticated.Error()) {
		t.Errorf("nobody's identity = %v, want ErrUnauthenticated", err)
	}
	if key, owner, public, err := w.auth.Identity(t.Context(), "public"); err != nil || !public || key != "" || owner != "" {
		t.Errorf("an API without token = %q, %q, %v, %v, want public and nothing else", key, owner, public, err)
	}
	if _, _, _, err := w.auth.Identity(t.Context(), "none"); err == nil {
		t.Error("an API that is not configured has an identity")
	}
	w.serveIdentity(w.auth)
	if got := status(t, w.signIn(t, "alice"), http.MethodGet, "/identity?api=none"); got != http.StatusBadGateway {
		t.Errorf("the identity of a user at an API that is not configured = %d, want an error", got)
	}
	seen, owners := map[string]string{}, map[string]bool{}
	for name, v := range map[string]*visitor.Visitor{"alice": w.signIn(t, "alice"), "alice's phone": w.signIn(t, "alice"), "bob": w.signIn(t, "bob")} {
		_, first := w.identity(t, v, "orders")
		for _, api := range []string{"orders", "narrow", "narrower", "orders"} {
			key, owner := w.identity(t, v, api)
			as := name + " at " + api
			if other, taken := seen[key]; taken && other != as {
				t.Errorf("%s has the identity of %s", as, other)
			}
			if seen[key] = as; owner != first || owner == "" {
				t.Errorf("%s has owner %q, want %q", as, owner, first)
			}
			if strings.Contains(key+owner, "alice") || strings.Contains(key+owner, "bob") {
				t.Errorf("identity %s %s tells who it is", key, owner)
			}
		}
		owners[first] = true
	}
	if len(seen) != 9 || len(owners) != 3 {
		t.Errorf("%d identities of %d owners, want 9 of 3", len(seen), len(owners))
	}
}

// CACHE-4: however a session ends, who keeps something for it is told, by the owner that its identities name.
func TestTheEndOfASessionIsTold(t *testing.T) {
	for _, c := range []struct {
		name string
		// how ends v's session; other is another one of the same user.
		how func(t *testing.T, w *world, v, other *visitor.Visitor)
		// by the store alone, which tells after the answer; the others' store tells nothing
		store bool
	}{
		{"by a fetch", func(t *testing.T, _ *world, v, _ *visitor.Visitor) { logout(t, v) }, false},
		{"by the logout link", func(t *testing.T, _ *world, v, _ *visitor.Visitor) {
			res, err := v.Hop(t.Context(), logoutURL(t, v), http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {"same-origin"}})
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		}, false},
		{"from another device", func(t *testing.T, _ *world, _, other *visitor.Visitor) {
			if res, err := other.Fetch(t.Context(), http.MethodDelete, "/auth/sessions?scope=others", "", nil); err != nil || res.StatusCode != http.StatusNoContent {
				t.Fatalf("ending others = %v, %v", res, err)
			}
		}, false},
		{"by signing in again", func(t *testing.T, _ *world, v, _ *visitor.Visitor) {
			if _, err := v.SignIn(t.Context(), "alice", "alice", "/", url.Values{"prompt": {"login"}}); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"by the provider's refusal to refresh", func(t *testing.T, w *world, v, _ *visitor.Visitor) {
			w.settings(t, provider.Settings{Refresh: provider.RefreshInvalidGrant})
			w.clock.Advance(6 * time.Minute)
			call(t, v, "orders")
		}, false},
		{"by time, which the store knows", func(t *testing.T, w *world, v, _ *visitor.Visitor) {
			w.clock.Advance(31 * time.Minute)
			signedIn(t, v)
		}, false},
		{"by time, which the store does not know yet", func(t *testing.T, w *world, v, _ *visitor.Visitor) {
			w.clock.Advance(31 * time.Minute)
			w.store.(*lossyStore).late.Store(true)
			signedIn(t, v)
		}, false},
		{"by the provider", func(t *testing.T, w *world, v, _ *visitor.Visitor) {
			token, err := w.demo.Provider.LogoutToken(w.demo.ClientID, "c-alice", "")
			if err != nil {
				t.Fatal(err)
			}
			res, err := v.Post(t.Context(), "/auth/backchannel-logout", url.Values{"logout_token": {token}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			told := &obituary{news: make(chan struct{}, 1)}
			w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) {
				cfg.Ended = told.ended
				if !c.store {
					cfg.Store = &lossyStore{Store: cfg.Store, ends: make(chan func(), 10)}
				}
			})
			w.store = w.config.Store
			w.serveIdentity(w.auth)
			v, other, bob := w.signIn(t, "alice"), w.signIn(t, "alice"), w.signIn(t, "bob")
			_, owner := w.identity(t, v, "orders")
			_, bobs := w.identity(t, bob, "orders")
			if len(told.list()) != 0 {
				t.Fatalf("ends were told: %q", told.list())
			}
			c.how(t, w, v, other)
			if !c.store && !slices.Contains(told.list(), owner) {
				t.Errorf("when it was done, %q were told, want %q", told.list(), owner)
			}
			told.await(t, owner)
			if names := told.list(); slices.Contains(names, bobs) || slices.Contains(names, "") {
				t.Errorf("told were %q, bob's %q or nobody's among them", names, bobs)
			}
		})
	}
}

// lossyStore tells nobody of ends, loses its watchers when told to, and may be late to see that a session expired.
type lossyStore struct {
	auth.Store
	ends chan func()
	late atomic.Bool

	mu   sync.Mutex // guards last
	last map[string]*auth.Record
}

func (s *lossyStore) Get(ctx context.Context, key string) (*auth.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.last[key]; s.late.Load() && found != nil {
		return found, nil
	}
	found, err := s.Store.Get(ctx, key)
	if err == nil {
		if s.last == nil {
			s.last = map[string]*auth.Record{}
		}
		s.last[key] = found
	}
	return found, err
}

func (s *lossyStore) Watch(ctx context.Context) (<-chan auth.Ended, error) {
	watch := make(chan auth.Ended)
	end := sync.OnceFunc(func() { close(watch) })
	context.AfterFunc(ctx, end)
	s.ends <- end
	return watch, nil
}

// A watch that was lost may have missed the ends of sessions: once there is another, what is kept for any must go.
func TestALostWatchIsTold(t *testing.T) {
	told := &obituary{news: make(chan struct{}, 1)}
	ends := make(chan func(), 10)
	newWorld(t, func(cfg *auth.Config, _ *rp.Config) {
		cfg.Ended = told.ended
		cfg.Store = &lossyStore{Store: cfg.Store, ends: ends}
	})
	lose := <-ends
	if len(told.list()) != 0 {
		t.Fatalf("told were %q before anything was lost", told.list())
	}
	lose()
	told.await(t, "")
	if len(ends) != 1 {
		t.Errorf("it was told with %d new watches, want one before", len(ends))
	}
}
