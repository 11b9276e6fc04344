// Package filestore keeps sessions in a file, for one process on one machine whose restarts must sign nobody out.
//
// Every write is on the disk before it is acknowledged: what a caller was told has happened is there after a power cut.
// The file is locked, so that no second process opens it; replicas need package redisstore.
//
// It is bounded as package memstore is: sessions by Config.MaxSessions, where Create then fails, small values and markers by
// Config.MaxValues, where one that expires soon gives way.
//
// Leases and watchers are the process's own and do not outlive it, as what they are for does not either.
//
// The file opens nothing without the browsers' cookies (see package auth); it is readable by its owner alone all the same.
package filestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"vestibule.example/auth"
)

const (
	defaultMaxSessions = 1_000_000
	defaultMaxValues   = 200_000
	// lockPatience is how long New waits for another process to let go of the file: a rolling restart's overlap.
	lockPatience = 5 * time.Second
	// watcherBuffer is how many endings a watcher may lag behind before it loses its channel.
	watcherBuffer = 256
	// batchDelay is how long a write waits for others to share its way to the disk.
	batchDelay = time.Millisecond
	// sweepEvery is how often expired records are looked for; sweepBatch how many go in one write, so that others get between.
	sweepEvery, sweepBatch = time.Minute, 1000
)

// ErrLocked is a file that another process has open.
var ErrLocked = errors.New("filestore: another process has the file open")

// Config says where the file is. Path has no default.
type Config struct {
	// Path is the file; it is made if it is not there, in a directory that must be.
	Path string
	// MaxSessions is how many sessions there may be; default 1,000,000. More get auth.ErrStoreFull.
	MaxSessions int
	// MaxValues is how many small values there may be, and how many markers of logouts; default 200,000 each.
	MaxValues int
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Store implements [auth.Store]. It is safe for concurrent use.
type Store struct {
	cfg      Config
	db       *bbolt.DB
	pageSize int                      // of the file, in bytes
	count    map[string]*atomic.Int64 // entries of a bucket in the file, expired ones among them; moves after the write
	stop     chan struct{}
	done     chan struct{}

	mu       sync.Mutex // guards all of the following
	leases   map[string]lease
	leaseID  uint64
	watchers map[chan auth.Ended]bool
	closed   bool
}

var _ auth.Store = (*Store)(nil)

type lease struct {
	id    uint64
	until time.Time
}

// New opens the file. Close gives it back.
func New(cfg Config) (*Store, error) {
	if cfg.MaxSessions == 0 {
		cfg.MaxSessions = defaultMaxSessions
	}
	if cfg.MaxValues == 0 {
		cfg.MaxValues = defaultMaxValues
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	db, err := bbolt.Open(cfg.Path, 0o600, &bbolt.Options{Timeout: lockPatience, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%w: %s", ErrLocked, cfg.Path)
	}
	if err != nil {
		return nil, fmt.Errorf("filestore: opening %s: %w", cfg.Path, err)
	}
	s := &Store{
		cfg: cfg, db: db, pageSize: db.Info().PageSize, // Later the file may just be being mapped anew.
		count: map[string]*atomic.Int64{sessions: {}, values: {}, markers: {}},
		stop:  make(chan struct{}), done: make(chan struct{}),
		leases: map[string]lease{}, watchers: map[chan auth.Ended]bool{},
	}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	go s.sweepUntilClosed()
	return s, nil
}

// prepare makes the buckets, and refuses a file that others may read: somebody has put it there, or changed it.
func (s *Store) prepare() error {
	info, err := os.Stat(s.cfg.Path)
	if err != nil {
		return fmt.Errorf("filestore: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("filestore: %s has mode %#o: it must be its owner's alone; chmod 600 it", s.cfg.Path, mode)
	}
	s.db.MaxBatchDelay = batchDelay
	err = s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		for bucket, count := range s.count {
			count.Store(int64(tx.Bucket([]byte(bucket)).Stats().KeyN))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("filestore: preparing %s: %w", s.cfg.Path, err)
	}
	return nil
}

// Check implements [auth.Store]: the file is open, and can be read.
func (s *Store) Check(context.Context) error {
	err := s.db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket([]byte(sessions)) == nil {
			return bolterrors.ErrBucketNotFound
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("filestore: %s: %w", s.cfg.Path, err)
	}
	return nil
}

// Close ends the sweeper and all watchers and closes the file.
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
	return s.db.Close()
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
			// A disk that takes no writes shows with the next request, which is told.
			_ = s.Sweep()
		}
	}
}

// Watch implements [auth.Store].
func (s *Store) Watch(ctx context.Context) (<-chan auth.Ended, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("filestore: closed")
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

// tell tells the watchers of sessions that ended.
func (s *Store) tell(reason string, keys ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		for w := range s.watchers {
			select {
			case w <- auth.Ended{Key: key, Reason: reason}:
			default:
				delete(s.watchers, w)
				close(w)
			}
		}
	}
}

// Lease implements [auth.Store]. It fails where there is no room for what its holder will write.
func (s *Store) Lease(_ context.Context, name string, ttl time.Duration) (func(), bool, error) {
	if err := s.room(refreshPages); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	if held, ok := s.leases[name]; ok && now.Before(held.until) {
		return nil, false, nil
	}
	s.leaseID++
	id := s.leaseID
	s.leases[name] = lease{id: id, until: now.Add(ttl)}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		// After its time another may hold it.
		if s.leases[name].id == id {
			delete(s.leases, name)
		}
	}, true, nil
}
