package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// outcome is what came of one request.
type outcome int

const (
	right outcome = iota
	// wrong is another's answer, nobody's for somebody who is signed in, or a failure that is none of the following.
	wrong
	// again is an error of a field that says to try again: its token is being fetched by somebody else.
	again
	// outage is 503 with Retry-After: the session store is away.
	outage
	// cut is a connection that ended in the middle.
	cut
	// lost is a session that has ended.
	lost
	outcomes
)

// tally counts outcomes by phase.
type tally struct {
	mu     sync.Mutex // guards all of the following
	phases []*phase
	wrongs []string // the first few, in words
	waits  time.Duration
	// disturbedAt is when the last answer came that was not right.
	disturbedAt time.Time
	lostSID     map[string]bool
}

// phase is a stretch of the run.
type phase struct {
	name          string
	count         [outcomes]int
	first, last   time.Time // outage
	slowest       time.Duration
	requestsBegun time.Time
}

func (t *tally) begin(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phases = append(t.phases, &phase{name: name, requestsBegun: time.Now()})
}

// note counts an outcome.
func (t *tally) note(o outcome, took time.Duration, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.phases[len(t.phases)-1]
	p.count[o]++
	p.slowest = max(p.slowest, took)
	if o != right {
		t.disturbedAt = time.Now()
	}
	switch o {
	case outage:
		if p.first.IsZero() {
			p.first = time.Now().Add(-took)
		}
		p.last = time.Now()
	case wrong:
		if len(t.wrongs) < 5 {
			t.wrongs = append(t.wrongs, p.name+": "+why)
		}
	}
}

// waited notes how long somebody was told to try again.
func (t *tally) waited(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waits = max(t.waits, d)
}

// disturbed tells whether something was noticed within the last second.
func (t *tally) disturbed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Since(t.disturbedAt) < time.Second
}

func (t *tally) loses(sid string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lostSID[sid] = true
}

func (t *tally) losses() map[string]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := map[string]bool{}
	for sid := range t.lostSID {
		out[sid] = true
	}
	return out
}

// row prints the phase that has just ended.
func (t *tally) row(out io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.phases[len(t.phases)-1]
	cells := []string{p.name, fmt.Sprintf("%.1f s", time.Since(p.requestsBegun).Seconds())}
	for _, n := range p.count {
		cells = append(cells, fmt.Sprint(n))
	}
	cells = append(cells, fmt.Sprintf("%.2f s", p.slowest.Seconds()))
	fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
}

// header is the head of the rows.
const header = "| phase | took | right | wrong | try again | 503 | cut | logged out | slowest answer |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|"

func durations(list []time.Duration) string {
	var out []string
	for _, d := range list {
		out = append(out, fmt.Sprintf("%d ms", d.Milliseconds()))
	}
	return strings.Join(out, ", ")
}
