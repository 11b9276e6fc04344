package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// maxBuffered bounds how much of a request is read ahead before a wait.
const maxBuffered = 64 << 10

// errReleased ends a wait because the rule was removed or the Control closed.
var errReleased = errors.New("fault: released")

// Wrap puts the Control before a server: it records each request and applies the rules set for target.
// It panics when target is not one of Config.Targets, which is a mistake in the program.
func (c *Control) Wrap(target string, next http.Handler) http.Handler {
	if err := (&Rule{Target: target, Drop: true}).check(c.targets); err != nil {
		panic("fault: Wrap: " + err.Error())
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var p plan
		select {
		case <-c.closed:
		default:
			p = c.take(target, r)
		}
		call := c.begin(target, r, p.text)
		defer c.end(call)
		out := &writer{ResponseWriter: w, header: p.header, started: func(status int) { c.answered(call, status) }}
		c.serve(out, r, p, next)
	})
}

// serve does what the plan says.
func (c *Control) serve(w *writer, r *http.Request, p plan, next http.Handler) {
	if p.latency > 0 || p.effect != nil && p.effect.Hang {
		readAhead(r)
	}
	if p.latency > 0 && c.wait(r.Context(), p.latency) != nil {
		panic(http.ErrAbortHandler) // nobody waits for the answer
	}
	if p.effect == nil {
		next.ServeHTTP(w, r)
		return
	}
	switch rule := p.effect; {
	case rule.Drop:
		drop(w.ResponseWriter)
	case rule.Hang:
		select {
		case <-r.Context().Done():
		case <-rule.removed:
		case <-c.closed:
		}
		panic(http.ErrAbortHandler)
	case rule.Truncate, rule.Cut:
		half := &halver{writer: w, whole: rule.Truncate}
		next.ServeHTTP(half, r)
		half.finish()
	case rule.Drip > 0:
		next.ServeHTTP(&dripper{writer: w, pause: func() error { return c.wait(r.Context(), rule.Drip) }}, r)
	default:
		answer(w, &rule.Rule)
	}
}

// wait returns nil after d, an error when the client has gone or the Control is closed.
func (c *Control) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.closed:
		return errReleased
	}
}

// readAhead reads a small request body, because net/http notices that a client has gone only after the
// body has been read.
func readAhead(r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	head, err := io.ReadAll(io.LimitReader(r.Body, maxBuffered))
	var rest io.Reader = r.Body
	if err != nil {
		rest = failing{err}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), rest), r.Body}
}

// failing is a reader that has failed.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// drop closes the connection without a word.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: the stream is reset
	}
	_ = conn.Close()
}

// answer writes the rule's own answer.
func answer(w http.ResponseWriter, rule *Rule) {
	header, status := w.Header(), rule.status()
	header.Set("Cache-Control", "no-store")
	switch {
	case rule.Empty || status == http.StatusNoContent || status == http.StatusNotModified:
		header["Content-Type"] = nil // keeps net/http from guessing
		w.WriteHeader(status)
	case rule.Garbage:
		header.Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "{\"items\": [\xff\xfe\x00 \x80garbage<<<")
	case rule.Body != "":
		header.Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, rule.Body)
	default:
		header.Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": "A fault set on demand.",
		})
	}
}
