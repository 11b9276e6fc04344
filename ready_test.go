package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/redisstore"
)

// checkedStore says of itself what it is told to.
type checkedStore struct {
	auth.Store
	err error
}

func (s *checkedStore) Check(context.Context) error                { return s.err }
func (s *checkedStore) Create(context.Context, *auth.Record) error { return s.err }
func (s *checkedStore) Update(context.Context, *auth.Record) error { return s.err }
func (s *checkedStore) Put(context.Context, string, []byte, time.Duration) error {
	return s.err
}

func (s *checkedStore) Lease(context.Context, string, time.Duration) (func(), bool, error) {
	return nil, false, s.err
}

// Readiness is that the process serves and its store works; each change is logged once, however often it is asked.
func TestReadiness(t *testing.T) {
	store := &checkedStore{}
	log := &logBuffer{grew: make(chan struct{}, 1)}
	ready := &readiness{store: store, log: slog.New(slog.NewTextHandler(log, nil))}
	for _, c := range []struct {
		name    string
		serving bool
		err     error
		want    int
		text    string
	}{
		{"before it serves", false, nil, 503, "starting or stopping"},
		{"while it serves", true, nil, 200, "ready"},
		{"a store that is away", true, errors.New("session.redis.addresses: refused"), 503, "session.redis.addresses: refused"},
		{"a store that is back", true, nil, 200, "ready"},
		{"when it stops", false, nil, 503, "starting or stopping"},
		{"when it stops and the store is away", false, errors.New("refused"), 503, "starting or stopping"},
	} {
		ready.serving.Store(c.serving)
		store.err = c.err
		for range 3 {
			w := httptest.NewRecorder()
			ready.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
			if w.Code != c.want || !strings.Contains(w.Body.String(), c.text) {
				t.Errorf("%s: %d %q, want %d %q", c.name, w.Code, w.Body, c.want, c.text)
			}
		}
	}
	if got := strings.Count(log.String(), `msg="not ready"`); got != 3 {
		t.Errorf("%d changes for the worse are logged, want 3:\n%s", got, log)
	}
	if got := strings.Count(log.String(), `msg="ready again"`); got != 2 {
		t.Errorf("%d changes for the better are logged, want 2:\n%s", got, log)
	}
}

// One who gives up asking says nothing of the store.
func TestAProbeThatGivesUpChangesNothing(t *testing.T) {
	log := &logBuffer{grew: make(chan struct{}, 1)}
	ready := &readiness{store: &checkedStore{err: context.Canceled}, log: slog.New(slog.NewTextHandler(log, nil))}
	ready.serving.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ready.check(ctx); err == nil || log.String() != "" {
		t.Errorf("check = %v, logged %q, want an error and no line", err, log)
	}
}

// What is wrong with a store names the key that mends it, at the start and ever after.
func TestStoreErrorsNameTheirKey(t *testing.T) {
	for _, c := range []struct {
		err       error
		key, says string
	}{
		{redisstore.ErrAuth, "session.redis.username, session.redis.password: ", ""},
		{redisstore.ErrPolicy, "session.redis.addresses: ", "maxmemory-policy noeviction"},
		{redisstore.ErrReadOnly, "session.redis.addresses: ", ""},
		{redisstore.ErrTracking, "session.redis.keep: ", "0s does without"},
		{&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "other"}}, "session.redis.tls_ca_file, session.redis.tls_server_name: ", ""},
		{auth.ErrStoreFull, "session.redis.addresses: ", "shorten session.idle_timeout"},
		{errors.New("refused"), "session.redis.addresses: ", ""},
	} {
		store := namedStore{&checkedStore{err: fmt.Errorf("redisstore: connecting: %w", c.err)}, nameRedisKey}
		if got := store.Check(t.Context()); got == nil || !strings.HasPrefix(got.Error(), c.key) || !strings.Contains(got.Error(), c.says) || !errors.Is(got, c.err) {
			t.Errorf("Check = %v, want it to begin with %q and to say %q", got, c.key, c.says)
		}
	}
	if got := (namedStore{&checkedStore{}, nameRedisKey}).Check(t.Context()); got != nil {
		t.Errorf("Check of a store that works = %v", got)
	}
	for err, want := range map[error]string{auth.ErrNotFound: "auth: no such record", auth.ErrStoreFull: "session.max_sessions: ", errors.New("gone"): "session.file: "} {
		store := namedStore{&checkedStore{err: err}, nameFileKey}
		_, _, lease := store.Lease(t.Context(), "", 0)
		for name, got := range map[string]error{
			"Create": store.Create(t.Context(), nil), "Update": store.Update(t.Context(), nil), "Put": store.Put(t.Context(), "", nil, 0), "Lease": lease,
		} {
			if got == nil || !strings.HasPrefix(got.Error(), want) || !errors.Is(got, err) {
				t.Errorf("%s = %v, want it to begin with %q", name, got, want)
			}
		}
	}
	dir := t.TempDir()
	store, err := newStore(t.Context(), SessionConfig{Store: "file", File: filepath.Join(dir, "file")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Check(t.Context()), store.Close()); err != nil {
		t.Errorf("a file that can be made: %v", err)
	}
	nowhere := filepath.Join(dir, "none", "file")
	for key, cfg := range map[string]SessionConfig{
		"session.file: ":              {Store: "file", File: nowhere},
		"session.redis.tls_ca_file: ": {Store: "redis", Redis: RedisConfig{Addresses: []string{"127.0.0.1:1"}, TLS: true, TLSCAFile: nowhere}},
	} {
		if _, err := newStore(t.Context(), cfg, nil); err == nil || !strings.HasPrefix(err.Error(), key) {
			t.Errorf("newStore = %v, want it to begin with %q", err, key)
		}
	}
	if got := nameFileKey(errors.New("gone")); !strings.HasPrefix(got.Error(), "session.file: ") {
		t.Errorf("a file's error = %v", got)
	}
}
