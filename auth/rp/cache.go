package rp

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// renewEvery bounds how often tokens that do not verify can make us fetch the keys again. Anybody can send
	// us a token with an invented kid, so this is what keeps us from being a weapon against the provider.
	renewEvery = 10 * time.Second
	// firstBackoff and lastBackoff space the tries after a failure. Until something has been fetched, callers fail at once between
	// two tries.
	firstBackoff = 250 * time.Millisecond
	lastBackoff  = 10 * time.Second
)

// cached is a value fetched from the provider: by one fetch at a time, which no caller can cancel; renewed in the
// background when it is old; kept when renewing fails.
//
// Each fetch runs in a goroutine of its own that ends with the fetch, whose calls are bounded in time (Provider.do). It
// has no deadline of its own: that would pass for a caller's.
type cached[T any] struct {
	name   string
	fetch  func(context.Context) (T, error)
	now    func() time.Time
	maxAge time.Duration
	log    *slog.Logger

	mu         sync.Mutex // guards what follows
	value      T
	generation int // number of successful fetches; 0: no value yet
	dueAt      time.Time
	renewedAt  time.Time // of the last fetch that a caller of renew began
	flight     *flight   // the fetch under way, nil if none
	failures   int       // since the last success
	lastErr    error     // of the last fetch, nil if it succeeded
}

type flight struct{ done chan struct{} }

// get returns the value and its generation. It waits only while there is none yet.
func (c *cached[T]) get(ctx context.Context) (T, int, error) {
	c.mu.Lock()
	due := !c.now().Before(c.dueAt)
	if c.generation > 0 {
		if due {
			c.start()
		}
		defer c.mu.Unlock()
		return c.value, c.generation, nil
	}
	if c.flight == nil && !due {
		defer c.mu.Unlock()
		return c.value, 0, c.lastErr
	}
	f := c.start()
	c.mu.Unlock()
	return c.wait(ctx, f)
}

// renew fetches anew on behalf of a caller to whom generation seen was not good enough, at most once in
// renewEvery. The error says that the last fetch failed; the value is usable all the same if it has a generation.
func (c *cached[T]) renew(ctx context.Context, seen int) (T, int, error) {
	c.mu.Lock()
	if c.flight == nil {
		now := c.now()
		if c.generation != seen || now.Sub(c.renewedAt) < renewEvery {
			defer c.mu.Unlock()
			return c.value, c.generation, c.lastErr
		}
		c.renewedAt = now
	}
	f := c.start()
	c.mu.Unlock()
	return c.wait(ctx, f)
}

// start begins a fetch or joins the one under way. The caller holds mu.
func (c *cached[T]) start() *flight {
	if c.flight == nil {
		c.flight = &flight{done: make(chan struct{})}
		go c.run(c.flight)
	}
	return c.flight
}

func (c *cached[T]) wait(ctx context.Context, f *flight) (T, int, error) {
	select {
	case <-f.done:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.value, c.generation, c.lastErr
	case <-ctx.Done():
		var none T
		return none, 0, fmt.Errorf("rp: waiting for the provider's %s: %w", c.name, ctx.Err())
	}
}

// guarded is fetch, whose panic would end the process.
func (c *cached[T]) guarded(ctx context.Context) (value T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("rp: panic while the provider's %s were fetched: %v", c.name, v)
			c.log.ErrorContext(ctx, "panic", "error", err, "stack", string(debug.Stack()))
		}
	}()
	return c.fetch(ctx)
}

func (c *cached[T]) run(f *flight) {
	ctx := context.Background()
	value, err := c.guarded(ctx)

	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(f.done)
	c.flight, c.lastErr = nil, err
	if err != nil {
		backoff := min(firstBackoff<<min(c.failures, 10), lastBackoff)
		c.failures++
		c.dueAt = c.now().Add(backoff)
		c.log.WarnContext(ctx, "identity provider: fetch failed", "what", c.name, "error", err,
			"failures", c.failures, "stale", c.generation > 0)
		return
	}
	c.value, c.failures = value, 0
	c.generation++
	c.dueAt = c.now().Add(c.maxAge)
}
