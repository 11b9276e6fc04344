package auth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/visitor"
)

// keepingStore keeps every answer for those who allow it, for ever and whatever happens, and notes who was given what.
type keepingStore struct {
	auth.Store
	down atomic.Bool

	mu    sync.Mutex // guards all of the following
	kept  map[string]auth.Record
	asked []string
}

func (s *keepingStore) Get(ctx context.Context, key string) (*auth.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held, ok := s.kept[key]; ok && auth.KeptAllowed(ctx) {
		s.asked = append(s.asked, "kept")
		held.Kept = true
		return &held, nil
	}
	s.asked = append(s.asked, "store")
	if s.down.Load() {
		return nil, errOutage
	}
	r, err := s.Store.Get(ctx, key)
	if err == nil {
		s.kept[key] = *r
	}
	return r, err
}

// took gives whom the store was asked by since the last time.
func (s *keepingStore) took() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := strings.Join(s.asked, " ")
	s.asked = nil
	return asked
}

// newKeepingWorld has a store that keeps, and beside the usual routes "/read/{api}", which reads with kept answers and calls
// the API, and "/confirm", which then asks whether they hold and says what came of it.
func newKeepingWorld(t *testing.T) (*world, *keepingStore) {
	t.Helper()
	store := &keepingStore{kept: map[string]auth.Record{}}
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) { store.Store, cfg.Store = cfg.Store, store })
	reads := func(r *http.Request) bool { return r.Method == http.MethodGet }
	mux := w.routes.Load()
	mux.Handle("/read/{api}", w.auth.CrossSite(w.auth.Reading(reads, w.caller(w.auth))))
	mux.Handle("/confirm", w.auth.CrossSite(w.auth.Reading(reads, http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		ctx, err := w.auth.Confirm(r.Context())
		session := auth.FromContext(ctx)
		switch {
		case errors.Is(err, auth.ErrStoreUnavailable):
			io.WriteString(out, "outage")
		case err != nil:
			io.WriteString(out, err.Error())
		case session != nil:
			io.WriteString(out, session.Subject())
		case auth.DeadCookie(ctx):
			io.WriteString(out, "dead")
		default:
			io.WriteString(out, "nobody")
		}
	}))))
	return w, store
}

// Kept answers are for requests that only read: nothing that changes something, spends a token or begins a stream takes one
// (SES-10, SES-17).
func TestWhoIsGivenKeptAnswers(t *testing.T) {
	w, store := newKeepingWorld(t)
	v := w.signIn(t, "alice")
	for _, c := range []struct {
		name, method, path string
		want               []string
	}{
		{"a request that reads", "GET", "/read/orders", []string{"kept"}},
		{"a request that may write", "POST", "/read/orders", []string{"store"}},
		{"a route that allows nothing", "GET", "/call/orders", []string{"store"}},
		{"asking whether a session holds", "GET", "/confirm", []string{"kept", "store"}},
		{"asking so where that was just asked", "POST", "/confirm", []string{"store"}},
		{"who is signed in", "GET", "/auth/session", []string{"store"}},
		{"my sessions", "GET", "/auth/sessions", []string{"store"}},
		{"an event stream", "GET", "/auth/events", []string{"store", "store"}},
		{"a logout", "POST", "/auth/logout", []string{"store"}},
	} {
		store.took()
		ctx, cancel := context.WithCancel(t.Context())
		res, err := v.Fetch(ctx, c.method, c.path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		got := store.took()
		cancel()
		res.Body.Close()
		if got != strings.Join(c.want, " ") || res.StatusCode != http.StatusOK {
			t.Errorf("%s = %d by %s, want 200 by %v", c.name, res.StatusCode, got, c.want)
		}
	}
}

// T-10: a token is refreshed on the store's word alone, even where its request reads a kept answer: the kept one may name a
// refresh token that is spent.
func TestARefreshTakesNoKeptAnswer(t *testing.T) {
	w, store := newKeepingWorld(t)
	v := w.signIn(t, "alice")
	for range 2 {
		w.clock.Advance(4*time.Minute + 30*time.Second)
		store.took()
		if got := status(t, v, "GET", "/read/orders"); got != http.StatusOK {
			t.Fatalf("the call = %d, want 200", got)
		}
		if asked := strings.Fields(store.took()); asked[0] != "kept" || slices.Contains(asked[1:], "kept") {
			t.Errorf("asked %v, want the store alone behind the first", asked)
		}
	}
	if got := w.refreshes(); got != 2 || !signedIn(t, v) {
		t.Errorf("%d refreshes, signed in %v, want 2 and in", got, signedIn(t, v))
	}
}

// SES-10, SES-16: what a kept answer says of a session that ended is good for reading; who asks learns that it ended, or that
// it cannot be told.
func TestConfirm(t *testing.T) {
	w, store := newKeepingWorld(t)
	v := w.signIn(t, "alice")
	confirm := func(v *visitor.Visitor) string {
		t.Helper()
		res, err := v.Fetch(t.Context(), http.MethodGet, "/confirm", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return string(text)
	}
	if got := confirm(v); got != "c-alice" {
		t.Errorf("while it lives: %s", got)
	}
	if got := confirm(w.visitor(t)); got != "nobody" {
		t.Errorf("of nobody: %s", got)
	}
	store.down.Store(true)
	if got := confirm(v); got != "outage" {
		t.Errorf("while the store is away: %s", got)
	}
	store.down.Store(false)
	if got, err := w.demo.Provider.BackChannelLogout(t.Context(), w.demo.ClientID, "c-alice", ""); err != nil || got != http.StatusOK {
		t.Fatal(got, err)
	}
	if got := status(t, v, "GET", "/read/orders"); got != http.StatusOK {
		t.Errorf("reading by a kept answer = %d, want 200", got)
	}
	if got := confirm(v); got != "dead" {
		t.Errorf("after it ended: %s", got)
	}
}
