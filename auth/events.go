package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// recheckEvery is how often a stream asks the store whether its session still lives, whatever the watch says.
	recheckEvery = 15 * time.Second
	// warnAhead is how long before its end a session is said to be expiring.
	warnAhead = 2 * time.Minute
	// maxStreams bounds the event streams of one session.
	maxStreams = 20
)

// streams knows which streams listen for the end of which session.
type streams struct {
	mu        sync.Mutex // guards all of the following
	listeners map[string]map[chan string]bool
	draining  chan struct{}
	drained   bool

	// open counts the streams that have not left yet; the service waits for them before it closes.
	open sync.WaitGroup
}

// streamsPatience bounds how long the service waits for open streams when it closes.
const streamsPatience = 3 * time.Second

// wait waits for the open streams, which Drain has told to end.
func (t *streams) wait() {
	gone := make(chan struct{})
	go func() {
		t.open.Wait()
		close(gone)
	}()
	limit := time.NewTimer(streamsPatience)
	defer limit.Stop()
	select {
	case <-gone:
	case <-limit.C:
	}
}

// start follows the store's endings until ctx ends.
func (t *streams) start(ctx context.Context, s *Service) error {
	t.listeners, t.draining = map[string]map[chan string]bool{}, make(chan struct{})
	endings, err := s.cfg.Store.Watch(ctx)
	if err != nil {
		return fmt.Errorf("auth: watching the store: %w", err)
	}
	go func() {
		for ctx.Err() == nil {
			for ended := range endings {
				s.forget(ended.Key)
				t.tell(ended)
			}
			// Fell behind, or the store went away for a while: streams re-check by themselves meanwhile.
			s.comeback.failed()
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
			err := s.guarded(ctx, func() error {
				again, err := s.cfg.Store.Watch(ctx)
				if err == nil {
					endings = again
				}
				return err
			})
			if err == nil {
				s.comeback.answered() // Not with the first request, which may come much later and would wait then.
				s.cfg.Ended("")       // Only now: from here on the watch reports what ends.
			}
		}
	}()
	return nil
}

// forget drops what this process keeps for a session that has ended.
func (s *Service) forget(key string) {
	s.bodies.drop(key)
	s.used.drop(key)
	s.cfg.Ended(key)
}

// tell gives the listeners of a session the reason of its end.
func (t *streams) tell(ended Ended) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for listener := range t.listeners[ended.Key] {
		listener <- ended.Reason // It has room for one, and gets no more than one.
		close(listener)
	}
	delete(t.listeners, ended.Key)
}

// listen gives a channel that gets the reason when the session ends. ok is false if the session has too many streams.
func (t *streams) listen(key string) (ended chan string, leave func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.listeners[key]) >= maxStreams || t.drained {
		return nil, nil, false
	}
	ended = make(chan string, 1)
	if t.listeners[key] == nil {
		t.listeners[key] = map[chan string]bool{}
	}
	t.listeners[key][ended] = true
	return ended, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.listeners[key], ended)
		if len(t.listeners[key]) == 0 {
			delete(t.listeners, key)
		}
	}, true
}

// count is how many streams listen.
func (t *streams) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, listeners := range t.listeners {
		n += len(listeners)
	}
	return n
}

// Drain ends all event streams, so that a server that shuts down need not wait for them. Browsers connect again.
func (s *Service) Drain() {
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	if !s.streams.drained {
		s.streams.drained = true
		close(s.streams.draining)
	}
}

// sessionEvent is one event of the stream.
type sessionEvent struct {
	Type          string `json:"type"`
	ExpiresIn     *int   `json:"expires_in,omitempty"`
	IdleExpiresIn *int   `json:"idle_expires_in,omitempty"`
	Reason        string `json:"reason,omitempty"`
}

// Events handles "GET /auth/events": what happens to this session, as server-sent events that a page reads with fetch. The first event
// tells how the session stands; others tell that it is about to expire, or that it has ended and why, which is the last. Listening
// does not count as using the session.
//
// When a sign-in in the same browser replaces the session, the stream just closes: to the browser nothing has ended, and a
// page that connects again learns by 409 that the browser has another session.
func (s *Service) Events() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found, err := s.find(r)
		if err != nil {
			s.refuseStoreOutage(w, r, err)
			return
		}
		if found.session == nil {
			refuse(w, r, http.StatusUnauthorized, problemUnauthenticated)
			return
		}
		if found.changed(r) {
			s.refuseChanged(w, r)
			return
		}
		ended, leave, ok := s.streams.listen(found.session.key)
		if !ok {
			w.Header().Set("Retry-After", retryAfter)
			refuse(w, r, http.StatusServiceUnavailable, problemStreams)
			return
		}
		defer leave()
		// An end before we listened is not reported any more.
		session, err := s.load(r.Context(), found.session.credential)
		if errors.Is(err, ErrNotFound) {
			refuse(w, r, http.StatusUnauthorized, problemUnauthenticated)
			return
		}
		if err != nil {
			s.refuseStoreOutage(w, r, err)
			return
		}
		if session.readOnly {
			s.refuseReadOnly(w, r, session)
			return
		}
		control := http.NewResponseController(w)
		// The server's write timeout is for answers; a stream is bounded by its session.
		if err := control.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
			refuse(w, r, http.StatusInternalServerError, problemInternal)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("X-Accel-Buffering", "no")
		noStore(h)
		w.WriteHeader(http.StatusOK)
		s.stream(r.Context(), w, control, session, ended)
	})
}

func (s *Service) stream(ctx context.Context, w http.ResponseWriter, control *http.ResponseController, session *Session, ended <-chan string) {
	send := func(e sessionEvent) bool {
		text, err := json.Marshal(e)
		if err != nil {
			return false
		}
		if _, err := fmt.Fprintf(w, "event: session\ndata: %s\n\n", text); err != nil {
			return false
		}
		return control.Flush() == nil
	}
	state := func(kind string, r *Record) sessionEvent {
		return sessionEvent{Type: kind, ExpiresIn: s.secondsTo(r.Expires), IdleExpiresIn: s.secondsTo(r.Ends())}
	}
	end := func(reason string) {
		if reason != ReasonReplaced {
			send(sessionEvent{Type: "ended", Reason: reason})
		}
	}
	if !send(state("refreshed", session.record)) {
		return
	}
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	warned := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.streams.draining:
			return
		case reason := <-ended:
			end(reason)
			return
		case <-tick.C:
			record, reason := s.look(ctx, session.record)
			if reason != "" {
				end(reason)
				return
			}
			session.record = record
			soon := record.Ends().Sub(s.now()) < warnAhead
			switch {
			case soon && !warned:
				if !send(state("expiring", record)) {
					return
				}
			case !soon && warned:
				if !send(state("refreshed", record)) {
					return
				}
			default:
				// A comment keeps proxies from closing a silent connection.
				if _, err := fmt.Fprint(w, ":\n\n"); err != nil || control.Flush() != nil {
					return
				}
			}
			warned = soon
		}
	}
}
