package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
)

const racers = 32

// SES-17
func raceOfUpdates(t *testing.T, s auth.Store, clock *Clock) {
	create(t, s, session(clock, "a", "sub", ""))
	var won atomic.Int32
	var all sync.WaitGroup
	held := wantThere(t, s, "a")
	for i := range racers {
		mine := *held
		mine.Body = fmt.Append(nil, i)
		all.Go(func() {
			if s.Update(context.Background(), &mine) == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d writers of one generation won, want 1", won.Load())
	}
}

// SES-10
func raceOfLogout(t *testing.T, s auth.Store, clock *Clock) {
	for round := range racers {
		key := fmt.Sprint("a", round)
		create(t, s, session(clock, key, "sub", ""))
		held := wantThere(t, s, key)
		var both sync.WaitGroup
		both.Go(func() { s.Update(context.Background(), held) })                   //nolint:errcheck // Either outcome is right.
		both.Go(func() { s.Touch(context.Background(), key, clock.Now()) })        //nolint:errcheck // Either outcome is right.
		both.Go(func() { s.Delete(context.Background(), key, auth.ReasonLogout) }) //nolint:errcheck // It is there.
		both.Wait()
		wantGone(t, s, key)
	}
}

// BCL-18
func raceOfMarker(t *testing.T, s auth.Store, clock *Clock) {
	for round := range racers {
		key, sid := fmt.Sprint("a", round), fmt.Sprint("sid", round)
		var both sync.WaitGroup
		both.Go(func() { s.Create(context.Background(), session(clock, key, "sub", sid)) })                        //nolint:errcheck // Either outcome is right.
		both.Go(func() { s.End(context.Background(), auth.Selector{SID: []string{sid}}, auth.ReasonBackchannel) }) //nolint:errcheck // Either outcome is right.
		both.Wait()
		wantGone(t, s, key)
	}
}

func raceOfTakes(t *testing.T, s auth.Store, _ *Clock) {
	if err := s.Put(t.Context(), "v", []byte("x"), time.Minute); err != nil {
		t.Fatal(err)
	}
	var got atomic.Int32
	var all sync.WaitGroup
	for range racers {
		all.Go(func() {
			if _, err := s.Take(context.Background(), "v"); err == nil {
				got.Add(1)
			}
		})
	}
	all.Wait()
	if got.Load() != 1 {
		t.Errorf("%d took the value, want 1", got.Load())
	}
}
