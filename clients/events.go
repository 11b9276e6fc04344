package clients

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const (
	// eventsWait is how long to wait before a stream that ended is opened again, unless the API says otherwise; it doubles with each
	// failure in a row, up to longestEventsWait.
	eventsWait, shortestEventsWait, longestEventsWait = time.Second, 100 * time.Millisecond, 30 * time.Second
	// eventsSilence is how long a stream may say nothing, not even a comment, before it is taken for dead.
	eventsSilence = 2 * time.Minute
	// eventsPatience is how long an API may fail before a follower gives up.
	eventsPatience = 2 * time.Minute
	// maxEventID bounds the id of an event that is sent back to the API, in bytes.
	maxEventID = 1 << 10
)

// Events follows an event stream of the API (HTML, Server-sent events) and gives each event's data, read as JSON, to each,
// one after another: while each works, nothing more is read. It returns nil when the API says that there will be no more
// (204), each's error, ctx's cause when ctx ends, and an *Error when the API refuses, sends what is no event of a T, or fails
// for two minutes.
//
// A stream that breaks off is asked for again, with the last event's id in Last-Event-ID and each time with the token of then. The
// API has its timeout to begin an answer and holds a place among its calls only for so long. An event tells that something
// has changed: what is kept of the API's answers for the identity of ctx is not used any more.
func Events[T any](ctx context.Context, api *API, path Path, query url.Values, each func(ctx context.Context, kind string, value T) error) error {
	return follow(ctx, api, path, query, nil, each)
}

// EventsNamed is [Events] for those of some names; what others hold is not looked at. An event without a name is a "message".
func EventsNamed[T any](ctx context.Context, api *API, path Path, query url.Values, names []string, each func(ctx context.Context, value T) error) error {
	return follow(ctx, api, path, query, names, func(ctx context.Context, _ string, value T) error { return each(ctx, value) })
}

func follow[T any](ctx context.Context, api *API, path Path, query url.Values, names []string, each func(ctx context.Context, kind string, value T) error) error {
	f := &follower{api: api, wait: eventsWait}
	x, err := api.prepare(ctx, Call{Method: http.MethodGet, Path: path, Query: query})
	if err != nil {
		return err
	}
	x.header["Accept"] = []string{"text/event-stream"}
	// Go would ask for gzip by itself, which holds events back.
	x.header["Accept-Encoding"] = []string{"identity"}
	for {
		err := f.once(ctx, x, func(e event) error {
			if names != nil && !slices.Contains(names, cmp.Or(e.kind, "message")) {
				return nil
			}
			var value T
			if err := decode(&answer{header: http.Header{"Content-Type": {"application/json"}}, body: e.data}, &value, nil); err != nil {
				return api.invalid(x, http.StatusOK, "event: %w", err)
			}
			api.Invalidate(ctx)
			return each(ctx, e.kind, value)
		})
		if !errors.Is(err, errBrokeOff) {
			return err
		}
		if err := f.pause(ctx, err); err != nil {
			return err
		}
	}
}

// errBrokeOff is that a stream ended and is to be opened again.
var errBrokeOff = errors.New("clients: the event stream broke off")

// brokeOff is errBrokeOff with the reason, for the error of a follower that gives up.
type brokeOff struct{ why *Error }

func (b *brokeOff) Error() string        { return errBrokeOff.Error() + ": " + b.why.Error() }
func (b *brokeOff) Is(target error) bool { return target == errBrokeOff }

// follower is the state of one Events call over all streams that it opens.
type follower struct {
	api *API
	// last is the id of the last event.
	last string
	// wait is how long to wait before the next stream, as the API wants it or by default; failures are those in a row.
	wait     time.Duration
	failures int
	// failing is when the first of these was.
	failing time.Time
}

// pause waits before the next try, longer after each failure. It gives the failure once it has lasted too long. Those who
// lost their streams together do not come back together.
func (f *follower) pause(ctx context.Context, failure error) error {
	wait := f.wait
	if failure == nil {
		if !pause(ctx, wait+rand.N(wait/10+1)) { //nolint:gosec // Jitter, no secret.
			return context.Cause(ctx)
		}
		return nil
	}
	if broke := (*brokeOff)(nil); errors.As(failure, &broke) {
		if f.failures++; f.failing.IsZero() {
			f.failing = f.api.now()
		}
		if f.api.now().Sub(f.failing) >= eventsPatience {
			return broke.why
		}
		wait = max(wait<<min(f.failures-1, 8), broke.why.RetryAfter)
	}
	wait = min(wait, longestEventsWait)
	if !pause(ctx, wait/2+rand.N(wait/2+1)) { //nolint:gosec // Jitter, no secret.
		return context.Cause(ctx)
	}
	return nil
}

// once reads one stream to its end.
func (f *follower) once(outer context.Context, x *exchange, each func(event) error) error {
	ctx, cancel := context.WithCancel(outer)
	defer cancel()
	asked := *x
	if f.last != "" {
		asked.header = x.header.Clone()
		asked.header["Last-Event-Id"] = []string{f.last}
	}
	res, err := f.api.openStream(ctx, &asked, cancel)
	if err != nil {
		return f.failed(outer, f.api.failure(x, err))
	}
	defer res.Body.Close()
	switch media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); {
	case res.StatusCode == http.StatusNoContent:
		return nil
	case res.StatusCode != http.StatusOK:
		body, _ := readBody(res, maxRefusalBytes) // The status says enough.
		return f.failed(outer, f.api.refusal(x, &answer{status: res.StatusCode, header: res.Header, body: body}))
	case isEncoded(res.Header):
		return f.api.invalid(x, res.StatusCode, "%w", errEncoded)
	case media != "text/event-stream":
		return f.api.invalid(x, res.StatusCode, "it is no event stream but %q", media)
	}
	f.failures, f.failing = 0, time.Time{}
	silence := time.AfterFunc(eventsSilence, cancel)
	defer silence.Stop()
	reader := newEventReader(heard{res.Body, silence}, f.last, int(f.api.maxBytes))
	for {
		silence.Reset(eventsSilence)
		e, err := reader.next()
		silence.Stop()
		if reader.wait > 0 {
			f.wait = min(max(reader.wait, shortestEventsWait), longestEventsWait)
		}
		if len(reader.id) <= maxEventID && isVisible(reader.id) {
			f.last = reader.id // It may be that of an event without data, which is told to nobody.
		}
		switch {
		case outer.Err() != nil:
			return context.Cause(outer)
		case errors.Is(err, errTooLarge):
			return f.api.invalid(x, res.StatusCode, "event: %w", err)
		case err != nil:
			return errBrokeOff
		}
		if err := each(e); err != nil {
			return err
		}
	}
}

// heard is a reader that restarts the timer of a silence with everything it reads.
type heard struct {
	io.Reader
	silence *time.Timer
}

// Read implements [io.Reader].
func (h heard) Read(b []byte) (int, error) {
	n, err := h.Reader.Read(b)
	if n > 0 {
		h.silence.Reset(eventsSilence)
	}
	return n, err
}

// failed tells whether a failure is likely to pass.
func (f *follower) failed(ctx context.Context, failure *Error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	switch failure.Code {
	case CodeRateLimited, CodeUpstreamTimeout, CodeUpstreamUnavailable, CodeUnavailable:
		return &brokeOff{failure}
	}
	return failure
}

// openStream sends a request whose answer's body is read at leisure. It holds a place among the API's calls until its answer
// begins, for which the API has its timeout; cancel ends ctx.
func (a *API) openStream(ctx context.Context, x *exchange, cancel context.CancelFunc) (*http.Response, error) {
	a.count.calls.Add(1)
	waiting := time.AfterFunc(a.timeout, cancel)
	p, err := a.admit(ctx)
	if err != nil {
		waiting.Stop()
		return nil, err
	}
	v, began := noVerdict, a.now()
	defer func() { a.release(p, v) }()
	req, err := http.NewRequestWithContext(ctx, x.method, "", nil)
	if err != nil {
		waiting.Stop()
		return nil, fmt.Errorf("%w: request: %w", errProgram, err)
	}
	req.URL, req.Header = x.url, x.header
	res, err := a.transport.RoundTrip(req)
	if !waiting.Stop() {
		if err == nil {
			res.Body.Close()
		}
		v = ill
		return nil, context.DeadlineExceeded
	}
	status := 0
	if err == nil {
		status = res.StatusCode
	}
	v = a.judge(ctx, began, status, err)
	return res, err
}
