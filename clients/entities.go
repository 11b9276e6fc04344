package clients

import (
	"context"
	"sync"
)

// Entities fetches things by key for one request, each at most once, in as few calls as its callers allow: what is
// announced with Expect comes along with the first Load. There are no timers: a call begins the moment somebody waits for
// it. It must live no longer than the request, since it knows nothing of who asks. Safe for concurrent use.
type Entities[K comparable, V any] struct {
	fetch func(context.Context, []K) (map[K]V, error)

	mu       sync.Mutex              // guards what follows
	expected []K                     // announced and not fetched, in order of announcement; may hold keys twice
	flights  map[K]*entityCall[K, V] // by key, from the moment its call begins
}

type entityCall[K comparable, V any] = flight[map[K]V]

// Result is what became of one key. Without Err, Found tells whether there is such a thing.
type Result[V any] struct {
	Value V
	Found bool
	Err   error
}

// NewEntities makes an empty cache over fetch, which gets distinct keys, leaves out those that do not exist, and may
// return a *BatchError beside values. fetch sees the context of the caller that began it, but ends only when all who wait
// have left.
func NewEntities[K comparable, V any](fetch func(context.Context, []K) (map[K]V, error)) *Entities[K, V] {
	return &Entities[K, V]{fetch: fetch, flights: map[K]*entityCall[K, V]{}}
}

// Expect announces keys that may be asked for. It calls nothing.
func (e *Entities[K, V]) Expect(keys ...K) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, k := range keys {
		if e.flights[k] == nil {
			e.expected = append(e.expected, k)
		}
	}
}

// Load is LoadAll for one key.
func (e *Entities[K, V]) Load(ctx context.Context, key K) (value V, found bool, err error) {
	r := e.LoadAll(ctx, []K{key})[0]
	return r.Value, r.Found, r.Err
}

// LoadAll gives one result per key, in the order of keys. If any of them has not been asked for before, one call fetches
// all such keys and everything announced; keys under way are waited for. A key that failed stays failed, one whose call
// was given up because nobody waited is asked for anew. When ctx ends, results not there yet fail with its cause.
func (e *Entities[K, V]) LoadAll(ctx context.Context, keys []K) []Result[V] {
	results := make([]Result[V], len(keys))
	if len(keys) == 0 {
		return results
	}
	if ctx.Err() != nil {
		for i := range results {
			results[i].Err = context.Cause(ctx)
		}
		return results
	}
	type outcome struct {
		values map[K]V
		err    error
	}
	outcomes := map[*entityCall[K, V]]outcome{}
	for i, f := range e.board(ctx, keys) {
		o, waited := outcomes[f]
		if !waited { // once per call: board counted this caller once
			o.values, o.err = f.wait(ctx)
			outcomes[f] = o
		}
		if err := ErrorOf(o.err, keys[i]); err != nil {
			results[i].Err = err
		} else {
			results[i].Value, results[i].Found = o.values[keys[i]]
		}
	}
	return results
}

// board finds the call of each key, begins one for those without, and counts the caller once in each.
func (e *Entities[K, V]) board(ctx context.Context, keys []K) []*entityCall[K, V] {
	e.mu.Lock()
	defer e.mu.Unlock()
	aboard := map[*entityCall[K, V]]bool{}
	var missing []K
	for _, k := range keys {
		f := e.flights[k]
		if f != nil && !aboard[f] {
			if aboard[f] = f.board(); aboard[f] {
				f.why.join(ctx)
			}
		}
		if f == nil || !aboard[f] {
			missing = append(missing, k)
		}
	}
	if len(missing) > 0 {
		e.begin(ctx, missing)
	}
	calls := make([]*entityCall[K, V], len(keys))
	for i, k := range keys {
		calls[i] = e.flights[k]
	}
	return calls
}

// begin starts one call for the missing keys and everything announced. The caller holds mu.
func (e *Entities[K, V]) begin(ctx context.Context, missing []K) {
	var fetch []K
	chosen := map[K]bool{}
	choose := func(k K) {
		if !chosen[k] {
			chosen[k] = true
			fetch = append(fetch, k)
		}
	}
	for _, k := range missing {
		choose(k)
	}
	for _, k := range e.expected {
		if e.flights[k] == nil {
			choose(k)
		}
	}
	e.expected = nil
	ctx, why := withAskers(ctx)
	f := takeOff(ctx, func(ctx context.Context) (map[K]V, error) { return e.fetch(ctx, fetch) })
	f.why = why
	for _, k := range fetch {
		e.flights[k] = f
	}
}
