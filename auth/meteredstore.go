package auth

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meteredStore measures the calls of a store, and counts what sessions began and ended by them. Watch and Close it passes on.
type meteredStore struct {
	Store
	duration     metric.Float64Histogram
	began, ended metric.Int64Counter
	known        map[storeCall]metric.MeasurementOption
}

// storeCall is what a call's duration is counted by.
type storeCall struct{ operation, outcome string }

// Outcomes of a store's calls. What the contract has as an answer is none of the store's faults.
const (
	storeOK   = "ok"
	storeKept = "kept" // answered from this process's memory
	storeNo   = "no"   // one of the named errors: absent, taken, changed meanwhile, forbidden, full
	storeOut  = "error"
)

// newMeteredStore gives the store itself if nobody wants to know.
func newMeteredStore(store Store, provider metric.MeterProvider) (Store, error) {
	if provider == nil {
		return store, nil
	}
	from, m := provider.Meter("vestibule.example/auth"), &meteredStore{Store: store, known: map[storeCall]metric.MeasurementOption{}}
	for _, operation := range []string{"create", "get", "update", "touch", "delete", "end", "list", "lease", "put", "take", "check"} {
		for _, outcome := range []string{storeOK, storeKept, storeNo, storeOut} {
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

func (m *meteredStore) measure(ctx context.Context, operation string, began time.Time, outcome string) {
	m.duration.Record(context.WithoutCancel(ctx), time.Since(began).Seconds(), m.known[storeCall{operation, outcome}])
}

func storeOutcome(err error) string {
	switch {
	case err == nil:
		return storeOK
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrExists), errors.Is(err, ErrConflict), errors.Is(err, ErrLoggedOut), errors.Is(err, ErrStoreFull):
		return storeNo
	}
	return storeOut
}

func (m *meteredStore) end(ctx context.Context, reason string, n int) {
	if n > 0 {
		m.ended.Add(ctx, int64(n), metric.WithAttributes(attribute.String("reason", reason)))
	}
}

// Create implements [Store].
func (m *meteredStore) Create(ctx context.Context, r *Record) error {
	began := time.Now()
	err := m.Store.Create(ctx, r)
	m.measure(ctx, "create", began, storeOutcome(err))
	if err == nil {
		m.began.Add(ctx, 1)
	}
	return err
}

// Get implements [Store].
func (m *meteredStore) Get(ctx context.Context, key string) (*Record, error) {
	began := time.Now()
	r, err := m.Store.Get(ctx, key)
	outcome := storeOutcome(err)
	if err == nil && r.Kept {
		outcome = storeKept
	}
	m.measure(ctx, "get", began, outcome)
	return r, err
}

// Update implements [Store].
func (m *meteredStore) Update(ctx context.Context, r *Record) error {
	began := time.Now()
	err := m.Store.Update(ctx, r)
	m.measure(ctx, "update", began, storeOutcome(err))
	return err
}

// Touch implements [Store].
func (m *meteredStore) Touch(ctx context.Context, key string, seen time.Time) error {
	began := time.Now()
	err := m.Store.Touch(ctx, key, seen)
	m.measure(ctx, "touch", began, storeOutcome(err))
	return err
}

// Delete implements [Store].
func (m *meteredStore) Delete(ctx context.Context, key, reason string) error {
	began := time.Now()
	err := m.Store.Delete(ctx, key, reason)
	m.measure(ctx, "delete", began, storeOutcome(err))
	if err == nil {
		m.end(ctx, reason, 1)
	}
	return err
}

// End implements [Store].
func (m *meteredStore) End(ctx context.Context, which Selector, reason string) (int, error) {
	began := time.Now()
	n, err := m.Store.End(ctx, which, reason)
	m.measure(ctx, "end", began, storeOutcome(err))
	m.end(ctx, reason, n)
	return n, err
}

// List implements [Store].
func (m *meteredStore) List(ctx context.Context, subject []string) ([]*Record, error) {
	began := time.Now()
	list, err := m.Store.List(ctx, subject)
	m.measure(ctx, "list", began, storeOutcome(err))
	return list, err
}

// Lease implements [Store].
func (m *meteredStore) Lease(ctx context.Context, name string, ttl time.Duration) (func(), bool, error) {
	began := time.Now()
	release, ok, err := m.Store.Lease(ctx, name, ttl)
	outcome := storeOutcome(err)
	if err == nil && !ok {
		outcome = storeNo
	}
	m.measure(ctx, "lease", began, outcome)
	return release, ok, err
}

// Put implements [Store].
func (m *meteredStore) Put(ctx context.Context, name string, value []byte, ttl time.Duration) error {
	began := time.Now()
	err := m.Store.Put(ctx, name, value, ttl)
	m.measure(ctx, "put", began, storeOutcome(err))
	return err
}

// Take implements [Store].
func (m *meteredStore) Take(ctx context.Context, name string) ([]byte, error) {
	began := time.Now()
	value, err := m.Store.Take(ctx, name)
	m.measure(ctx, "take", began, storeOutcome(err))
	return value, err
}

// Check implements [Store].
func (m *meteredStore) Check(ctx context.Context) error {
	began := time.Now()
	err := m.Store.Check(ctx)
	m.measure(ctx, "check", began, storeOutcome(err))
	return err
}
