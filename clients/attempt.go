package clients

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

const (
	defaultAttempts = 3
	defaultBudget   = 0.2
	// firstBackoff doubles with each attempt, up to longestBackoff.
	firstBackoff, longestBackoff = 100 * time.Millisecond, 2 * time.Second
	// retryReserve is how many repeats the budget starts with and holds at most; calls earn them back.
	retryReserve = 10
	// fairTime is how long an API must have had before a deadline that passes counts against it.
	fairTime = time.Second
)

// Retry says how failed calls are repeated. The zero value is the default.
type Retry struct {
	// Attempts bounds the attempts of one call, the first one included; 1 repeats nothing. Default 3.
	Attempts int
	// Budget is the share of calls, from 0 to 1, that may be repeated over time: an API that is down is not asked three
	// times as often as one that is well. Default 0.2.
	Budget float64
}

// attempts makes the call, and again as long as it fails and a repeat may help: only if repeating cannot act twice, only after a failure
// that is likely to pass, never before the API allows it, never beyond the deadline of ctx, and within the API's budget.
// A 401 after which auth's transport tries again with a fresh token counts as one attempt.
func (a *API) attempts(ctx context.Context, x *exchange) (*answer, error) {
	a.count.calls.Add(1)
	a.budget.earn()
	for n := 1; ; n++ {
		began := x.note.since()
		trying, span := a.beginAttempt(ctx, x, n)
		ans, err := a.attempt(trying, x)
		a.endAttempt(span, x, statusOf(ans), err)
		x.note.attempt(a, x, began, ans, err)
		if n == a.retries || !x.repeatable || !a.transient(ans, err) {
			return ans, err
		}
		wait := backoff(n)
		if ans != nil {
			wait = max(wait, retryAfter(ans.header, a.now()))
		}
		if deadline, bounded := ctx.Deadline(); bounded && time.Until(deadline) <= wait {
			return ans, err
		}
		if !a.budget.spend() {
			a.count.unaffordable.Add(1)
			return ans, err
		}
		if !pause(ctx, wait) {
			return ans, err
		}
		a.count.retries.Add(1)
		x.repeated = !x.safe
	}
}

// attempt makes one attempt: it takes a place in the bulkhead, and tells the breaker how it ended.
func (a *API) attempt(ctx context.Context, x *exchange) (*answer, error) {
	p, err := a.admit(ctx)
	if err != nil {
		return nil, err
	}
	v, began := noVerdict, a.now()
	defer func() { a.release(p, v) }()
	x.via(ViaSent)
	ans, err := a.send(ctx, x)
	status := statusOf(ans)
	v = a.judge(ctx, began, status, err)
	a.meter.attempt(ctx, a, x, began, status, err)
	return ans, err
}

// transient tells whether a failure is likely to pass. Connections break; proxies before an API lose requests (408, 502, 504); an API
// that restarts says 503. 429 counts only with a Retry-After: repeating sooner is what it complains about. 500 is a fault that a repeat
// would meet again.
func (a *API) transient(ans *answer, err error) bool {
	if err != nil {
		return a.isNetwork(err)
	}
	switch ans.status {
	case http.StatusRequestTimeout, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusTooManyRequests:
		return retryAfter(ans.header, a.now()) > 0
	}
	return false
}

// isNetwork tells whether an error comes from the way to the API, rather than from this program, from sign-in or from an answer.
func (a *API) isNetwork(err error) bool {
	var ours *Error
	var held *heldBack
	return !errors.As(err, &ours) && !errors.As(err, &held) && !errors.Is(err, errProgram) && !errors.Is(err, errExhausted) && (a.classify == nil || a.classify(err) == nil)
}

// judge says what the end of an attempt tells about the API's health. It tells nothing if the caller went away, or if the deadline left the
// API less than [fairTime].
func (a *API) judge(ctx context.Context, began time.Time, status int, err error) verdict {
	switch {
	case err != nil && !a.isNetwork(err):
		return noVerdict // Even if the time is over: it was spent elsewhere, on a token that did not come.
	case err == nil && status >= 500 && status != http.StatusNotImplemented && status != http.StatusHTTPVersionNotSupported:
		return ill
	case err == nil:
		return well
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && a.now().Sub(began) >= min(a.timeout, fairTime):
		return ill
	case ctx.Err() != nil:
		return noVerdict
	}
	return ill
}

// backoff is how long to wait after the nth attempt: exponential, with half of it random, so that callers spread out.
func backoff(n int) time.Duration {
	d := min(firstBackoff<<min(n-1, 10), longestBackoff)
	return d/2 + rand.N(d/2+1) //nolint:gosec // Jitter, no secret.
}

// pause waits; it is false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retryBudget lets a share of calls be repeated: each call earns a part of a repeat, each repeat costs a whole one.
type retryBudget struct {
	share float64

	mu     sync.Mutex // guards at hand
	atHand float64
}

func newRetryBudget(share float64) *retryBudget {
	return &retryBudget{share: share, atHand: retryReserve}
}

func (b *retryBudget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.atHand = min(b.atHand+b.share, retryReserve)
}

func (b *retryBudget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.atHand < 1 {
		return false
	}
	b.atHand--
	return true
}
