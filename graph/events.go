package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/auth"
)

const (
	// pingEvery is how often a silent stream shows that it is alive, and notices a reader that has gone.
	pingEvery = 15 * time.Second
	// patience bounds each write to a reader that does not read; then the stream is over.
	patience = 10 * time.Second
	// comeBack is about how long subscribers wait before they connect to another replica: between half of it and one and a half
	// times as long, so that they do not come all at once.
	comeBack = 2 * time.Second
)

// eventStream is an answer as server-sent events (GraphQL over SSE, distinct connections mode). The first write sends its header. It is
// safe for concurrent use.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	// gone is called when a ping cannot be written.
	gone context.CancelFunc

	mu    sync.Mutex // guards the writer and what follows
	begun bool
	ping  *time.Timer
	over  bool
}

func newEventStream(w http.ResponseWriter, gone context.CancelFunc) *eventStream {
	return &eventStream{w: w, control: http.NewResponseController(w), gone: gone}
}

// begin sends the header, and starts the pings. It lifts the server's read timeout, which is meant for requests and not for streams.
func (s *eventStream) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	s.ping = time.AfterFunc(pingEvery, s.pingNow)
	return s.write([]byte(":\n\n"))
}

// next sends an answer. Its data is JSON in one line already.
func (s *eventStream) next(result *graphql.Response) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	event := bytes.NewBufferString("event: next\ndata: ")
	writePayload(event, result)
	event.WriteString("\n\n")
	return s.write(event.Bytes())
}

// writePayload writes an answer as the protocols of streams have it: without data if it never ran.
func writePayload(b *bytes.Buffer, result *graphql.Response) {
	head := headOf(result)
	if result.Data == nil && len(result.Errors) > 0 {
		b.Write(bytes.TrimSuffix(head, []byte(`,"data":`)))
	} else {
		b.Write(head)
		b.Write(result.Data)
	}
	b.WriteByte('}')
}

// complete tells the reader that no more will come, so that it does not reconnect.
func (s *eventStream) complete() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write([]byte("event: complete\ndata: \n\n")) //nolint:errcheck // The reader is gone; there is nobody to tell.
}

// reconnect tells the reader when to connect again. To a reader a stream that ends without complete is not over.
func (s *eventStream) reconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := comeBack/2 + rand.N(comeBack)                                         //nolint:gosec // Jitter, no secret.
	s.write(fmt.Appendf(nil, "retry: %d\n: restarting\n\n", wait.Milliseconds())) //nolint:errcheck // The reader is gone; there is nobody to tell.
}

// end stops the pings: the response must not be written to once its handler has returned.
func (s *eventStream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.ping != nil {
		s.ping.Stop()
	}
}

func (s *eventStream) pingNow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	if s.write([]byte(":\n\n")) != nil {
		s.gone()
	}
}

// write sends bytes at once. The caller holds mu.
func (s *eventStream) write(b []byte) error {
	if !s.begun {
		s.begun = true
		h := s.w.Header()
		h.Set("Content-Type", mediaEvents+"; charset=utf-8")
		h.Set("X-Accel-Buffering", "no")
		s.w.WriteHeader(http.StatusOK)
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write(b); err != nil {
		return err
	}
	if err := s.control.Flush(); err != nil {
		return err
	}
	// A silent stream has no deadline.
	if err := s.control.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if s.ping != nil {
		s.ping.Reset(pingEvery)
	}
	return nil
}

// answerOnce streams the one answer of a query or a mutation, or a refusal of what was asked.
func (h *handler) answerOnce(w http.ResponseWriter, result *graphql.Response) {
	s := newEventStream(w, func() {})
	if s.next(result) == nil {
		s.complete()
	}
}

// serveSubscription streams a subscription's answers until its source, its session, its reader or the service ends. Each event is
// measured as an operation of its own; seen, the measure of the request, ends when the stream begins.
func (h *handler) serveSubscription(w http.ResponseWriter, r *http.Request, media string, operation *admitted, seen *watched) {
	if !takesEvents(r.Header.Values("Accept")) {
		h.refuse(w, r, media, &requestError{status: http.StatusNotAcceptable, code: codeNotAllowed, message: "A subscription is answered with text/event-stream; accept that."})
		return
	}
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", mediaEvents+"; charset=utf-8")
		return
	}
	ctx, leave, err := h.untilEnded(r.Context())
	if err != nil {
		h.refuse(w, r, media, err)
		return
	}
	defer leave()
	seen.came(ctx, &graphql.Response{Data: []byte("{}")})
	seen.end(ctx)
	s := newEventStream(w, leave)
	defer s.end()
	if s.begin() != nil {
		return
	}
	err = h.subscribe(ctx, operation, s.next)
	switch last := h.farewell(err); {
	case err == nil:
		s.complete()
	case errors.Is(err, auth.ErrDraining):
		s.reconnect()
	case last != nil && s.next(last) == nil:
		s.complete()
	}
}
