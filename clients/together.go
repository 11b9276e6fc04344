package clients

import (
	"context"
	"sync/atomic"
)

// table is where callers meet who want things of one kind at the same time.
type table struct {
	expected atomic.Int64  // how many have neither come nor left
	all      chan struct{} // closed when nobody is expected any more
}

// seat is one caller's place at a table.
type seat struct {
	table *table
	taken atomic.Bool
}

type seatKey struct{}

// Together is for n callers who are ready at the same time and load things of one kind from the same [Entities]: the first load of each
// becomes one call with the keys of all. Each takes a context, to load with, and must call leave when it is done, whether it has loaded
// anything or not. A load waits for the others to come to theirs, and for nothing else: no caller may wait for another in any other way
// before it has loaded.
func Together(ctx context.Context, n int) (take func() (loading context.Context, leave func())) {
	t := &table{all: make(chan struct{})}
	t.expected.Store(int64(n))
	return func() (context.Context, func()) {
		s := &seat{table: t}
		return context.WithValue(ctx, seatKey{}, s), s.arrive
	}
}

// arrive tells the others not to wait for this caller any longer.
func (s *seat) arrive() {
	if s.taken.CompareAndSwap(false, true) && s.table.expected.Add(-1) == 0 {
		close(s.table.all)
	}
}

// seatOf is the place that the context's caller has yet to take; nil if there is none.
func seatOf(ctx context.Context) *seat {
	s, _ := ctx.Value(seatKey{}).(*seat)
	if s == nil || s.taken.Load() {
		return nil
	}
	return s
}

// wait returns when the others have come, too, or the caller's time is over.
func (s *seat) wait(ctx context.Context) {
	s.arrive()
	select {
	case <-s.table.all:
	case <-ctx.Done():
	}
}
