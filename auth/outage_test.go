package auth_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/provider"
)

// downStore fails in everything while it is told to, or in one method alone. What it has stays there.
type downStore struct {
	auth.Store
	down atomic.Bool
	only atomic.Pointer[string]
}

// breaks lets one method fail from now on, or none.
func (s *downStore) breaks(method string) { s.only.Store(&method) }

func (s *downStore) err(method string) error {
	if only := s.only.Load(); s.down.Load() || only != nil && *only == method {
		return errOutage
	}
	return nil
}

func (s *downStore) Create(ctx context.Context, r *auth.Record) error {
	if err := s.err("Create"); err != nil {
		return err
	}
	return s.Store.Create(ctx, r)
}

func (s *downStore) Get(ctx context.Context, key string) (*auth.Record, error) {
	if err := s.err("Get"); err != nil {
		return nil, err
	}
	return s.Store.Get(ctx, key)
}

func (s *downStore) Update(ctx context.Context, r *auth.Record) error {
	if err := s.err("Update"); err != nil {
		return err
	}
	return s.Store.Update(ctx, r)
}

func (s *downStore) Delete(ctx context.Context, key, reason string) error {
	if err := s.err("Delete"); err != nil {
		return err
	}
	return s.Store.Delete(ctx, key, reason)
}

func (s *downStore) End(ctx context.Context, which auth.Selector, reason string) (int, error) {
	if err := s.err("End"); err != nil {
		return 0, err
	}
	return s.Store.End(ctx, which, reason)
}

func (s *downStore) List(ctx context.Context, subject []string) ([]*auth.Record, error) {
	if err := s.err("List"); err != nil {
		return nil, err
	}
	return s.Store.List(ctx, subject)
}

func (s *downStore) Lease(ctx context.Context, name string, ttl time.Duration) (func(), bool, error) {
	if err := s.err("Lease"); err != nil {
		return nil, false, err
	}
	return s.Store.Lease(ctx, name, ttl)
}

func (s *downStore) Put(ctx context.Context, name string, value []byte, ttl time.Duration) error {
	if err := s.err("Put"); err != nil {
		return err
	}
	return s.Store.Put(ctx, name, value, ttl)
}

func (s *downStore) Take(ctx context.Context, name string) ([]byte, error) {
	if err := s.err("Take"); err != nil {
		return nil, err
	}
	return s.Store.Take(ctx, name)
}

// newFragileWorld has a store that can be down.
func newFragileWorld(t *testing.T) (*world, *downStore) {
	t.Helper()
	var store *downStore
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) {
		store = &downStore{Store: cfg.Store}
		cfg.Store, cfg.Frontchannel = store, true
	})
	return w, store
}

// SES-16, BCL-14: a store that is away is 503 on every route that needs it; it makes nobody anonymous, takes no cookie,
// calls no API, and is as it was when it is back.
func TestAStoreOutageMakesNobodyAnonymous(t *testing.T) {
	w, store := newFragileWorld(t)
	v := w.signIn(t, "alice")
	kept := v.Cookies()
	link := logoutURL(t, v)
	id := sessionsOf(t, v)[0].ID
	leaving := w.signIn(t, "bob")
	next := logout(t, leaving)
	page, _ := begin(t, leaving, "/auth/login?prompt=login")
	response, err := leaving.SubmitUntil(t.Context(), page, map[string]string{"username": "bob", "password": "bob"}, w.origin+"/auth/callback")
	if err != nil {
		t.Fatal(err)
	}
	token, err := w.demo.Provider.LogoutToken(w.demo.ClientID, "c-alice", "")
	if err != nil {
		t.Fatal(err)
	}
	link = strings.TrimPrefix(link, w.origin)
	fetch := http.Header{}
	click := http.Header{"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}
	w.api.refuses(nil)
	store.down.Store(true)
	for _, c := range []struct {
		method, path string
		header       http.Header
	}{
		{"GET", "/auth/session", fetch}, {"GET", "/auth/sessions", fetch}, {"GET", "/auth/events", fetch}, {"GET", "/call/orders", fetch}, {"GET", "/call/public", fetch},
		{"POST", "/auth/logout", fetch}, {"DELETE", "/auth/sessions/" + id, fetch}, {"DELETE", "/auth/sessions?scope=others", fetch}, {"DELETE", "/auth/sessions?scope=all", fetch},
		{"GET", link, click}, {"GET", "/auth/login", click}, {"GET", next, click}, {"GET", strings.TrimPrefix(response, w.origin), click},
		{"GET", "/auth/frontchannel-logout?iss=" + url.QueryEscape(w.demo.Issuer) + "&sid=x", click},
	} {
		who := v
		if strings.HasPrefix(c.path, "/auth/callback") {
			who = leaving
		}
		res, err := who.FetchWith(t.Context(), c.method, c.path, c.header)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || strings.Contains(res.Header.Get("Set-Cookie"), sessionName(kept)+"=") {
			t.Errorf("%s %s = %d, Retry-After %q, Set-Cookie %q, want 503, a time, and the cookie left alone",
				c.method, c.path, res.StatusCode, res.Header.Get("Retry-After"), res.Header.Get("Set-Cookie"))
		}
	}
	if res, err := v.Post(t.Context(), "/auth/backchannel-logout", url.Values{"logout_token": {token}}, nil); err != nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("back-channel logout = %v, %v, want 503", res, err)
	} else {
		res.Body.Close()
	}
	if got := len(w.api.seen()); got != 0 {
		t.Errorf("an API was called %d times", got)
	}
	store.down.Store(false)
	if !signedIn(t, v) {
		t.Error("she is not signed in after the outage")
	}
}

func sessionName(cookies []*http.Cookie) string {
	for _, c := range cookies {
		if !strings.Contains(c.Name, "-tx-") && !strings.Contains(c.Name, "-given-") {
			return c.Name
		}
	}
	return ""
}

// failingFor fails in some methods for as many calls as it is told.
type failingFor struct {
	auth.Store
	updates, creates, leases, deletes, puts atomic.Int32
	err                                     error
}

func (s *failingFor) Delete(ctx context.Context, key, reason string) error {
	if s.deletes.Add(-1) >= 0 {
		return s.err
	}
	return s.Store.Delete(ctx, key, reason)
}

func (s *failingFor) Update(ctx context.Context, r *auth.Record) error {
	if s.updates.Add(-1) >= 0 {
		return s.err
	}
	return s.Store.Update(ctx, r)
}

func (s *failingFor) Create(ctx context.Context, r *auth.Record) error {
	if s.creates.Add(-1) >= 0 {
		return s.err
	}
	return s.Store.Create(ctx, r)
}

func (s *failingFor) Put(ctx context.Context, name string, value []byte, ttl time.Duration) error {
	if s.puts.Add(-1) >= 0 {
		return s.err
	}
	return s.Store.Put(ctx, name, value, ttl)
}

func (s *failingFor) Lease(ctx context.Context, name string, ttl time.Duration) (func(), bool, error) {
	if s.leases.Add(-1) >= 0 {
		return nil, false, s.err
	}
	return s.Store.Lease(ctx, name, ttl)
}

// What the provider has given is stored as soon as it can be: the refresh token is spent, and there is no other.
func TestARefreshOutlastsAnOutageOfTheStore(t *testing.T) {
	for name, failure := range map[string]error{"an outage": errOutage, "others write first": auth.ErrConflict} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			v := w.signIn(t, "alice")
			failing := w.config
			store := &failingFor{Store: w.store, err: failure}
			failing.Store = store
			w.serve(t, failing)
			for range 2 {
				w.clock.Advance(6 * time.Minute)
				store.updates.Store(2)
				if got := call(t, v, "orders"); got != http.StatusOK {
					t.Errorf("call = %d, want 200", got)
				}
			}
			if got := w.refreshes(); got != 2 || !signedIn(t, v) {
				t.Errorf("%d refreshes, signed in %v, want 2 and in", got, signedIn(t, v))
			}
		})
	}
}

// A token that lives is served while the store is away; without one the call says that it is not possible now.
func TestALivingTokenOutlastsAnOutageOfTheStore(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	failing := w.config
	store := &failingFor{Store: w.store, err: errOutage}
	failing.Store = store
	w.serve(t, failing)
	w.clock.Advance(4*time.Minute + 30*time.Second)
	store.leases.Store(1 << 20)
	if got := call(t, v, "orders"); got != http.StatusOK || w.refreshes() != 0 {
		t.Errorf("call with a token that lives = %d after %d refreshes, want 200 and none", got, w.refreshes())
	}
	w.clock.Advance(time.Minute)
	if got := call(t, v, "orders"); got != http.StatusBadGateway {
		t.Errorf("call with a dead token = %d, want 502", got)
	}
	store.leases.Store(0)
	if got := call(t, v, "orders"); got != http.StatusOK {
		t.Errorf("call after the outage = %d, want 200", got)
	}
}

// SES-16, SES-18: a session that cannot be stored is no session, and the way back is open.
func TestASessionThatCannotBeStored(t *testing.T) {
	for _, c := range []struct {
		name    string
		failure error
		creates int32
	}{{"an outage", errOutage, 1}, {"a full store", auth.ErrStoreFull, 1}, {"an outage when the state is used up", errOutage, 0}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			failing := w.config
			store := &failingFor{Store: w.store, err: c.failure}
			store.creates.Store(c.creates)
			store.puts.Store(1 - c.creates)
			failing.Store = store
			w.serve(t, failing)
			v := w.visitor(t)
			page, err := v.SignIn(t.Context(), "alice", "alice", "/here", nil)
			if err != nil {
				t.Fatal(err)
			}
			if page.Status != http.StatusServiceUnavailable || page.Header.Get("Retry-After") == "" || !strings.Contains(string(page.Body), "return_to=%2Fhere") || !strings.Contains(string(page.Body), "You were not signed in") || signedIn(t, v) {
				t.Errorf("the login = %d, signed in %v, want 503 with a way to try again", page.Status, signedIn(t, v))
			}
		})
	}
}

// GQL-14: while no other token can be had, whoever asks an API that refuses hers is told to try again, each time: a sign-in would
// not help, and she is signed in.
func TestA401WhileTheProviderIsAway(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.api.refuses(func(string) bool { return true })
	w.settings(t, provider.Settings{Refresh: provider.RefreshServerError})
	for i := range 4 {
		if got := call(t, v, "orders"); got != http.StatusBadGateway {
			t.Errorf("call %d = %d, want 502, for an error that is not the API's 401", i+1, got)
		}
		w.clock.Advance(20 * time.Second)
	}
}
