package memstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"vestibule.example/auth"
)

var errClosed = errors.New("memstore: closed")

// Watch implements [auth.Store].
func (s *Store) Watch(ctx context.Context) (<-chan auth.Ended, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	w := make(chan auth.Ended, watcherBuffer)
	s.watchers[w] = true
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.watchers[w] {
			delete(s.watchers, w)
			close(w)
		}
	})
	return w, nil
}

// Lease implements [auth.Store].
func (s *Store) Lease(_ context.Context, name string, ttl time.Duration) (func(), bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	if held, ok := s.leases[name]; ok && now.Before(held.until) {
		return nil, false, nil
	}
	s.leaseID++
	id := s.leaseID
	s.leases[name] = lease{id: id, until: now.Add(ttl)}
	release := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		// After its time another may hold the lease.
		if s.leases[name].id == id {
			delete(s.leases, name)
		}
	}
	return release, true, nil
}

// Put implements [auth.Store].
func (s *Store) Put(_ context.Context, name string, bytes []byte, ttl time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	if held, ok := s.values[name]; ok && now.Before(held.until) {
		return auth.ErrExists
	}
	if len(s.values) >= s.cfg.MaxValues {
		dropFirst(s.values, func(v value) time.Time { return v.until })
	}
	s.values[name] = value{bytes: slices.Clone(bytes), until: now.Add(ttl)}
	return nil
}

// dropFirst makes room by dropping, of a handful of entries, the one that expires first. Looking at all of them would make a flood
// cost more the longer it lasts.
func dropFirst[V any](in map[string]V, until func(V) time.Time) {
	const handful = 16
	var victim string
	var first time.Time
	seen := 0
	for name, v := range in {
		if victim == "" || until(v).Before(first) {
			victim, first = name, until(v)
		}
		if seen++; seen == handful {
			break
		}
	}
	delete(in, victim)
}

// Take implements [auth.Store].
func (s *Store) Take(_ context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held, ok := s.values[name]
	if !ok || !s.cfg.Now().Before(held.until) {
		return nil, auth.ErrNotFound
	}
	delete(s.values, name)
	return held.bytes, nil
}
