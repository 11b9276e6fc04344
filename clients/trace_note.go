package clients

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// note is what is noted of one call while it runs. A nil note notes nothing.
type note struct {
	trace *Trace
	began time.Time
	why   *askers

	mu    sync.Mutex // guards all of the following
	call  TracedCall
	ended bool
}

// note begins the note of a call; nil if its context has no trace.
func (a *API) note(ctx context.Context, x *exchange) *note {
	t := traceFrom(ctx)
	if t == nil {
		return nil
	}
	n := &note{trace: t, began: t.cfg.Now(), why: t.askersOf(ctx)}
	path := strings.TrimPrefix(x.url.RequestURI(), strings.TrimSuffix(a.base.EscapedPath(), "/"))
	n.call = TracedCall{
		API: a.name, Method: x.method, Template: x.template, Path: clip(path, maxTracedPath), Start: n.began.Sub(t.start), Token: a.token,
	}
	if p, ok := ctx.Value(batchPartKey{}).(batchPart); ok {
		n.call.Keys, n.call.Part, n.call.Parts = p.keys, p.part, p.parts
	}
	if !t.add(n) {
		return nil
	}
	return n
}

// read gives what was noted so far.
func (n *note) read(now time.Time) TracedCall {
	n.mu.Lock()
	defer n.mu.Unlock()
	call := n.call
	call.Attempts = slices.Clone(call.Attempts)
	call.Fields = n.why.list()
	if !n.ended {
		call.Duration = now.Sub(n.began)
	}
	return call
}

// set notes how the call is answered. The last one counts: a call that was sent may turn out to confirm a kept answer.
func (n *note) set(via Via) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.call.Via = via
}

// attempt notes one try, which began so long after the trace and ended now.
func (n *note) attempt(a *API, x *exchange, began time.Duration, ans *answer, err error) {
	if n == nil {
		return
	}
	try := TracedAttempt{Start: began, Duration: n.trace.Duration() - began}
	if ans != nil {
		try.Status = ans.status
	} else {
		try.Code = a.failure(x, err).Code
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.call.Attempts = append(n.call.Attempts, try)
}

// since is the time since the trace began.
func (n *note) since() time.Duration {
	if n == nil {
		return 0
	}
	return n.trace.Duration()
}

// share notes that the answer is another call's.
func (n *note) share(with *note) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.call.Via = ViaShared
	if with != nil && with.trace == n.trace {
		n.call.SharedWith = with.call.ID // Set before anybody else knew of it.
	}
}

// end notes what the call came to.
func (n *note) end(ans *answer, err error) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended, n.call.Duration = true, n.trace.cfg.Now().Sub(n.began)
	if ans != nil {
		n.call.Status, n.call.Bytes = ans.status, len(ans.body)
	}
	if err != nil {
		n.call.Code = codeOfError(err)
	}
}
