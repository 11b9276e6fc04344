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
		// After its time another may hold it.
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
		s.dropValue()
	}
	s.values[name] = value{bytes: slices.Clone(bytes), until: now.Add(ttl)}
	return nil
}

// dropValue makes room: of a handful of values the one that expires first goes. Looking at all of them would make a
// flood cost more the longer it lasts.
func (s *Store) dropValue() {
	const handful = 16
	var victim string
	var first time.Time
	seen := 0
	for name, v := range s.values {
		if victim == "" || v.until.Before(first) {
			victim, first = name, v.until
		}
		if seen++; seen == handful {
			break
		}
	}
	delete(s.values, victim)
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
