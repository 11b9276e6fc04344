package clients

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
)

// MaxParallel bounds the calls that one Batch or Each has under way; the API's own bulkhead bounds them over all requests.
const MaxParallel = 8

// Batch asks fetch for keys, each once, at most size at a time, with the parts in parallel. Parts are made of the sorted
// keys, so that equal sets make equal calls. Values that fetch returns for other keys than those of its part are dropped.
//
// A key that the API does not know is absent from the result, without an error. If some parts fail, the result holds what the others
// gave, and the error is a *BatchError, of which [ErrorOf] gives the error of a key; if all fail, it is the first part's error. A panic in
// fetch is an INTERNAL error of its part. When ctx ends, no further part begins.
func Batch[K cmp.Ordered, V any](ctx context.Context, keys []K, size int, fetch func(context.Context, []K) (map[K]V, error)) (map[K]V, error) {
	return batch(ctx, keys, size, fetch)
}

// Each is [Batch] for an API that takes one key at a time. A key whose call ends as NOT_FOUND is absent from the result.
func Each[K cmp.Ordered, V any](ctx context.Context, keys []K, fetch func(context.Context, K) (V, error)) (map[K]V, error) {
	return batch(ctx, keys, 1, func(ctx context.Context, keys []K) (map[K]V, error) {
		v, err := fetch(ctx, keys[0])
		var e *Error
		if errors.As(err, &e) && e.Code == CodeNotFound {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		return map[K]V{keys[0]: v}, nil
	})
}

// BatchGet is [Batch] for an API that takes keys as a repeated query parameter: GET /products?id=1&id=2. read is called with the keys of a
// part and its answer, and returns the values by key.
func BatchGet[T, V any](ctx context.Context, api *API, path Path, param string, keys []string, size int, read func(asked []string, answer T) map[string]V) (map[string]V, error) {
	return Batch(ctx, keys, size, func(ctx context.Context, keys []string) (map[string]V, error) {
		return readPart(keys, read)(Get[T](ctx, api, path, IDs(param, keys)))
	})
}

// BatchSearch is [Batch] for an API that takes keys in the body of a search: POST /products/search {"ids": ["1", "2"]}.
// body makes that body for the keys of a part.
func BatchSearch[T, V any](ctx context.Context, api *API, path Path, body func(keys []string) any, keys []string, size int, read func(asked []string, answer T) map[string]V) (map[string]V, error) {
	return Batch(ctx, keys, size, func(ctx context.Context, keys []string) (map[string]V, error) {
		return readPart(keys, read)(Do[T](ctx, api, Call{Method: http.MethodPost, Path: path, Body: body(keys), ReadOnly: true}))
	})
}

func readPart[T, V any](asked []string, read func([]string, T) map[string]V) func(T, error) (map[string]V, error) {
	return func(answer T, err error) (map[string]V, error) {
		if err != nil {
			return nil, err
		}
		return read(asked, answer), nil
	}
}

func batch[K cmp.Ordered, V any](ctx context.Context, keys []K, size int, fetch func(context.Context, []K) (map[K]V, error)) (map[K]V, error) {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	parts := slices.Collect(slices.Chunk(slices.Compact(keys), max(size, 1)))
	if len(parts) == 0 {
		return map[K]V{}, nil
	}
	values, errs := make([]map[K]V, len(parts)), make([]error, len(parts))
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < len(parts); i = int(next.Add(1)) - 1 {
			if errs[i] = ctx.Err(); errs[i] == nil {
				values[i], errs[i] = guard(func() (map[K]V, error) {
					return fetch(withBatchPart(ctx, batchPart{len(parts[i]), i + 1, len(parts)}), parts[i])
				})
			}
		}
	}
	var wg sync.WaitGroup
	for range min(len(parts), MaxParallel) - 1 {
		wg.Go(work)
	}
	work() // The caller takes its share: one part needs no other goroutine.
	wg.Wait()
	return gather(parts, values, errs)
}

// gather puts the parts together again.
func gather[K cmp.Ordered, V any](parts [][]K, values []map[K]V, errs []error) (map[K]V, error) {
	all := make(map[K]V, len(parts)*len(parts[0]))
	failed := &BatchError[K]{keys: map[K]error{}}
	failures := 0
	for i, part := range parts {
		if errs[i] != nil {
			failures++
		}
		for _, k := range part {
			if errs[i] != nil {
				failed.keys[k] = errs[i]
			} else if v, found := values[i][k]; found {
				all[k] = v
			}
		}
	}
	switch failures {
	case 0:
		return all, nil
	case len(parts):
		return nil, errs[0]
	}
	failed.causes = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	return all, failed
}

// BatchError is the error of a batch of which some keys failed; [ErrorOf] tells which, and how.
type BatchError[K comparable] struct {
	keys   map[K]error
	causes []error
}

// Error names no key.
func (e *BatchError[K]) Error() string {
	return fmt.Sprintf("clients: %d keys of a batch failed: %v", len(e.keys), e.causes[0])
}

// Unwrap gives the failed parts' errors.
func (e *BatchError[K]) Unwrap() []error { return e.causes }

// ErrorOf gives the error of one key from the error of a batch; nil if that key did not fail.
func ErrorOf[K comparable](err error, key K) error {
	var some *BatchError[K]
	if errors.As(err, &some) {
		return some.keys[key]
	}
	return err
}

// ByKey makes a map of a list of items. Of two items with the same key the first counts.
func ByKey[K comparable, V any](items []V, key func(*V) K) map[K]*V {
	m := make(map[K]*V, len(items))
	for i := range items {
		k := key(&items[i])
		if _, twice := m[k]; !twice {
			m[k] = &items[i]
		}
	}
	return m
}

// GroupBy groups a list of items by key, in its order: there is a list for every key asked for, empty if there is no item.
func GroupBy[K comparable, V any](asked []K, items []V, key func(*V) K) map[K][]*V {
	m := make(map[K][]*V, len(asked))
	for _, k := range asked {
		m[k] = []*V{}
	}
	for i := range items {
		k := key(&items[i])
		m[k] = append(m[k], &items[i])
	}
	return m
}
