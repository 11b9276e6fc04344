package clients

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
)

const (
	// maxTraced bounds the calls that one Trace notes; further ones are only counted.
	maxTraced = 1000
	// maxTracedPath bounds what is noted of one call's path and query, in bytes: a batch may ask for many keys.
	maxTracedPath = 1 << 10
)

// TraceConfig configures a Trace. The zero value is valid.
type TraceConfig struct {
	// Field gives the field for which a call with the context is made: its response path without indices, such as me.orders; empty if
	// there is none.
	Field func(context.Context) string
	// Now is the clock, the same as the APIs'. Default time.Now.
	Now func() time.Time
}

// Trace notes every call that is made with its context: when, why, and how it was answered. It holds what a developer may see of a call,
// which is everything except headers and bodies: no token, no cookie. It is safe for concurrent use.
//
// It costs a few hundred bytes per call; without one in the context nothing is allocated.
type Trace struct {
	cfg   TraceConfig
	start time.Time

	mu    sync.Mutex // guards all of the following
	notes []*note
	more  int
}

// Via is how a call was answered.
type Via string

// The ways to be answered. A call that was held back, or failed before it was sent, has none.
const (
	ViaSent        Via = "sent"        // the API was asked
	ViaShared      Via = "shared"      // by the answer to another call that was under way
	ViaCached      Via = "cached"      // by what was kept and fresh
	ViaRevalidated Via = "revalidated" // by what was kept, of which the API said that it is still right
	ViaStale       Via = "stale"       // by what was kept and no longer fresh: while it is renewed, or after a failure
)

// TokenName says which token an API gets: never the token.
type TokenName struct {
	Kind, Audience, Resource string
	Scopes                   []string
}

// TracedCall is what was noted of one call.
type TracedCall struct {
	ID int // counts a trace's calls from 1
	// API, Method and Template name the operation; Path is what was asked, below the API's base, with its query.
	API, Method, Template, Path string
	// Fields are the fields that asked.
	Fields []string
	// Keys is how many keys the call asks for, if it is a batch's: of so many Parts this is Part, from 1.
	Keys, Part, Parts int
	// Start is since the trace's own, Duration until the answer was read into its type, or until now.
	Start, Duration time.Duration
	Status          int
	Via             Via
	// SharedWith is the call of the same trace whose answer this one was given; 0 if that was another's.
	SharedWith int
	Attempts   []TracedAttempt
	Token      TokenName
	// Bytes is the size of the answer's body, decompressed.
	Bytes int
	// Code is how it failed.
	Code Code
}

// TracedAttempt is one try of a call. Code is set when it had no answer.
type TracedAttempt struct {
	Start, Duration time.Duration
	Status          int
	Code            Code
}

// NewTrace begins a trace.
func NewTrace(cfg TraceConfig) *Trace {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Trace{cfg: cfg, start: cfg.Now()}
}

type traceKey struct{}

// WithTrace has the calls under ctx noted.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

func traceFrom(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}

// Duration is how long the trace has run.
func (t *Trace) Duration() time.Duration { return t.cfg.Now().Sub(t.start) }

// Calls are the calls so far, in the order in which they were begun, and how many more there were.
func (t *Trace) Calls() (calls []TracedCall, more int) {
	t.mu.Lock()
	notes, more := slices.Clone(t.notes), t.more
	t.mu.Unlock()
	now := t.cfg.Now()
	calls = make([]TracedCall, len(notes))
	for i, n := range notes {
		calls[i] = n.read(now)
	}
	return calls, more
}

// add takes a note in and numbers it; it is false when there are too many.
func (t *Trace) add(n *note) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.notes) == maxTraced {
		t.more++
		return false
	}
	t.notes = append(t.notes, n)
	n.call.ID = len(t.notes)
	return true
}

func (t *Trace) field(ctx context.Context) string {
	if t.cfg.Field == nil {
		return ""
	}
	return t.cfg.Field(ctx)
}

// askers are the fields for which a call is made. More may come while it is under way.
type askers struct {
	mu     sync.Mutex // guards fields
	fields []string
}

type askersKey struct{}

// askersOf are those of the work that ctx belongs to, or the field of ctx alone.
func (t *Trace) askersOf(ctx context.Context) *askers {
	if a, ok := ctx.Value(askersKey{}).(*askers); ok {
		return a
	}
	a := &askers{}
	a.add(t.field(ctx))
	return a
}

func (a *askers) add(field string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if field != "" && !slices.Contains(a.fields, field) {
		a.fields = append(a.fields, field)
	}
}

func (a *askers) list() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.fields)
}

// withAskers marks ctx as that of work which other fields may join; nil unless it is traced.
func withAskers(ctx context.Context) (context.Context, *askers) {
	t := traceFrom(ctx)
	if t == nil {
		return ctx, nil
	}
	a := &askers{}
	a.add(t.field(ctx))
	return context.WithValue(ctx, askersKey{}, a), a
}

// join adds the field of ctx to those for which work is done.
func (a *askers) join(ctx context.Context) {
	if a == nil {
		return
	}
	if t := traceFrom(ctx); t != nil {
		a.add(t.field(ctx))
	}
}

// batchPart is the part of a batch that a context's calls are made for.
type batchPart struct{ keys, part, parts int }

type batchPartKey struct{}

func withBatchPart(ctx context.Context, p batchPart) context.Context {
	if traceFrom(ctx) == nil && !trace.SpanContextFromContext(ctx).IsSampled() {
		return ctx
	}
	return context.WithValue(ctx, batchPartKey{}, p)
}
