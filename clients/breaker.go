package clients

import (
	"sync"
	"time"
)

const (
	defaultFailures = 20
	defaultWindow   = 10 * time.Second
	defaultOpen     = 5 * time.Second
	// windowParts is how finely the window slides.
	windowParts = 10
	// maxProbes bounds the calls that try whether an API is well again, and is how many successes in a row close the breaker.
	maxProbes = 3
	// probeWait is the Retry-After of a caller that is turned away while others try.
	probeWait = time.Second
)

// Breaker says when calls of an API are not sent, because it fails too often. The zero value is the default.
type Breaker struct {
	// Failures is how many attempts of the last Window must have failed (5xx, no answer, no connection), and be at least half of all,
	// for the breaker to open. Default 20; negative: it never opens.
	Failures int
	// Window is how far back attempts count. Default 10 s.
	Window time.Duration
	// Open is how long nothing is sent before a few calls may try again. Default 5 s.
	Open time.Duration
}

// verdict is what an attempt tells about an API's health.
type verdict uint8

const (
	noVerdict verdict = iota
	well
	ill
)

// States of a breaker, as they are logged and shown.
const (
	stateClosed   = "closed"
	stateOpen     = "open"
	stateHalfOpen = "half-open"
)

// breaker holds back calls of an API that does not answer them: it spares the API the load, and the callers the wait.
type breaker struct {
	Breaker
	now func() time.Time

	mu      sync.Mutex // guards all of the following
	state   string
	era     uint64 // counts changes of state: what began in another era says nothing about this one
	until   time.Time
	parts   [windowParts]windowPart
	probing int
	proven  int
}

// windowPart counts the attempts of a tenth of the window.
type windowPart struct {
	number   int64 // of the tenth, since the epoch
	all, ill int
}

func newBreaker(cfg Breaker, now func() time.Time) *breaker {
	if cfg.Failures == 0 {
		cfg.Failures = defaultFailures
	}
	if cfg.Window == 0 {
		cfg.Window = defaultWindow
	}
	if cfg.Open == 0 {
		cfg.Open = defaultOpen
	}
	return &breaker{Breaker: cfg, now: now, state: stateClosed}
}

// admit lets an attempt through, or says how long to wait. changed tells that the breaker's state changed.
func (b *breaker) admit() (era uint64, wait time.Duration, ok, changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == stateOpen {
		if wait := b.until.Sub(b.now()); wait > 0 {
			return 0, wait, false, false
		}
		b.turn(stateHalfOpen)
		changed = true
	}
	if b.state == stateHalfOpen {
		if b.probing >= maxProbes {
			return 0, probeWait, false, changed
		}
		b.probing++
	}
	return b.era, 0, true, changed
}

// report notes how an attempt ended that was let through in the given era, and returns the new state if that changed.
func (b *breaker) report(era uint64, v verdict) (changedTo string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if era != b.era {
		return ""
	}
	switch {
	case b.state == stateHalfOpen:
		b.probe(v)
	case v != noVerdict:
		b.note(v)
	}
	if era != b.era {
		return b.state
	}
	return ""
}

// probe counts a probe's verdict. The caller holds mu.
func (b *breaker) probe(v verdict) {
	b.probing--
	switch v {
	case ill:
		b.turn(stateOpen)
	case well:
		if b.proven++; b.proven == maxProbes {
			b.turn(stateClosed)
		}
	}
}

// note counts a verdict in the window, and opens the breaker if there are too many failures. The caller holds mu.
func (b *breaker) note(v verdict) {
	part := b.part()
	part.all++
	if v != ill {
		return
	}
	part.ill++
	if all, failed := b.sum(part.number); b.Failures > 0 && failed >= b.Failures && 2*failed >= all {
		b.turn(stateOpen)
	}
}

// turn changes the state. The caller holds mu.
func (b *breaker) turn(state string) {
	b.state, b.probing, b.proven = state, 0, 0
	b.era++
	b.parts = [windowParts]windowPart{}
	b.until = b.now().Add(b.Open)
}

// part is the present tenth of the window. The caller holds mu.
func (b *breaker) part() *windowPart {
	number := b.now().UnixNano() / int64(max(b.Window/windowParts, 1))
	part := &b.parts[number%windowParts]
	if part.number != number {
		*part = windowPart{number: number}
	}
	return part
}

// sum counts the attempts of the window that ends with a tenth. The caller holds mu.
func (b *breaker) sum(last int64) (all, failed int) {
	for _, part := range b.parts {
		if part.number > last-windowParts {
			all += part.all
			failed += part.ill
		}
	}
	return all, failed
}

func (b *breaker) current() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}
