package auth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// What streams need: the relay's, and GraphQL's subscriptions.

var (
	// ErrTooManyStreams is the error of one stream too many for a session, or of one that begins while the service drains.
	ErrTooManyStreams = errors.New("auth: the session has too many streams")
	// ErrReplaced ends the streams of a session that another sign-in in the same browser has replaced.
	ErrReplaced = errors.New("auth: another sign-in took the session's place")
	// ErrDraining ends streams when the service shuts down; they can go on at another replica.
	ErrDraining = errors.New("auth: the service drains")
)

// UntilEnded gives a context that ends with the session in ctx, or when the service drains: for streams, which last longer than a
// usual request. Without a session it ends when the service drains. leave must be called when the stream has written its last.
//
// The context's cause is ErrSessionEnded, ErrReplaced, ErrDraining, or that of ctx. Errors: ErrTooManyStreams, ErrNotFound if the
// session has ended, or the store's.
func (s *Service) UntilEnded(ctx context.Context) (until context.Context, leave context.CancelFunc, err error) {
	until, cancel := context.WithCancelCause(ctx)
	session := FromContext(ctx)
	var ended chan string // of nobody's session, which never ends
	unlisten := func() {}
	if session != nil {
		var ok bool
		if ended, unlisten, ok = s.streams.listen(session.key); !ok {
			cancel(nil)
			return nil, nil, ErrTooManyStreams
		}
		// An end before we listened is not reported any more.
		if _, err := s.cfg.Store.Get(ctx, session.key); err != nil {
			unlisten()
			cancel(nil)
			return nil, nil, fmt.Errorf("auth: looking the session up for a stream: %w", err)
		}
	}
	s.streams.open.Add(1)
	go func() {
		defer unlisten()
		err := s.guarded(until, func() error { return s.waitForEnd(until, session, ended) })
		if errors.Is(err, errPanicked) {
			err = errors.Join(ErrDraining, err) // Whoever listens begins anew.
		}
		cancel(err)
	}()
	return until, sync.OnceFunc(func() {
		cancel(nil)
		s.streams.open.Done()
	}), nil
}

// waitForEnd returns when the session ends, the service drains or ctx ends, with the error that says which.
func (s *Service) waitForEnd(ctx context.Context, session *Session, ended <-chan string) error {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	var last *Record
	if session != nil {
		last = session.record
	}
	for {
		var reason string
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.streams.draining:
			return ErrDraining
		case reason = <-ended:
		case <-tick.C:
			if last != nil {
				last, reason = s.look(ctx, last)
			}
		}
		switch reason {
		case "":
		case ReasonReplaced:
			return ErrReplaced
		default:
			return ErrSessionEnded
		}
	}
}

// look asks the store for the session of a stream, and gives its record as it is now, or the reason why the session is over. last is
// its record as it was before.
func (s *Service) look(ctx context.Context, last *Record) (now *Record, reason string) {
	record, err := s.cfg.Store.Get(ctx, last.Key)
	switch {
	case errors.Is(err, ErrNotFound):
		return last, s.whyGone(ctx, last)
	case err != nil:
		return last, "" // Out of order is not ended.
	}
	if h, err := s.keys.openHead(record); err != nil || h.Replaced != 0 {
		return record, ReasonReplaced // A step-up on another replica.
	}
	return record, ""
}

// whyGone is the reason of a session's end that was not reported. What a step-up leaves of a session is gone before the next look.
func (s *Service) whyGone(ctx context.Context, last *Record) string {
	switch {
	case !s.now().Before(last.Expires):
		return ReasonLifetime
	case !s.now().Before(last.Ends()):
		return ReasonIdle
	case s.replacedLately(ctx, last.Key):
		return ReasonReplaced
	}
	return ReasonRevoked
}

// Renew looks the session in ctx up again, for the next thing that a stream does in its name, and returns a context with
// the session as it is now. It does not count as using the session. The error is ErrSessionEnded or ErrReplaced when nothing more may
// be done; while the store is out of order the session stays as it was.
func (s *Service) Renew(ctx context.Context) (context.Context, error) {
	session := FromContext(ctx)
	if session == nil {
		return ctx, nil
	}
	renewed, err := s.load(ctx, session.credential)
	switch {
	case errors.Is(err, ErrNotFound):
		return ctx, ErrSessionEnded
	case err != nil:
		return ctx, nil
	case renewed.readOnly:
		return ctx, ErrReplaced
	}
	return NewContext(ctx, renewed), nil
}
