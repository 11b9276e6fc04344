package auth_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
)

// countingStore counts what is kept.
type countingStore struct {
	auth.Store
	kept atomic.Int32
}

func (s *countingStore) Create(ctx context.Context, r *auth.Record) error {
	s.kept.Add(1)
	return s.Store.Create(ctx, r)
}

func (s *countingStore) Put(ctx context.Context, name string, value []byte, ttl time.Duration) error {
	s.kept.Add(1)
	return s.Store.Put(ctx, name, value, ttl)
}

func (s *countingStore) Lease(ctx context.Context, name string, ttl time.Duration) (func(), bool, error) {
	s.kept.Add(1)
	return s.Store.Lease(ctx, name, ttl)
}

// SES-18, SES-12, CSRF-10: logins that are begun and abandoned, and callbacks that nobody began, leave nothing behind.
func TestALoginFloodLeavesNothingBehind(t *testing.T) {
	var store *countingStore
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) {
		store = &countingStore{Store: cfg.Store}
		cfg.Store = store
	})
	v := w.signIn(t, "alice")
	store.kept.Store(0)
	for range 300 {
		res, _ := w.askWith(t, http.MethodGet, "/auth/login?return_to=/x")
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("login = %d", res.StatusCode)
		}
		w.askWith(t, http.MethodGet, "/auth/callback?code=x&state="+strings.Repeat("a", 43))
		w.askWith(t, http.MethodGet, "/auth/session")
	}
	if got := store.kept.Load(); got != 0 {
		t.Errorf("%d records, values or leases were kept", got)
	}
	if !signedIn(t, v) {
		t.Error("alice is signed out by the flood")
	}
}

// A login that began signed in changes nothing until it is done (CSRF-10), whatever its outcome.
func TestAnAbandonedLoginChangesNothing(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	_, query := begin(t, v, "/auth/login?prompt=login")
	if !signedIn(t, v) {
		t.Error("beginning a login signed her out")
	}
	get(t, v, "/auth/callback?error=access_denied&state="+query.Get("state")+"&iss="+w.demo.Issuer)
	if !signedIn(t, v) {
		t.Error("a login that was refused signed her out")
	}
}
