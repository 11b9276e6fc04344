package auth_test

import (
	"bytes"
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
)

// spoilingStore changes what it gives.
type spoilingStore struct {
	auth.Store
	head, body, value, listed atomic.Bool
}

func (s *spoilingStore) spoil(r *auth.Record) *auth.Record {
	changed := *r
	if s.head.Load() || s.listed.Load() {
		changed.Head = bytes.Repeat([]byte{7}, len(r.Head))
	}
	if s.body.Load() {
		changed.Body = bytes.Repeat([]byte{7}, len(r.Body))
	}
	return &changed
}

func (s *spoilingStore) Get(ctx context.Context, key string) (*auth.Record, error) {
	r, err := s.Store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	if s.listed.Load() {
		return r, nil
	}
	return s.spoil(r), nil
}

func (s *spoilingStore) List(ctx context.Context, subject []string) ([]*auth.Record, error) {
	records, err := s.Store.List(ctx, subject)
	for i, r := range records {
		records[i] = s.spoil(r)
	}
	return records, err
}

func (s *spoilingStore) Take(ctx context.Context, name string) ([]byte, error) {
	value, err := s.Store.Take(ctx, name)
	if s.value.Load() {
		value = bytes.Repeat([]byte{7}, len(value))
	}
	return value, err
}

// SES-15: what was changed in the store opens nothing and breaks nothing.
func TestWhatWasChangedInTheStoreOpensNothing(t *testing.T) {
	var store *spoilingStore
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) {
		store = &spoilingStore{Store: cfg.Store}
		cfg.Store = store
	})
	for name, spoiled := range map[string]*atomic.Bool{"head": &store.head, "body": &store.body} {
		v := w.signIn(t, "alice")
		spoiled.Store(true)
		w.auth.ForgetBodies()
		if signedIn(t, v) {
			t.Errorf("a session whose %s was changed is one", name)
		}
		spoiled.Store(false)
	}
	// A head that does not open hides no session from its user: she is to see and end it.
	other := w.signIn(t, "alice")
	store.listed.Store(true)
	if got := sessionsOf(t, other); len(got) != 3 || got[0].Device != "" {
		t.Errorf("with heads that do not open: %+v, want three sessions without description", got)
	}
	if got := status(t, other, "DELETE", "/auth/sessions?scope=others"); got != http.StatusNoContent {
		t.Errorf("ending them = %d, want 204", got)
	}
	store.listed.Store(false)
	if got := sessionsOf(t, other); len(got) != 1 {
		t.Errorf("%d sessions are left, want one", len(got))
	}
	next := logout(t, other)
	store.value.Store(true)
	if res := get(t, other, next); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" {
		t.Errorf("a ticket that was changed = %d to %q, want 303 to /", res.StatusCode, res.Header.Get("Location"))
	}
}

// vanishing ends a session after it was read so often.
type vanishing struct {
	auth.Store
	reads atomic.Int32
}

func (s *vanishing) Get(ctx context.Context, key string) (*auth.Record, error) {
	if s.reads.Add(-1) == 0 {
		s.Delete(ctx, key, auth.ReasonLogout)
	}
	return s.Store.Get(ctx, key)
}

// BCL-18: a session that ends between two looks of a refresh makes no token call and is not brought back.
func TestASessionThatEndsOnTheWayToARefresh(t *testing.T) {
	for reads := int32(2); reads <= 3; reads++ {
		var store *vanishing
		w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) {
			store = &vanishing{Store: cfg.Store}
			cfg.Store = store
		})
		v := w.signIn(t, "alice")
		w.clock.Advance(6 * time.Minute)
		store.reads.Store(reads)
		if got := call(t, v, "orders"); got != http.StatusBadGateway || w.refreshes() != 0 || signedIn(t, v) {
			t.Errorf("ended at read %d: call = %d after %d refreshes, signed in %v, want 502, none, out", reads, got, w.refreshes(), signedIn(t, v))
		}
	}
}
