package graph

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// withTimeout is [context.WithTimeoutCause] with errOperationTimeout, whose timer begins when somebody first waits for the
// context's end. An operation that asks no API is answered before anybody does, and the timer would be a sixth of what it costs.
func withTimeout(parent context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	t := &timeoutContext{Context: parent, deadline: time.Now().Add(timeout)}
	return t, t.cancel
}

// timeoutContext is safe for concurrent use, as contexts are.
type timeoutContext struct {
	context.Context //nolint:containedctx // It is a context, and this its parent.

	deadline time.Time
	timed    atomic.Pointer[timedContext] // nil until somebody waits

	mu       sync.Mutex // guards canceled, and that timed is set once
	canceled bool
}

// timedContext is the one that has the timer.
type timedContext struct {
	context.Context //nolint:containedctx // It is a context.

	cancel context.CancelFunc
}

// wait gives the context that has the timer.
func (t *timeoutContext) wait() *timedContext {
	if timed := t.timed.Load(); timed != nil {
		return timed
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if timed := t.timed.Load(); timed != nil {
		return timed
	}
	timed := &timedContext{}
	if t.canceled { // Its time may have passed since.
		timed.Context, timed.cancel = context.WithCancel(t.Context)
		timed.cancel()
	} else {
		timed.Context, timed.cancel = context.WithDeadlineCause(t.Context, t.deadline, errOperationTimeout)
	}
	t.timed.Store(timed)
	return timed
}

func (t *timeoutContext) cancel() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.canceled = true
	if timed := t.timed.Load(); timed != nil {
		timed.cancel()
	}
}

func (t *timeoutContext) isCanceled() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.canceled
}

// Deadline implements [context.Context].
func (t *timeoutContext) Deadline() (deadline time.Time, ok bool) {
	if earlier, ok := t.Context.Deadline(); ok && earlier.Before(t.deadline) {
		return earlier, true
	}
	return t.deadline, true
}

// Done implements [context.Context].
func (t *timeoutContext) Done() <-chan struct{} { return t.wait().Done() }

// Err implements [context.Context].
func (t *timeoutContext) Err() error {
	if timed := t.timed.Load(); timed != nil {
		return timed.Err()
	}
	if err := t.Context.Err(); err != nil {
		return err
	}
	if t.isCanceled() || !time.Now().Before(t.deadline) {
		return t.wait().Err() // It knows the cause too.
	}
	return nil
}

// Value implements [context.Context]. Contexts made of this one, and [context.Cause], find by it who tells them of the end.
func (t *timeoutContext) Value(key any) any {
	if timed := t.timed.Load(); timed != nil {
		return timed.Value(key)
	}
	return t.Context.Value(key)
}
