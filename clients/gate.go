package clients

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

const (
	defaultConcurrency = 256
	// waitersPerSlot bounds the queue: in a longer one everybody would only come too late.
	waitersPerSlot = 4
	// crowdWait is the Retry-After of a caller for whom there is no place in the queue.
	crowdWait = time.Second
)

// heldBack is the error of a call that was not sent. It never reached the API, so that repeating it is safe whatever it is.
type heldBack struct {
	why   string
	after time.Duration
}

func (h *heldBack) Error() string { return "not sent: " + h.why }

// slots bounds the calls under way at once, and how many may wait for their turn.
type slots struct {
	taken   chan struct{} // holds one for each call under way; its capacity is the bound
	waiting atomic.Int64
	queue   int64
}

func newSlots(n int) *slots {
	return &slots{taken: make(chan struct{}, n), queue: int64(n) * waitersPerSlot}
}

// take waits for a slot in order of arrival, no longer than ctx.
func (s *slots) take(ctx context.Context) error {
	select {
	case s.taken <- struct{}{}:
		return nil
	default:
	}
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > s.queue {
		return &heldBack{"too many calls wait already", crowdWait}
	}
	select {
	case s.taken <- struct{}{}:
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return &heldBack{"no other call ended in time", crowdWait}
		}
		return ctx.Err()
	}
}

func (s *slots) free() { <-s.taken }

// pass is an attempt's leave to be sent.
type pass struct{ era uint64 }

// admit takes a slot and the breaker's leave, or says why the call is held back. Each success is followed by release.
func (a *API) admit(ctx context.Context) (pass, error) {
	if err := a.slots.take(ctx); err != nil {
		a.count.crowded.Add(1)
		return pass{}, err
	}
	era, wait, ok, changed := a.breaker.admit()
	if changed {
		a.log.InfoContext(ctx, "an API that failed is tried again", "api", a.name)
	}
	if !ok {
		a.slots.free()
		a.count.refused.Add(1)
		return pass{}, &heldBack{"the API fails and is left alone for a while", wait}
	}
	a.count.attempts.Add(1)
	return pass{era}, nil
}

// release tells the breaker how the attempt ended and then gives the slot back, so that whoever waits for the slot sees the breaker's new
// state.
func (a *API) release(p pass, v verdict) {
	defer a.slots.free()
	if v == ill {
		a.count.failures.Add(1)
	}
	switch a.breaker.report(p.era, v) {
	case stateClosed:
		a.log.Info("an API is well again", "api", a.name)
	case stateOpen:
		a.log.Warn("an API fails and is left alone for a while", "api", a.name, "for", a.breaker.Open)
	}
}

// counters count since the start.
type counters struct {
	calls, attempts, retries, unaffordable, failures, refused, crowded, exhausted, greedy, full atomic.Uint64
	relayed                                                                                     atomic.Int64 // now
}

// Health is how an API has been doing since the start, and how it does now.
type Health struct {
	Calls        uint64 // calls begun
	Attempts     uint64 // requests sent for them, and for the relay
	Retries      uint64 // attempts that repeated another
	Unaffordable uint64 // repeats that the budget did not allow
	Failures     uint64 // attempts that ended in 5xx or no answer
	Refused      uint64 // attempts that the breaker held back
	Crowded      uint64 // attempts that found no slot
	Exhausted    uint64 // attempts for which there were no open files left
	RelayShare   uint64 // relayed requests of somebody who had all her share of the answers on their way
	RelayFull    uint64 // relayed requests for which there was no place at all

	Breaker string // closed, open or half-open
	Active  int    // attempts under way
	Waiting int    // attempts that wait for a slot
	Relayed int    // relayed answers and sockets on their way
}

// Health is a snapshot; its numbers may be a moment apart.
func (a *API) Health() Health {
	return Health{
		Calls: a.count.calls.Load(), Attempts: a.count.attempts.Load(), Retries: a.count.retries.Load(), Unaffordable: a.count.unaffordable.Load(),
		Failures: a.count.failures.Load(), Refused: a.count.refused.Load(), Crowded: a.count.crowded.Load(), Exhausted: a.count.exhausted.Load(),
		RelayShare: a.count.greedy.Load(), RelayFull: a.count.full.Load(),
		Breaker: a.breaker.current(), Active: len(a.slots.taken), Waiting: int(a.slots.waiting.Load()),
		Relayed: int(a.count.relayed.Load()),
	}
}
