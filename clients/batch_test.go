package clients_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/clients"
)

// parts notes what a batch asks for, and how much of it at once.
type parts struct {
	mu           sync.Mutex // guards all of the following
	asked        [][]string
	running, top int
}

// fetch answers each key with itself in capitals after a second; those that begin with a question mark are not known.
func (p *parts) fetch(ctx context.Context, keys []string) (map[string]string, error) {
	p.mu.Lock()
	p.asked = append(p.asked, slices.Clone(keys))
	p.running++
	p.top = max(p.top, p.running)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.running--
		p.mu.Unlock()
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Second):
	}
	values := map[string]string{"stranger": "nobody asked"}
	for _, k := range keys {
		if !strings.HasPrefix(k, "?") {
			values[k] = strings.ToUpper(k)
		}
	}
	return values, nil
}

func (p *parts) sorted() [][]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.SortedFunc(slices.Values(p.asked), slices.Compare)
}

// GQL-12: each key once, in as few calls as may be, and equal sets make equal calls.
func TestBatch(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
		size int
		want [][]string
		got  string
	}{
		{"no key is no call", nil, 2, nil, ""},
		{"one key", []string{"a"}, 2, [][]string{{"a"}}, "a=A"},
		{"a key twice is asked once", []string{"a", "a", "a"}, 2, [][]string{{"a"}}, "a=A"},
		{"keys are asked in order, whatever theirs was", []string{"c", "a", "b"}, 3, [][]string{{"a", "b", "c"}}, "a=A b=B c=C"},
		{"more than fit make parts", []string{"e", "d", "c", "b", "a"}, 2, [][]string{{"a", "b"}, {"c", "d"}, {"e"}}, "a=A b=B c=C d=D e=E"},
		{"a size of nothing is one", []string{"a", "b"}, 0, [][]string{{"a"}, {"b"}}, "a=A b=B"},
		{"an unknown key is absent", []string{"a", "?"}, 2, [][]string{{"?", "a"}}, "a=A"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var p parts
				before := slices.Clone(c.keys)
				values, err := clients.Batch(t.Context(), c.keys, c.size, p.fetch)
				if got := list(values); got != c.got || err != nil || values == nil {
					t.Errorf("Batch(%v) = %q, %v, want %q", c.keys, got, err, c.got)
				}
				if got := p.sorted(); !slices.EqualFunc(got, c.want, slices.Equal) {
					t.Errorf("asked for %v, want %v", got, c.want)
				}
				if !slices.Equal(c.keys, before) {
					t.Errorf("the caller's keys are now %v", c.keys)
				}
			})
		})
	}
}

func list(values map[string]string) string {
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(values)) {
		pairs = append(pairs, k+"="+values[k])
	}
	return strings.Join(pairs, " ")
}

// GQL-13: however many parts there are, no more than MaxParallel are under way, and no fewer while there are more.
func TestBatchBoundsItsParallelCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p parts
		var keys []string
		for i := range 3 * clients.MaxParallel {
			keys = append(keys, fmt.Sprintf("k%02d", i))
		}
		start := time.Now()
		values, err := clients.Batch(t.Context(), keys, 1, p.fetch)
		if len(values) != len(keys) || err != nil {
			t.Errorf("Batch = %d values, %v, want %d", len(values), err, len(keys))
		}
		if p.top != clients.MaxParallel {
			t.Errorf("%d calls were under way at once, want %d", p.top, clients.MaxParallel)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("24 calls of a second took %s, want 3s", took)
		}
	})
}

func TestBatchErrorsAreByKey(t *testing.T) {
	broken := errors.New("broken")
	fetch := func(_ context.Context, keys []string) (map[string]string, error) {
		switch keys[0] {
		case "bad":
			return nil, broken
		case "panic":
			panic("canary")
		}
		return map[string]string{keys[0]: "value"}, nil
	}
	values, err := clients.Batch(t.Context(), []string{"good", "bad", "panic"}, 1, fetch)
	if got := list(values); got != "good=value" {
		t.Errorf("values = %q, want those of the part that worked", got)
	}
	if got := clients.ErrorOf(err, "good"); got != nil {
		t.Errorf("ErrorOf(good) = %v, want none", got)
	}
	if got := clients.ErrorOf(err, "bad"); got != broken { //nolint:errorlint // The very one.
		t.Errorf("ErrorOf(bad) = %v, want its part's", got)
	}
	var failed *clients.Error
	if got := clients.ErrorOf(err, "panic"); !errors.As(got, &failed) || failed.Code != clients.CodeInternal {
		t.Errorf("ErrorOf(panic) = %v, want INTERNAL", got)
	}
	if !errors.Is(err, broken) || strings.Contains(err.Error(), "good") || strings.Contains(err.Error(), "canary") && !strings.Contains(err.Error(), "broken") {
		t.Errorf("error = %v, want one that unwraps to its parts' and names no key", err)
	}

	values, err = clients.Batch(t.Context(), []string{"bad", "panic"}, 1, fetch)
	if values != nil || err != broken { //nolint:errorlint // The very one.
		t.Errorf("when all fail, Batch = %v, %v, want the first part's error alone", values, err)
	}
	if got := clients.ErrorOf(err, "panic"); got != broken { //nolint:errorlint // The very one.
		t.Errorf("ErrorOf = %v, want the error of all", got)
	}
	if got := clients.ErrorOf[string](nil, "good"); got != nil {
		t.Errorf("ErrorOf(nil) = %v, want none", got)
	}
}

// When the context ends, what is under way is told and nothing else begins.
func TestBatchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		var p parts
		var keys []string
		for i := range 3 * clients.MaxParallel {
			keys = append(keys, fmt.Sprintf("k%02d", i))
		}
		values, err := clients.Batch(ctx, keys, 1, p.fetch)
		if len(values) != clients.MaxParallel {
			t.Errorf("%d values, want those of the first round", len(values))
		}
		if len(p.asked) != 2*clients.MaxParallel {
			t.Errorf("%d calls began, want two rounds", len(p.asked))
		}
		failed := 0
		for _, k := range keys {
			if errors.Is(clients.ErrorOf(err, k), context.DeadlineExceeded) {
				failed++
			}
		}
		if failed != 2*clients.MaxParallel {
			t.Errorf("%d keys failed by the deadline, want %d", failed, 2*clients.MaxParallel)
		}
	})
}

func TestEach(t *testing.T) {
	notFound, gone := &clients.Error{Code: clients.CodeNotFound}, errors.New("gone")
	values, err := clients.Each(t.Context(), []string{"b", "a", "b", "unknown", "broken"}, func(_ context.Context, key string) (string, error) {
		switch key {
		case "unknown":
			return "canary", fmt.Errorf("asking: %w", notFound)
		case "broken":
			return "canary", gone
		}
		return strings.ToUpper(key), nil
	})
	if got := list(values); got != "a=A b=B" {
		t.Errorf("Each = %q, want what there is", got)
	}
	if got := clients.ErrorOf(err, "unknown"); got != nil {
		t.Errorf("ErrorOf(unknown) = %v, want none: it is no such thing", got)
	}
	if got := clients.ErrorOf(err, "broken"); got != gone { //nolint:errorlint // The very one.
		t.Errorf("ErrorOf(broken) = %v, want its own", got)
	}
}

type thing struct{ ID, Owner string }

func TestByKeyAndGroupBy(t *testing.T) {
	things := []thing{{"1", "x"}, {"2", "y"}, {"1", "z"}, {"3", "x"}}
	byID := clients.ByKey(things, func(t *thing) string { return t.ID })
	if len(byID) != 3 || byID["1"] != &things[0] {
		t.Errorf("ByKey = %v, want the first of two with one key", byID)
	}
	byOwner := clients.GroupBy([]string{"x", "none"}, things, func(t *thing) string { return t.Owner })
	if got := byOwner["x"]; len(got) != 2 || got[0] != &things[0] || got[1] != &things[3] {
		t.Errorf("GroupBy(x) = %v, want both in order", got)
	}
	if got, there := byOwner["none"]; !there || got == nil || len(got) != 0 {
		t.Errorf("GroupBy(none) = %v, %v, want an empty list", got, there)
	}
}
