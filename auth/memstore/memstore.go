// Package memstore keeps sessions in the memory of one process: for development, tests, and a single replica whose users
// may sign in again after a restart.
//
// It is bounded: sessions by Config.MaxSessions (Create then fails with auth.ErrStoreFull, since ending someone's session
// to begin another's would let a flood sign everyone out), small values and markers by Config.MaxValues, where one that
// expires soon gives way.
package memstore

import (
	"context"
	"slices"
	"sync"
	"time"

	"vestibule.example/auth"
)

const (
	defaultMaxSessions = 1_000_000
	defaultMaxValues   = 200_000
	// watcherBuffer is how many endings a watcher may lag behind before it loses its channel.
	watcherBuffer = 256
	// sweepEvery is how often expired records are looked for, beside those found when asked for.
	sweepEvery = time.Minute
)

// Config bounds the store. The zero value is useful.
type Config struct {
	// MaxSessions is how many sessions there may be; default 1,000,000.
	MaxSessions int
	// MaxValues is how many small values there may be, and how many markers of logouts; default 200,000 each.
	MaxValues int
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Store implements [auth.Store]. It is safe for concurrent use.
type Store struct {
	cfg  Config
	stop chan struct{}
	done chan struct{}

	mu        sync.Mutex // guards all of the following
	sessions  map[string]*auth.Record
	bySubject map[string]keySet
	bySID     map[string]keySet
	markers   map[string]marker
	values    map[string]value
	leases    map[string]lease
	leaseID   uint64
	watchers  map[chan auth.Ended]bool
	closed    bool
}

var _ auth.Store = (*Store)(nil)

// marker forbids sessions after a logout by the provider: those of sign-ins up to upTo, or all if that is zero.
type marker struct{ upTo, until time.Time }

type value struct {
	bytes []byte
	until time.Time
}

type lease struct {
	id    uint64
	until time.Time
}

// New makes an empty store. Close ends its sweeper.
func New(cfg Config) *Store {
	if cfg.MaxSessions == 0 {
		cfg.MaxSessions = defaultMaxSessions
	}
	if cfg.MaxValues == 0 {
		cfg.MaxValues = defaultMaxValues
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Store{
		cfg: cfg, stop: make(chan struct{}), done: make(chan struct{}),
		sessions: map[string]*auth.Record{}, bySubject: map[string]keySet{}, bySID: map[string]keySet{},
		markers: map[string]marker{}, values: map[string]value{}, leases: map[string]lease{}, watchers: map[chan auth.Ended]bool{},
	}
	go s.sweepUntilClosed()
	return s
}

// Check implements [auth.Store].
func (*Store) Check(context.Context) error { return nil }

// Close ends the sweeper and all watchers.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	for w := range s.watchers {
		delete(s.watchers, w)
		close(w)
	}
	s.mu.Unlock()
	close(s.stop)
	<-s.done
	return nil
}

func (s *Store) sweepUntilClosed() {
	defer close(s.done)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
			s.Sweep()
		}
	}
}

// Sweep removes what has expired. It runs by itself every minute.
func (s *Store) Sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	for _, r := range s.sessions {
		if !now.Before(r.Ends()) {
			s.remove(r)
		}
	}
	for name, m := range s.markers {
		if !now.Before(m.until) {
			delete(s.markers, name)
		}
	}
	for name, v := range s.values {
		if !now.Before(v.until) {
			delete(s.values, name)
		}
	}
	for name, l := range s.leases {
		if !now.Before(l.until) {
			delete(s.leases, name)
		}
	}
}

// live gives a session that has not ended. The caller holds mu.
func (s *Store) live(key string) (*auth.Record, error) {
	r, ok := s.sessions[key]
	if !ok {
		return nil, auth.ErrNotFound
	}
	if !s.cfg.Now().Before(r.Ends()) {
		s.remove(r)
		return nil, auth.ErrNotFound
	}
	return r, nil
}

// remove takes a session out of the store and its indexes. The caller holds mu.
func (s *Store) remove(r *auth.Record) {
	delete(s.sessions, r.Key)
	unindex(s.bySubject, r.Subject, r.Key)
	unindex(s.bySID, r.SID, r.Key)
}

func index(in map[string]keySet, name, key string) {
	if name != "" {
		in[name] = in[name].with(key)
	}
}

func unindex(in map[string]keySet, name, key string) {
	if rest := in[name].without(key); rest.isEmpty() {
		delete(in, name)
	} else {
		in[name] = rest
	}
}

// Create implements [auth.Store].
func (s *Store) Create(_ context.Context, r *auth.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.live(r.Key); err == nil {
		return auth.ErrExists
	}
	if s.forbidden("sid:"+r.SID, r.SignedInAt) || s.forbidden("sub:"+r.Subject, r.SignedInAt) {
		return auth.ErrLoggedOut
	}
	if len(s.sessions) >= s.cfg.MaxSessions {
		return auth.ErrStoreFull
	}
	kept := clone(r)
	kept.Generation = 1
	r.Generation = 1
	s.sessions[r.Key] = kept
	index(s.bySubject, r.Subject, r.Key)
	index(s.bySID, r.SID, r.Key)
	return nil
}

func (s *Store) forbidden(name string, signedIn time.Time) bool {
	m, ok := s.markers[name]
	return ok && s.cfg.Now().Before(m.until) && (m.upTo.IsZero() || !signedIn.After(m.upTo))
}

// Get implements [auth.Store].
func (s *Store) Get(_ context.Context, key string) (*auth.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.live(key)
	if err != nil {
		return nil, err
	}
	// Head and Body are replaced as a whole and never written to, so that copies may share them.
	shared := *r
	return &shared, nil
}

// Update implements [auth.Store].
func (s *Store) Update(_ context.Context, r *auth.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, err := s.live(r.Key)
	if err != nil {
		return err
	}
	if kept.Generation != r.Generation {
		return auth.ErrConflict
	}
	kept.Head, kept.Body, kept.Expires = slices.Clone(r.Head), slices.Clone(r.Body), r.Expires
	kept.Generation++
	r.Generation = kept.Generation
	return nil
}

// Touch implements [auth.Store].
func (s *Store) Touch(_ context.Context, key string, seen time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.live(key)
	if err != nil {
		return err
	}
	if seen.After(r.LastSeen) {
		r.LastSeen = seen
	}
	return nil
}

// Delete implements [auth.Store].
func (s *Store) Delete(_ context.Context, key, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.live(key)
	if err != nil {
		return err
	}
	s.end(r, reason)
	return nil
}

func (s *Store) end(r *auth.Record, reason string) {
	s.remove(r)
	for w := range s.watchers {
		select {
		case w <- auth.Ended{Key: r.Key, Reason: reason}:
		default:
			delete(s.watchers, w)
			close(w)
		}
	}
}

// End implements [auth.Store].
func (s *Store) End(_ context.Context, which auth.Selector, reason string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	until := s.cfg.Now().Add(auth.MarkerLife)
	var keys []string
	switch {
	case len(which.SID) > 0:
		keys = union(s.bySID, which.SID)
		for _, sid := range which.SID {
			s.mark("sid:"+sid, marker{until: until})
		}
	default:
		keys = union(s.bySubject, which.Subject)
		for _, subject := range which.Subject {
			s.mark("sub:"+subject, marker{upTo: which.SignedInUpTo, until: until})
		}
	}
	ended := 0
	for _, key := range keys {
		r, err := s.live(key)
		if err != nil || len(which.SID) > 0 && len(which.Subject) > 0 && !slices.Contains(which.Subject, r.Subject) {
			continue
		}
		if len(which.SID) == 0 && !which.SignedInUpTo.IsZero() && r.SignedInAt.After(which.SignedInUpTo) {
			continue
		}
		s.end(r, reason)
		ended++
	}
	return ended, nil
}

// mark adds a marker. Anybody can invent sids for a front-channel logout, so markers give way to each other as values do.
// The caller holds mu.
func (s *Store) mark(name string, m marker) {
	if len(s.markers) >= s.cfg.MaxValues {
		dropFirst(s.markers, func(m marker) time.Time { return m.until })
	}
	// One that came earlier and forbids more goes on forbidding it.
	held := s.markers[name]
	if s.cfg.Now().Before(held.until) && (held.upTo.IsZero() || !m.upTo.IsZero() && held.upTo.After(m.upTo)) {
		m.upTo = held.upTo
	}
	s.markers[name] = m
}

func union(in map[string]keySet, names []string) []string {
	var keys []string
	for _, name := range names {
		keys = in[name].appendTo(keys)
	}
	return keys
}

// List implements [auth.Store].
func (s *Store) List(_ context.Context, subject []string) ([]*auth.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*auth.Record
	for _, key := range union(s.bySubject, subject) {
		if r, err := s.live(key); err == nil {
			shared := *r
			out = append(out, &shared)
		}
	}
	return out, nil
}

func clone(r *auth.Record) *auth.Record {
	c := *r
	c.Head, c.Body = slices.Clone(r.Head), slices.Clone(r.Body)
	return &c
}
