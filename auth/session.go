package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

var (
	// ErrUnauthenticated is the error of work that needs a signed-in user where there is none.
	ErrUnauthenticated = errors.New("auth: nobody is signed in")
	// ErrSessionEnded is the error of work whose session ended, or was replaced by a step-up, meanwhile. It is an
	// ErrUnauthenticated too.
	ErrSessionEnded error = &sessionEnded{}
	// ErrProviderUnavailable is the error of work that needs a token which the provider does not give now.
	ErrProviderUnavailable = errors.New("auth: the identity provider is unavailable")
	// ErrStoreUnavailable is the error of work that cannot be done because the session store is out of order.
	ErrStoreUnavailable = errors.New("auth: the session store is out of order")
)

type sessionEnded struct{}

func (*sessionEnded) Error() string        { return "auth: the session has ended" }
func (*sessionEnded) Is(target error) bool { return target == ErrUnauthenticated }

func storeFailed(err error) error { return fmt.Errorf("%w: %w", ErrStoreUnavailable, err) }

// Session is a signed-in user's session as one request sees it. Its methods are safe for concurrent use.
type Session struct {
	credential credential
	key        string
	record     *Record
	body       atomic.Pointer[body] // moves on when a token is refreshed
	readOnly   bool                 // replaced by a step-up
}

type contextKey struct{}

type inContext struct {
	session *Session
	dead    bool
}

// NewContext gives a context that bears a session.
func NewContext(ctx context.Context, s *Session) context.Context {
	return context.WithValue(ctx, contextKey{}, inContext{session: s})
}

// FromContext gives the request's session, or nil when nobody is signed in.
func FromContext(ctx context.Context) *Session {
	in, _ := ctx.Value(contextKey{}).(inContext)
	return in.session
}

// DeadCookie tells whether the request had a session cookie that opens no session. Such a request must change nothing: its user
// believes that she is signed in.
func DeadCookie(ctx context.Context) bool {
	in, _ := ctx.Value(contextKey{}).(inContext)
	return in.dead
}

// Subject is the user's name at the issuer; only both together name a user.
func (s *Session) Subject() string { return s.body.Load().Subject }

// Issuer is the provider that signed the user in.
func (s *Session) Issuer() string { return s.body.Load().Issuer }

// Claim gives a claim of the ID token, or nil. Its value must not be changed.
func (s *Session) Claim(name string) any { return s.body.Load().Claims[name] }

// ACR is how the user signed in (the claim acr); empty if the provider did not say.
func (s *Session) ACR() string { return s.body.Load().ACR }

// Scopes are those that the provider granted at the login, or at the last refresh of the login's token that named any. They must
// not be changed.
func (s *Session) Scopes() []string { return s.body.Load().Scopes }

// AuthTime is when the user last proved who she is; zero if the provider did not say.
func (s *Session) AuthTime() time.Time { return s.body.Load().AuthTime }

// ExpiresAt is when the session ends however it is used.
func (s *Session) ExpiresAt() time.Time { return s.record.Expires }

// IdleExpiresAt is when the session ends if it is not used again.
func (s *Session) IdleExpiresAt() time.Time { return s.record.Ends() }

// Ref names the session to its own browser, in the header Vestibule-Session; it opens nothing.
func (s *Session) Ref() string { return s.credential.name("ref")[:22] }

// LogID names the session in logs; it opens nothing and is found in no cookie, store or page.
func (s *Session) LogID() string { return s.credential.logID() }

// logoutToken is what the logout link carries; without the cookie it is worth nothing.
func (s *Session) logoutToken() string { return s.credential.name("logout link") }

// lookup is what a request's cookies amount to.
type lookup struct {
	session *Session
	// bears tells that a cookie of ours opened, whether or not it led to a session.
	bears bool
	// key is the store key of the session that the cookie names, if there was exactly one cookie.
	key string
}

// changed tells whether the request comes from a page of another session, or of one that is over.
func (l lookup) changed(r *http.Request) bool {
	ref := r.Header.Get("Vestibule-Session")
	return ref != "" && (l.session == nil || l.session.Ref() != ref)
}

// find looks up the session of a request. An error means that the store is out of order: the request must not be taken for an
// anonymous one.
func (s *Service) find(r *http.Request) (lookup, error) { return s.findIn(r.Context(), r) }

// findIn is find with another context for the store.
func (s *Service) findIn(ctx context.Context, r *http.Request) (lookup, error) {
	found := s.readCookies(r)
	switch len(found) {
	case 0:
		return lookup{}, nil
	case 1:
	default:
		// Which one is the user's own cannot be told, so none is (CK-4).
		s.audit(r.Context(), "two_sessions")
		return lookup{bears: true}, nil
	}
	session, err := s.load(ctx, found[0])
	if err != nil && !errors.Is(err, ErrNotFound) {
		return lookup{}, err
	}
	return lookup{session: session, bears: true, key: s.bodies.storeKey(found[0])}, nil
}

// load opens the session of a credential; ErrNotFound if there is none.
func (s *Service) load(ctx context.Context, c credential) (*Session, error) {
	key := s.bodies.storeKey(c)
	record, err := s.cfg.Store.Get(ctx, key)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			s.forget(key)
		}
		return nil, err
	}
	if !s.now().Before(record.Ends()) {
		s.forget(key) // The store does not report that a session expired.
		return nil, ErrNotFound
	}
	sum := sha256.Sum256(c.key)
	check := string(sum[:])
	opened, ok := s.bodies.get(key, record.Generation, check)
	if !ok {
		if opened, err = s.openRecord(record, c); err != nil {
			s.cfg.Logger.ErrorContext(ctx, "a session record does not open; it is treated as absent", "error", err)
			return nil, ErrNotFound
		}
		opened.check = check
		s.bodies.put(c, key, opened)
	}
	session := &Session{credential: c, key: key, record: record, readOnly: opened.readOnly}
	session.body.Store(opened.body)
	return session, nil
}

// openRecord opens head and body. The head may have the mark of a step-up, which was written without the body's key: the body
// is then still sealed for the generation before.
func (s *Service) openRecord(record *Record, c credential) (cachedBody, error) {
	h, err := s.keys.openHead(record)
	if err != nil {
		return cachedBody{}, err
	}
	opened := cachedBody{generation: record.Generation, readOnly: h.Replaced != 0}
	sealed := *record
	if opened.readOnly {
		sealed.Generation = h.Replaced
	}
	opened.body, err = openBody(&sealed, c)
	return opened, err
}

// touch notes that a session is used, at most once in a twentieth of the idle timeout. A failure is logged, and does not fail the
// request.
func (s *Service) touch(ctx context.Context, session *Session) {
	now := s.now()
	if session.readOnly || now.Sub(session.record.LastSeen) < session.record.IdleTimeout/20 {
		return
	}
	if err := s.cfg.Store.Touch(ctx, session.key, now); err != nil && !errors.Is(err, ErrNotFound) {
		s.cfg.Logger.WarnContext(ctx, "a session's use could not be noted", "error", err)
		return
	}
	session.record.LastSeen = now
	s.used.note(session.key, now)
}

// Middleware finds the session of a request and puts it into its context. A request whose session cannot be looked up
// because the store is out of order gets 503 and keeps its cookie. Use counts against the idle timeout.
//
// A request that names another session than its cookie's in the Vestibule-Session header gets 409: the page it comes from
// belongs to somebody who has signed out, or to an earlier sign-in.
func (s *Service) Middleware(next http.Handler) http.Handler {
	return s.middleware(func(ctx context.Context) context.Context { return ctx }, next)
}

// middleware is Middleware with another context for the lookup, and only for that: the one that asking makes from the request's.
func (s *Service) middleware(asking func(context.Context) context.Context, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found, err := s.findIn(asking(r.Context()), r)
		if err != nil {
			s.refuseStoreOutage(w, r, err)
			return
		}
		if found.changed(r) {
			s.refuseChanged(w, r)
			return
		}
		if found.session != nil {
			s.touch(r.Context(), found.session)
		}
		in := inContext{session: found.session, dead: found.bears && found.session == nil}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, in)))
	})
}

func (s *Service) refuseChanged(w http.ResponseWriter, r *http.Request) {
	s.audit(r.Context(), "session_changed", reasonAttr("another session's page"))
	refuse(w, r, http.StatusConflict, problemSessionChanged)
}
