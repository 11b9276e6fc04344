package auth

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
)

// watchedStore measures and traces the calls of a store, counts the sessions that began and ended by them, and notes when the store
// fails and comes back. It passes Watch and Close on.
type watchedStore struct {
	Store
	comeback     *comeback
	duration     metric.Float64Histogram
	began, ended metric.Int64Counter
	known        map[storeCall]metric.MeasurementOption
	tracer       trace.Tracer // nil where nothing is traced
}

// storeCall is what a call's duration is counted by.
type storeCall struct{ operation, outcome string }

// Outcomes of a store's calls. The named errors of the contract are answers, not failures.
const (
	storeOK   = "ok"
	storeKept = "kept" // answered from this process's memory
	storeNo   = "no"   // one of the named errors: absent, taken, changed meanwhile, forbidden
	storeFull = "full" // it has no room
	storeOut  = "error"
)

func newWatchedStore(store Store, meters metric.MeterProvider, traces trace.TracerProvider, noted *comeback) (Store, error) {
	if meters == nil {
		meters = noop.NewMeterProvider()
	}
	from, m := meters.Meter(telemetryScope), &watchedStore{Store: store, comeback: noted, known: map[storeCall]metric.MeasurementOption{}}
	if traces != nil {
		m.tracer = traces.Tracer(telemetryScope)
	}
	for _, operation := range []string{"create", "get", "update", "touch", "delete", "end", "list", "lease", "put", "take", "check"} {
		for _, outcome := range []string{storeOK, storeKept, storeNo, storeFull, storeOut} {
			m.known[storeCall{operation, outcome}] = metric.WithAttributeSet(attribute.NewSet(attribute.String("operation", operation), attribute.String("outcome", outcome)))
		}
	}
	var faults [3]error
	m.duration, faults[0] = from.Float64Histogram("vestibule.store.call.duration", metric.WithUnit("s"), metric.WithDescription("How long calls of the session store took."),
		metric.WithExplicitBucketBoundaries(0.00001, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5))
	m.began, faults[1] = from.Int64Counter("vestibule.session.starts", metric.WithDescription("Sessions that began at this replica."))
	m.ended, faults[2] = from.Int64Counter("vestibule.session.ends", metric.WithDescription("Sessions that this replica ended, by why. Those that expire are ended by nobody."))
	return m, errors.Join(faults[:]...)
}

// call is a call under way.
type call struct {
	store     *watchedStore
	operation string
	began     time.Time
	ctx       context.Context //nolint:containedctx // That of the one call.
	span      trace.Span      // nil where the call is not traced
}

func (m *watchedStore) begin(ctx context.Context, operation string) call {
	c := call{m, operation, time.Now(), ctx, nil}
	if m.tracer != nil && trace.SpanContextFromContext(ctx).IsSampled() {
		c.ctx, c.span = m.tracer.Start(ctx, "store "+operation, trace.WithSpanKind(trace.SpanKindClient))
	}
	return c
}

func (c call) end(outcome string) {
	switch {
	case outcome == storeOut && c.ctx.Err() == nil:
		c.store.comeback.failed()
	case outcome != storeOut && outcome != storeKept:
		c.store.comeback.answered()
	}
	c.store.duration.Record(context.WithoutCancel(c.ctx), time.Since(c.began).Seconds(), c.store.known[storeCall{c.operation, outcome}])
	if c.span == nil {
		return
	}
	c.span.SetAttributes(attribute.String("vestibule.outcome", outcome))
	if outcome == storeOut {
		c.span.SetStatus(codes.Error, "")
	}
	c.span.End()
}

func storeOutcome(err error) string {
	switch {
	case err == nil:
		return storeOK
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrExists), errors.Is(err, ErrConflict), errors.Is(err, ErrLoggedOut):
		return storeNo
	case errors.Is(err, ErrStoreFull):
		return storeFull
	}
	return storeOut
}

func (m *watchedStore) over(ctx context.Context, reason string, n int) {
	if n > 0 {
		m.ended.Add(ctx, int64(n), metric.WithAttributes(attribute.String("reason", reason)))
	}
}

// Create implements [Store].
func (m *watchedStore) Create(ctx context.Context, r *Record) error {
	c := m.begin(ctx, "create")
	err := m.Store.Create(c.ctx, r)
	c.end(storeOutcome(err))
	if err == nil {
		m.began.Add(ctx, 1)
	}
	return err
}

// Get implements [Store].
func (m *watchedStore) Get(ctx context.Context, key string) (*Record, error) {
	c := m.begin(ctx, "get")
	r, err := m.Store.Get(c.ctx, key)
	outcome := storeOutcome(err)
	if err == nil && r.Kept {
		outcome = storeKept
	}
	c.end(outcome)
	return r, err
}

// Update implements [Store].
func (m *watchedStore) Update(ctx context.Context, r *Record) error {
	c := m.begin(ctx, "update")
	err := m.Store.Update(c.ctx, r)
	c.end(storeOutcome(err))
	return err
}

// Touch implements [Store].
func (m *watchedStore) Touch(ctx context.Context, key string, seen time.Time) error {
	c := m.begin(ctx, "touch")
	err := m.Store.Touch(c.ctx, key, seen)
	c.end(storeOutcome(err))
	return err
}

// Delete implements [Store].
func (m *watchedStore) Delete(ctx context.Context, key, reason string) error {
	c := m.begin(ctx, "delete")
	err := m.Store.Delete(c.ctx, key, reason)
	c.end(storeOutcome(err))
	if err == nil {
		m.over(ctx, reason, 1)
	}
	return err
}

// End implements [Store].
func (m *watchedStore) End(ctx context.Context, which Selector, reason string) (int, error) {
	c := m.begin(ctx, "end")
	n, err := m.Store.End(c.ctx, which, reason)
	c.end(storeOutcome(err))
	m.over(ctx, reason, n)
	return n, err
}

// List implements [Store].
func (m *watchedStore) List(ctx context.Context, subject []string) ([]*Record, error) {
	c := m.begin(ctx, "list")
	list, err := m.Store.List(c.ctx, subject)
	c.end(storeOutcome(err))
	return list, err
}

// Lease implements [Store].
func (m *watchedStore) Lease(ctx context.Context, name string, ttl time.Duration) (func(), bool, error) {
	c := m.begin(ctx, "lease")
	release, ok, err := m.Store.Lease(c.ctx, name, ttl)
	outcome := storeOutcome(err)
	if err == nil && !ok {
		outcome = storeNo
	}
	c.end(outcome)
	return release, ok, err
}

// Put implements [Store].
func (m *watchedStore) Put(ctx context.Context, name string, value []byte, ttl time.Duration) error {
	c := m.begin(ctx, "put")
	err := m.Store.Put(c.ctx, name, value, ttl)
	c.end(storeOutcome(err))
	return err
}

// Take implements [Store].
func (m *watchedStore) Take(ctx context.Context, name string) ([]byte, error) {
	c := m.begin(ctx, "take")
	value, err := m.Store.Take(c.ctx, name)
	c.end(storeOutcome(err))
	return value, err
}

// Check implements [Store].
func (m *watchedStore) Check(ctx context.Context) error {
	c := m.begin(ctx, "check")
	err := m.Store.Check(c.ctx)
	c.end(storeOutcome(err))
	return err
}
