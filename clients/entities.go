package clients

import (
	"context"
	"sync"
)

// Entities fetches things by key for one request, each at most once: a caller fetches what is missing in one call, and waits for what
// others have asked for. There are no timers: a call begins the moment somebody waits for it. It must live no longer than the request,
// since it does not know whose answers it holds. It is safe for concurrent use.
type Entities[K comparable, V any] struct {
	fetch func(context.Context, []K) (map[K]V, error)

	mu        sync.Mutex              // guards what follows
	flights   map[K]*entityCall[K, V] // by key, from the moment its call begins
	announced []K                     // by callers who wait for each other (see Together): whoever begins a call takes them along
}

type entityCall[K comparable, V any] = flight[map[K]V]

// Result is the result for one key. Without Err, Found tells whether there is such a thing.
type Result[V any] struct {
	Value V
	Found bool
	Err   error
}

// NewEntities makes an empty cache over fetch, which gets distinct keys, leaves out those that do not exist, and may
// return a *BatchError beside values. fetch sees the context of the caller that began it, but ends only when all who wait
// have left.
func NewEntities[K comparable, V any](fetch func(context.Context, []K) (map[K]V, error)) *Entities[K, V] {
	return &Entities[K, V]{fetch: fetch}
}

// Load is LoadAll for one key.
func (e *Entities[K, V]) Load(ctx context.Context, key K) (value V, found bool, err error) {
	r := e.LoadAll(ctx, []K{key})[0]
	return r.Value, r.Found, r.Err
}

// LoadAll gives one result per key, in the order of keys. Those that have not been asked for before are fetched in one
// call, each once; keys under way are waited for. A key that failed stays failed, one whose call
// was given up because nobody waited is asked for anew. When ctx ends, results not there yet fail with its cause.
func (e *Entities[K, V]) LoadAll(ctx context.Context, keys []K) []Result[V] {
	results := make([]Result[V], len(keys))
	if len(keys) == 0 {
		return results
	}
	if s := seatOf(ctx); s != nil {
		e.announce(keys)
		s.wait(ctx)
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

// announce says which keys this caller is going to want.
func (e *Entities[K, V]) announce(keys []K) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.announced = append(e.announced, keys...)
}

// board finds the call of each key, begins one for those without, and counts the caller once in each.
func (e *Entities[K, V]) board(ctx context.Context, keys []K) []*entityCall[K, V] {
	e.mu.Lock()
	defer e.mu.Unlock()
	aboard := map[*entityCall[K, V]]bool{}
	chosen := map[K]bool{}
	var missing []K
	for _, k := range keys {
		f := e.flights[k]
		if f != nil && !aboard[f] {
			if aboard[f] = f.board(); aboard[f] {
				f.why.join(ctx)
			}
		}
		if (f == nil || !aboard[f]) && !chosen[k] {
			chosen[k] = true
			missing = append(missing, k)
		}
	}
	if len(missing) > 0 {
		for _, k := range e.announced {
			if e.flights[k] == nil && !chosen[k] {
				chosen[k] = true
				missing = append(missing, k)
			}
		}
		e.announced = nil
		e.begin(ctx, missing)
	}
	calls := make([]*entityCall[K, V], len(keys))
	for i, k := range keys {
		calls[i] = e.flights[k]
	}
	return calls
}

// begin starts one call for the keys. The caller holds mu.
func (e *Entities[K, V]) begin(ctx context.Context, keys []K) {
	ctx, why := withAskers(ctx)
	f := takeOff(ctx, func(ctx context.Context) (map[K]V, error) { return e.fetch(ctx, keys) })
	f.why = why
	if e.flights == nil {
		e.flights = make(map[K]*entityCall[K, V], len(keys))
	}
	for _, k := range keys {
		e.flights[k] = f
	}
}
