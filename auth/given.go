package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// A sign-in overwrites the browser's session cookie, and must end the session whose cookie that was: nobody can use it any
// more, or sign out of it. Where logins of several tabs overlap, the one that ends later began without that cookie, and the
// callback cannot be sent it (it is Strict). So each sign-in leaves a second cookie under a name of its own, which the next
// does not overwrite. A browser that has one had that session's cookie before; if the session cookie that it has now is
// another, or is about to be, that one is gone for good. Callback and /auth/session look, so that it makes no difference
// whether the second callback was sent before the first was answered, nor which answer came last.
//
// It has to outlive the logins that had begun when it was set, and no others: those that begin later know the session.

// note is a session that this browser was given a while ago, and the cookie that says so.
type note struct{ cookie, key string }

func (s *Service) givenPrefix() string { return s.cookie + "-given-" }

// noteName is that of the cookie which says that the browser was given a session.
func (s *Service) noteName(c credential) string { return s.givenPrefix() + c.name("given")[:22] }

// noteGiven leaves a note in the browser of the session that it has just been given. It comes after the session's cookie: a request
// between the two must not bear the note alone.
func (s *Service) noteGiven(w http.ResponseWriter, c credential) {
	name := s.noteName(c)
	http.SetCookie(w, s.transactionCookie(name, encode(s.keys.seal([]byte(c.storeKey()), name)), int(transactionLife/time.Second)))
}

// givenBefore gives the sessions that the browser was given, other than the one with the key; not more than may have been under
// way at once.
func (s *Service) givenBefore(r *http.Request, key string) []note {
	var found []note
	for _, cookie := range r.Cookies() {
		if !strings.HasPrefix(cookie.Name, s.givenPrefix()) || len(found) == maxTransactions {
			continue
		}
		sealed, err := decode(cookie.Value)
		if err != nil {
			continue
		}
		if named, err := s.keys.open(sealed, cookie.Name); err == nil && string(named) != key {
			found = append(found, note{cookie.Name, string(named)})
		}
	}
	return found
}

// endGiven ends sessions whose cookies the browser has no more.
func (s *Service) endGiven(ctx context.Context, sessions []note) error {
	for _, g := range sessions {
		if err := s.noteReplaced(ctx, g.key); err != nil {
			return err
		}
		if err := s.endReplaced(ctx, g.key); err != nil {
			return err
		}
	}
	return nil
}

// settleGiven ends sessions whose cookies are not the one that the request bears. If that fails the next request tries again.
func (s *Service) settleGiven(w http.ResponseWriter, r *http.Request, found lookup) {
	if found.key == "" {
		return // Nobody can tell which cookie overwrote which.
	}
	sessions := s.givenBefore(r, found.key)
	if err := s.endGiven(r.Context(), sessions); err != nil {
		s.cfg.Logger.WarnContext(r.Context(), "a session that a sign-in replaced could not be ended", "error", err)
		return
	}
	s.dropGiven(w, sessions)
}

// endReplaced ends a session whose cookie a sign-in has overwritten.
func (s *Service) endReplaced(ctx context.Context, key string) error {
	if err := s.cfg.Store.Delete(ctx, key, ReasonReplaced); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	s.forget(key)
	return nil
}

// dropNote takes from the browser the note of the session that it has signed out of: whoever signs in next replaces nobody.
func (s *Service) dropNote(w http.ResponseWriter, r *http.Request, c credential) {
	name := s.noteName(c)
	if _, err := r.Cookie(name); err == nil {
		s.dropGiven(w, []note{{cookie: name}})
	}
}

// dropGiven takes the notes of sessions that have ended from the browser.
func (s *Service) dropGiven(w http.ResponseWriter, sessions []note) {
	for _, g := range sessions {
		http.SetCookie(w, s.transactionCookie(g.cookie, "", -1))
	}
}
