package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// What the REST relay of main needs of sessions beside Middleware and CrossSite.

// ErrTooManyStreams is a stream too many for one session, or one that begins while the service drains.
var ErrTooManyStreams = errors.New("auth: the session has too many streams")

// BrowserLoad takes the place of CrossSite where the browser itself loads something, as an image or a download: it cannot
// send the header that scripts send. Only GET and HEAD pass, and only if the browser says that a page of this very origin
// asks. A browser that does not say (none current) is refused.
func (s *Service) BrowserLoad(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		why := s.foreign(r)
		if why == "" && r.Header.Get("Sec-Fetch-Site") != "same-origin" {
			why = "no fetch site"
		}
		if why == "" && r.Method != http.MethodGet && r.Method != http.MethodHead {
			why = "method"
		}
		if why != "" {
			s.audit(r.Context(), "cross_site_refused", reasonAttr(why))
			refuse(w, r, http.StatusForbidden, problemCrossSite)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// RefuseDead answers 401 to methods that may change something when the request bears a session cookie that opens no
// session: somebody believes she is signed in, and what she wants done must not be done as anybody else.
func (s *Service) RefuseDead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if DeadCookie(r.Context()) && r.Method != http.MethodGet && r.Method != http.MethodHead {
			refuse(w, r, http.StatusUnauthorized, problemUnauthenticated)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// UntilEnded gives a context that ends with the session in ctx, or when the service drains: for streams, which outlive
// what a request usually takes. leave must be called. Without a session it ends when the service drains.
func (s *Service) UntilEnded(ctx context.Context) (until context.Context, leave context.CancelFunc, err error) {
	until, cancel := context.WithCancel(ctx)
	session := FromContext(ctx)
	var ended chan string // of nobody's session, which never ends
	unlisten := func() {}
	if session != nil {
		var ok bool
		if ended, unlisten, ok = s.streams.listen(session.key); !ok {
			cancel()
			return nil, nil, ErrTooManyStreams
		}
		// What ended before we listened is told to nobody any more.
		if _, err := s.cfg.Store.Get(ctx, session.key); err != nil {
			unlisten()
			cancel()
			return nil, nil, fmt.Errorf("auth: looking the session up for a stream: %w", err)
		}
	}
	go func() {
		defer cancel()
		defer unlisten()
		s.waitForEnd(until, session, ended)
	}()
	return until, cancel, nil
}

// waitForEnd returns when the session or the service ends, or ctx does.
func (s *Service) waitForEnd(ctx context.Context, session *Session, ended <-chan string) {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.streams.draining:
			return
		case <-ended:
			return
		case <-tick.C:
			if session == nil {
				continue
			}
			if _, err := s.cfg.Store.Get(ctx, session.key); errors.Is(err, ErrNotFound) {
				return // Out of order is not ended.
			}
		}
	}
}
