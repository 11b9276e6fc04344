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
	// ErrTooManyStreams is a stream too many for one session, or one that begins while the service drains.
	ErrTooManyStreams = errors.New("auth: the session has too many streams")
	// ErrReplaced is a session whose place another sign-in in the same browser has taken.
	ErrReplaced = errors.New("auth: another sign-in took the session's place")
	// ErrDraining is the end of a service that shuts down; another replica goes on.
	ErrDraining = errors.New("auth: the service drains")
)

// UntilEnded gives a context that ends with the session in ctx, or when the service drains: for streams, which outlive
// what a request usually takes. leave must be called, when the stream has said its last. Without a session it ends when the service drains.
//
// Its cause tells why it ended: ErrSessionEnded, ErrReplaced, ErrDraining, or that of ctx.
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
		// What ended before we listened is told to nobody any more.
		if _, err := s.cfg.Store.Get(ctx, session.key); err != nil {
			unlisten()
			cancel(nil)
			return nil, nil, fmt.Errorf("auth: looking the session up for a stream: %w", err)
		}
	}
	s.streams.open.Add(1)
	go func() {
		defer unlisten()
		cancel(s.waitForEnd(until, session, ended))
	}()
	return until, sync.OnceFunc(func() {
		cancel(nil)
		s.streams.open.Done()
	}), nil
}

// waitForEnd returns when the session or the service ends, or ctx does, and tells which.
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

// look asks the store how the session of a stream stands, which was last like this: as it is now, or why it is over.
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

// whyGone is why a session is over whose end nobody has told of. What a step-up leaves of one is gone before the next look.
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

// Renew looks the session in ctx up again, for the next thing that a stream does in its name: the context that it gives bears
// the session as it is now. It is no use of the session. ErrSessionEnded and ErrReplaced tell that nothing more may be done;
// while the store is out of order the session stays as it was, which is not ended for that.
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
