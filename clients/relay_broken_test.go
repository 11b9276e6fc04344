package clients_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

var errBroken = errors.New("the connection is broken")

// brittle is a browser's connection of which one thing fails: setting a deadline, lifting it, or the nth flush.
type brittle struct {
	*httptest.ResponseRecorder
	deadline, lift bool
	flush, flushed int
}

func (b *brittle) SetWriteDeadline(at time.Time) error {
	if b.deadline && !at.IsZero() || b.lift && at.IsZero() {
		return errBroken
	}
	return nil
}

func (b *brittle) FlushError() error {
	if b.flushed++; b.flushed == b.flush {
		return errBroken
	}
	return nil
}

// A connection that cannot be written to as it must be ends the answer at once, and the API's work; nothing waits for an
// API that may never say more.
func TestAnAnswerEndsWithItsConnection(t *testing.T) {
	for _, c := range []struct {
		name, media string
		connection  *brittle
		want        string
	}{
		{"no deadline for a download", "application/pdf", &brittle{deadline: true}, ""},
		{"no deadline for an event", "text/event-stream", &brittle{deadline: true}, ""},
		{"a deadline that stays", "text/event-stream", &brittle{lift: true}, ""},
		{"no flush of a stream's beginning", "text/event-stream", &brittle{flush: 1}, ""},
		{"no flush of an event", "text/event-stream", &brittle{flush: 2}, "part"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				relay, _ := fakeRelay(t, func(req *http.Request) (*http.Response, error) {
					from, to := io.Pipe()
					context.AfterFunc(req.Context(), func() { to.CloseWithError(req.Context().Err()) })
					go func() {
						select {
						case <-time.After(time.Second):
						case <-req.Context().Done():
						}
						io.WriteString(to, "part")
					}()
					res := fakeAnswer(200, http.Header{"Content-Type": {c.media}}, "")
					res.ContentLength, res.Body = -1, from
					return res, nil
				})
				c.connection.ResponseRecorder = httptest.NewRecorder()
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				began := time.Now()
				func() {
					defer func() { recover() }()
					relay.ServeHTTP(c.connection, httptest.NewRequestWithContext(ctx, "GET", "/api/orders/things/1/events", nil))
				}()
				if took := time.Since(began); took > time.Second || c.connection.Body.String() != c.want {
					t.Errorf("it ended after %v with %q, want at once with %q", took, c.connection.Body, c.want)
				}
			})
		})
	}
}

// What is no stream is not flushed: a short answer then has a length.
func TestADownloadIsNotFlushed(t *testing.T) {
	for media, want := range map[string]bool{"application/json": false, "text/event-stream": true} {
		relay, _ := fakeRelay(t, func(*http.Request) (*http.Response, error) {
			res := fakeAnswer(200, http.Header{"Content-Type": {media}}, "{}")
			res.ContentLength = -1
			return res, nil
		})
		w := httptest.NewRecorder()
		relay.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/api/orders/things", nil))
		if w.Flushed != want || w.Body.String() != "{}" {
			t.Errorf("%s: %q, flushed %v, want %v", media, w.Body, w.Flushed, want)
		}
	}
}
