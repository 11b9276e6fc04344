package auth

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

const (
	// maxConflicts is how often a write is tried again when another came before it. Each time, one of the others is done.
	maxConflicts = 64
	// storePause and storeLimit say how often and for how long a write is tried again while the store is out of order: without the refresh
	// token that the provider has just given, the session ends at its next refresh.
	storePause = 250 * time.Millisecond
	storeLimit = 10 * time.Minute
	// maxUnstored bounds the answers that wait for the store: no more sessions are put at risk where it takes leases but no sessions.
	maxUnstored = 64
	// settleTime is how long no refresh token is spent after the store has come back: a lease that ran out meanwhile, or was lost with a
	// server, may be that of a replica which has a new refresh token to store. It is longer than what such a replica needs for a try.
	settleTime = 3 * time.Second
)

var errUnstored = errors.New("auth: what the provider has given cannot be stored yet")

// comeback notes when the store failed, and when it answered again. It is safe for concurrent use.
type comeback struct {
	failing atomic.Bool
	back    atomic.Pointer[time.Time] // nil: it never failed
}

func (c *comeback) failed() { c.failing.Store(true) }

func (c *comeback) answered() {
	if c.failing.Load() && c.failing.CompareAndSwap(true, false) {
		now := time.Now()
		c.back.Store(&now)
	}
}

// left is how long the store has yet to answer until it is taken for settled.
func (c *comeback) left() time.Duration {
	if back := c.back.Load(); back != nil {
		return settleTime - time.Since(*back)
	}
	return 0
}

// store changes a session's body and writes it if nobody else has written meanwhile; otherwise it reads the session and tries again. While
// the store is out of order it goes on for longer than ctx lives, until the service is closed. A session that has ended stays ended:
// ErrSessionEnded.
func (s *Service) store(ctx context.Context, current *Session, change func(*body)) (*body, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeLimit)
	defer cancel()
	defer context.AfterFunc(s.lifetime, cancel)()
	var conflicts int
	var out bool
	for {
		changed := copyBody(current.body.Load())
		change(changed)
		record := *current.record
		if err := sealBody(&record, current.credential, changed, record.Generation+1); err != nil {
			return nil, err
		}
		err := s.cfg.Store.Update(ctx, &record)
		switch {
		case err == nil:
			return changed, nil
		case errors.Is(err, ErrNotFound):
			return nil, ErrSessionEnded
		case errors.Is(err, ErrConflict):
			conflicts++
		case !out:
			out = true
			s.unstored.Add(1)
			defer s.unstored.Add(-1)
		}
		if conflicts >= maxConflicts || out && !pause(ctx, storePause) {
			return nil, storeFailed(err)
		}
		again, err := s.reload(ctx, current)
		switch {
		case err == nil:
			current = again
		case !errors.Is(err, ErrStoreUnavailable):
			return nil, err
		}
	}
}

// pause waits, and returns false at once when ctx ends.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
