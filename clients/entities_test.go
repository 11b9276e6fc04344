package clients_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/clients"
)

type requestKey struct{}

// GQL-12: what is missing is fetched in one call, each key once, and what was fetched is there.
func TestEntitiesFetchWhatIsMissingInOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p parts
		things := clients.NewEntities(p.fetch)
		results := things.LoadAll(t.Context(), []string{"a", "?", "a"})
		if got := things.LoadAll(t.Context(), nil); len(got) != 0 {
			t.Errorf("LoadAll of nothing = %v", got)
		}
		want := []clients.Result[string]{{Value: "A", Found: true}, {}, {Value: "A", Found: true}}
		if !slices.Equal(results, want) {
			t.Errorf("LoadAll = %v, want %v", results, want)
		}
		results = things.LoadAll(t.Context(), []string{"b", "?", "b", "c", "a"})
		want = []clients.Result[string]{{Value: "B", Found: true}, {}, {Value: "B", Found: true}, {Value: "C", Found: true}, {Value: "A", Found: true}}
		if !slices.Equal(results, want) {
			t.Errorf("LoadAll = %v, want %v", results, want)
		}
		if value, found, err := things.Load(t.Context(), "c"); value != "C" || !found || err != nil {
			t.Errorf("Load(c) = %q, %v, %v, want what is there", value, found, err)
		}
		if got := p.sorted(); !slices.EqualFunc(got, [][]string{{"a", "?"}, {"b", "c"}}, slices.Equal) {
			t.Errorf("asked for %v, want each once", got)
		}
	})
}

// A key under way is waited for, and only the others are asked for.
func TestEntitiesWaitForWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p parts
		things := clients.NewEntities(p.fetch)
		var wg sync.WaitGroup
		for i, keys := range [][]string{{"a", "b"}, {"b", "c"}, {"a", "c"}, {"c"}} {
			wg.Go(func() {
				for j, r := range things.LoadAll(t.Context(), keys) {
					if r.Value != strings.ToUpper(keys[j]) || !r.Found || r.Err != nil {
						t.Errorf("caller %d: %s = %+v", i, keys[j], r)
					}
				}
			})
			synctest.Wait()
		}
		start := time.Now()
		wg.Wait()
		if took := time.Since(start); took != time.Second {
			t.Errorf("they waited %s, want as long as one call", took)
		}
		if got := p.sorted(); !slices.EqualFunc(got, [][]string{{"a", "b"}, {"c"}}, slices.Equal) {
			t.Errorf("asked for %v", got)
		}
	})
}

func TestEntitiesKeepErrorsByKey(t *testing.T) {
	broken := errors.New("broken")
	calls := 0
	things := clients.NewEntities(func(ctx context.Context, keys []string) (map[string]string, error) {
		calls++
		return clients.Batch(ctx, keys, 1, func(_ context.Context, keys []string) (map[string]string, error) {
			if keys[0] == "bad" {
				return nil, broken
			}
			return map[string]string{keys[0]: "value"}, nil
		})
	})
	for range 2 {
		results := things.LoadAll(t.Context(), []string{"good", "bad"})
		if results[0].Value != "value" || results[0].Err != nil {
			t.Errorf("good = %+v, want its value", results[0])
		}
		if !errors.Is(results[1].Err, broken) || results[1].Found {
			t.Errorf("bad = %+v, want its error", results[1])
		}
	}
	if calls != 1 {
		t.Errorf("%d calls, want one: what failed stays failed for the request", calls)
	}
	panics := clients.NewEntities(func(context.Context, []string) (map[string]string, error) { panic("canary") })
	var failed *clients.Error
	if _, _, err := panics.Load(t.Context(), "x"); !errors.As(err, &failed) || failed.Code != clients.CodeInternal {
		t.Errorf("a panic = %v, want INTERNAL", err)
	}
}

// One caller's end is no other's, and a call that nobody waits for any more is ended, and begun anew by the next.
func TestEntitiesAndTheEndOfCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p parts
		ends := make(chan any, 10)
		things := clients.NewEntities(func(ctx context.Context, keys []string) (map[string]string, error) {
			stop := context.AfterFunc(ctx, func() { ends <- ctx.Value(requestKey{}) })
			defer stop()
			return p.fetch(ctx, keys)
		})
		gone := errors.New("gone")
		first, cancel := context.WithCancelCause(context.WithValue(t.Context(), requestKey{}, "first"))
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, _, err := things.Load(first, "a"); !errors.Is(err, gone) {
				t.Errorf("who left = %v, want the cause", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if value, _, err := things.Load(t.Context(), "a"); value != "A" || err != nil {
				t.Errorf("who stayed = %q, %v, want the value", value, err)
			}
		})
		synctest.Wait()
		cancel(gone)
		wg.Wait()
		if len(ends) != 0 || len(p.asked) != 1 {
			t.Errorf("the call was ended %d times and begun %d times, want 0 and 1", len(ends), len(p.asked))
		}

		second, cancel := context.WithCancelCause(context.WithValue(t.Context(), requestKey{}, "second"))
		wg.Go(func() { things.LoadAll(second, []string{"b", "a", "b"}) })
		synctest.Wait()
		cancel(gone)
		wg.Wait()
		synctest.Wait()
		if who := <-ends; who != "second" {
			t.Errorf("the call of %v was ended, want second's, with its values", who)
		}
		if value, found, err := things.Load(t.Context(), "b"); value != "B" || !found || err != nil {
			t.Errorf("Load after it was given up = %q, %v, %v, want it asked anew", value, found, err)
		}
		results := things.LoadAll(second, []string{"a", "z"})
		if !errors.Is(results[0].Err, gone) || !errors.Is(results[1].Err, gone) {
			t.Errorf("LoadAll with an ended context = %v, want its cause", results)
		}
		if got := p.sorted(); !slices.EqualFunc(got, [][]string{{"a"}, {"b"}, {"b"}}, slices.Equal) {
			t.Errorf("asked for %v", got)
		}
	})
}
