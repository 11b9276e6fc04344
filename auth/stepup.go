package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// stepUpGrace is how long a session that a step-up replaced still serves requests that were under way when the browser got the new
// cookie.
const stepUpGrace = 10 * time.Second

// isStepUp tells whether the login asked for a stronger or more recent sign-in.
func (t *transaction) isStepUp() bool { return len(t.ACR) > 0 || t.MaxAge != nil }

// replace ends the session that the browser had when the login began, if it had one. A step-up of the same user leaves it a short while
// for what is under way: it keeps its acr, reads only, gets no new token, and no use prolongs it. Whoever else signs in, or
// signs in again without need, ends it at once (SES-4).
//
// The session cookie is not asked for: who it was of is told by the keyed hash of the subject, and the mark is in the head,
// which the server opens. The mark is a write, so a refresh that is under way fails to store what it got.
func (s *Service) replace(ctx context.Context, t *transaction, now time.Time, subjects []string) error {
	if t.Replaces == "" {
		return nil
	}
	if err := s.noteReplaced(ctx, t.Replaces); err != nil {
		return err
	}
	for range maxConflicts {
		old, err := s.cfg.Store.Get(ctx, t.Replaces)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		h, err := s.keys.openHead(old)
		if err != nil || !t.isStepUp() || !slices.Contains(subjects, old.Subject) {
			return s.endReplaced(ctx, old.Key)
		}
		if h.Replaced != 0 {
			return nil // Another step-up came before; its time runs already.
		}
		h.Replaced = old.Generation
		if old.Head, err = s.keys.sealHead(old.Key, h); err != nil {
			return err
		}
		if end := now.Add(stepUpGrace); end.Before(old.Expires) {
			old.Expires = end
		}
		err = s.cfg.Store.Update(ctx, old)
		switch {
		case err == nil:
			s.streams.tell(Ended{Key: old.Key, Reason: ReasonReplaced})
			return nil
		case errors.Is(err, ErrNotFound):
			return nil
		case !errors.Is(err, ErrConflict):
			return err
		}
	}
	return fmt.Errorf("auth: step-up: %w", ErrConflict)
}

// endBefore ends what is left of the session that this one replaced by a step-up, so that it does not outlive this one.
func (s *Service) endBefore(ctx context.Context, r *Record, reason string) error {
	h, err := s.keys.openHead(r)
	if err != nil || h.Before == "" {
		return nil //nolint:nilerr // A head that does not open names no other session.
	}
	if err := s.cfg.Store.Delete(ctx, h.Before, reason); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	s.forget(h.Before)
	return nil
}

// ReadOnly tells whether a step-up has replaced the session: it then serves requests that were under way, and must
// change nothing.
func (s *Session) ReadOnly() bool { return s.readOnly }

// RefuseReadOnly answers 409 to requests that may change something when their session was replaced by a step-up. It stands
// behind Middleware.
func (s *Service) RefuseReadOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if session := FromContext(r.Context()); session != nil && session.ReadOnly() && mayChange(r) {
			s.refuseReadOnly(w, r, session)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Service) refuseReadOnly(w http.ResponseWriter, r *http.Request, session *Session) {
	s.audit(r.Context(), "session_changed", sessionAttr(session), reasonAttr("step-up"))
	refuse(w, r, http.StatusConflict, problemSessionChanged)
}

// mayChange tells whether a request may change something: by its method, or as a WebSocket, which begins with a GET.
func mayChange(r *http.Request) bool {
	isSafe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	return !isSafe || r.Header.Get("Upgrade") != ""
}
