package clients

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// relayPatience bounds each write to a browser that does not read, and how long an API may send nothing within an answer that is
	// no stream.
	relayPatience = 30 * time.Second
	relayBuffer   = 32 << 10
)

// upload is a request's body while it is passed on. It remembers its own error: that is the browser's fault, not the API's.
type upload struct {
	io.ReadCloser
	silence silence
	err     atomic.Pointer[error]
}

// Read implements [io.Reader].
func (u *upload) Read(b []byte) (int, error) {
	u.silence.hold()
	defer u.silence.resume()
	n, err := u.ReadCloser.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		u.err.Store(&err)
	}
	return n, err
}

func (u *upload) failed() bool { return u.err.Load() != nil }

func (u *upload) tooLarge() bool {
	err := u.err.Load()
	var large *http.MaxBytesError
	return err != nil && errors.As(*err, &large)
}

// silence measures how long an API sends nothing, without the time that is spent waiting for the browser.
type silence struct {
	mu    sync.Mutex // guards all of the following
	timer *time.Timer
	most  time.Duration
	over  bool
	broke bool
}

// start calls cancel when the silence lasts too long.
func (s *silence) start(most time.Duration, cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = most
	s.timer = time.AfterFunc(most, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.over {
			s.broke = true
			cancel()
		}
	})
}

func (s *silence) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
}

func (s *silence) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.timer.Reset(s.most)
	}
}

// end stops the count and tells whether it lasted too long.
func (s *silence) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.timer.Stop()
	return s.broke
}

// answer passes an API's answer back, or refuses it. Of 5xx only the status is passed on, since the API's own pages tell too much, and of
// 401 too, since it would make the browser ask for a password.
func (r *Relay) answer(w http.ResponseWriter, req *http.Request, one *relayed, x *exchange, p place, res *http.Response, cancel context.CancelFunc) {
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode >= 500 {
		r.refuse(w, req, one.api.refusal(x, &answer{status: res.StatusCode, header: res.Header}))
		return
	}
	h := w.Header().Clone()
	stream, err := r.setAnswerHeader(h, one.api, p, res)
	if err != nil {
		r.refuse(w, req, one.api.invalid(x, res.StatusCode, "%w", err))
		return
	}
	if stream {
		done, err := r.endWithSession(req.Context(), cancel)
		if err != nil {
			r.refuse(w, req, &Error{Code: CodeUnavailable, API: p.name, Retryable: true, RetryAfter: crowdWait, err: err})
			return
		}
		defer done()
		h.Set("X-Accel-Buffering", "no")
	}
	for name, values := range h {
		w.Header()[name] = values
	}
	w.WriteHeader(res.StatusCode)
	if err := copyBody(w, res.Body, stream, cancel); err != nil && !stream && req.Context().Err() == nil {
		r.cfg.Logger.WarnContext(req.Context(), "a relayed answer broke off", "api", p.name, "request_id", inboundFrom(req.Context()).RequestID, "error", err)
		panic(http.ErrAbortHandler) // The browser must not take half an answer for a whole one.
	}
}

// endWithSession cancels when the session of ctx ends.
func (r *Relay) endWithSession(ctx context.Context, cancel context.CancelFunc) (done func(), err error) {
	if r.cfg.UntilEnded == nil {
		return func() {}, nil
	}
	until, leave, err := r.cfg.UntilEnded(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(until, cancel)
	return func() { stop(); leave() }, nil
}

// copyBody passes a body on. A stream is flushed after each part and may be silent; of anything else each read and each
// write has its time.
func copyBody(w http.ResponseWriter, body io.Reader, stream bool, cancel context.CancelFunc) error {
	control := http.NewResponseController(w)
	if stream {
		if err := flush(control); err != nil {
			return err
		}
	}
	silence := time.AfterFunc(relayPatience, cancel)
	defer silence.Stop()
	buf := make([]byte, relayBuffer)
	for {
		if stream {
			silence.Stop()
		} else {
			silence.Reset(relayPatience)
		}
		n, err := body.Read(buf)
		if n > 0 {
			if err := write(control, w, buf[:n], stream); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func write(control *http.ResponseController, w io.Writer, part []byte, stream bool) error {
	if err := control.SetWriteDeadline(time.Now().Add(relayPatience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := w.Write(part); err != nil {
		return err
	}
	if stream {
		return flush(control)
	}
	return nil
}

// flush sends what is buffered, and lifts the deadline that would end a silent stream.
func flush(control *http.ResponseController) error {
	if err := control.Flush(); err != nil {
		return err
	}
	if err := control.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
