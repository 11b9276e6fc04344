package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
)

// RunReplicas runs what replicas expect of a store that they share. open makes two stores over one server, each in the time
// of a clock of its own; each call's stores must be empty.
func RunReplicas(t *testing.T, open func(t *testing.T, here, there *Clock) (auth.Store, auth.Store)) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s replicas)
	}{
		{"what one ends is ended for the other, which is told", endedForBoth},
		{"a lease is one replica's", leasedByOne},
		{"two replicas write one generation: one wins", oneReplicaWins},
		{"a logout at one against a sign-in at the other: the session is gone", logoutAgainstSignIn},
		{"a clock that is ahead ends no session and takes no lease", clockAhead},
		{"a clock that is behind prolongs no session and takes no use back", clockBehind},
		{"a clock that is ahead forbids no sign-in of after a logout", clockAheadLogout},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := replicas{here: &Clock{}, there: &Clock{}}
			s.a, s.b = open(t, s.here, s.there)
			c.test(t, s)
		})
	}
}

// replicas are two stores over one server, and their clocks.
type replicas struct {
	a, b        auth.Store
	here, there *Clock
}

// BCL-11, SES-10
func endedForBoth(t *testing.T, s replicas) {
	watch, err := s.b.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	create(t, s.a, session(s.here, "a", "sub", "sid"))
	wantThere(t, s.b, "a")
	end(t, s.b, auth.Selector{SID: []string{"sid"}}, 1)
	wantGone(t, s.a, "a")
	if got := <-watch; got != (auth.Ended{Key: "a", Reason: auth.ReasonBackchannel}) {
		t.Errorf("watched %+v", got)
	}
	create(t, s.a, session(s.here, "b", "sub", ""))
	if err := s.a.Delete(t.Context(), "b", auth.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	if got := <-watch; got != (auth.Ended{Key: "b", Reason: auth.ReasonLogout}) {
		t.Errorf("watched %+v of the other replica", got)
	}
	wantGone(t, s.b, "b")
}

// T-10
func leasedByOne(t *testing.T, s replicas) {
	var held atomic.Int32
	var all sync.WaitGroup
	for i := range racers {
		store := []auth.Store{s.a, s.b}[i%2]
		all.Go(func() {
			if _, ok, err := store.Lease(context.Background(), "grant", time.Minute); ok && err == nil {
				held.Add(1)
			}
		})
	}
	all.Wait()
	if held.Load() != 1 {
		t.Errorf("%d hold one lease, want 1", held.Load())
	}
	release, ok, err := s.a.Lease(t.Context(), "other", time.Minute)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	release()
	if _, ok, err := s.b.Lease(t.Context(), "other", time.Minute); !ok || err != nil {
		t.Errorf("Lease of one that the other gave back = %v, %v, want it", ok, err)
	}
}

// SES-17
func oneReplicaWins(t *testing.T, s replicas) {
	create(t, s.a, session(s.here, "a", "sub", ""))
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range racers {
		store := []auth.Store{s.a, s.b}[i%2]
		mine := *wantThere(t, store, "a")
		all.Go(func() {
			if err := store.Update(context.Background(), &mine); err == nil {
				won.Add(1)
			} else if !errors.Is(err, auth.ErrConflict) {
				t.Errorf("Update = %v, want nil or ErrConflict", err)
			}
		})
	}
	all.Wait()
	if got := wantThere(t, s.b, "a"); won.Load() < 1 || got.Generation != 1+uint64(won.Load()) { //nolint:gosec // It counts up from 0.
		t.Errorf("%d writers won and the generation is %d", won.Load(), got.Generation)
	}
}

// BCL-18
func logoutAgainstSignIn(t *testing.T, s replicas) {
	for range racers {
		var both sync.WaitGroup
		both.Go(func() {
			if err := s.a.Create(context.Background(), session(s.here, "a", "sub", "sid")); err != nil && !errors.Is(err, auth.ErrLoggedOut) {
				t.Errorf("Create = %v", err)
			}
		})
		both.Go(func() {
			if _, err := s.b.End(context.Background(), auth.Selector{SID: []string{"sid"}}, auth.ReasonBackchannel); err != nil {
				t.Errorf("End = %v", err)
			}
		})
		both.Wait()
		wantGone(t, s.a, "a")
	}
}

func clockAhead(t *testing.T, s replicas) {
	s.there.offset.Add(int64(time.Hour))
	if _, ok, err := s.a.Lease(t.Context(), "grant", 30*time.Second); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, ok, _ := s.b.Lease(t.Context(), "grant", 30*time.Second); ok {
		t.Error("the replica whose clock is ahead took a lease that had not run out")
	}
	create(t, s.a, session(s.here, "a", "sub", ""))
	held := wantThere(t, s.b, "a")
	if err := s.b.Update(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	wantThere(t, s.a, "a")
}

func clockBehind(t *testing.T, s replicas) {
	s.there.offset.Add(-int64(20 * time.Minute))
	create(t, s.a, session(s.here, "a", "sub", ""))
	before := wantThere(t, s.a, "a").LastSeen
	if err := s.b.Touch(t.Context(), "a", s.there.Now()); err != nil {
		t.Fatal(err)
	}
	if got := wantThere(t, s.a, "a").LastSeen; !got.Equal(before) {
		t.Errorf("last seen %v, want %v: the replica whose clock is behind took a use back", got, before)
	}
	s.here.Advance(31 * time.Minute)
	wantGone(t, s.b, "a")
}

// The marker of a logout goes by the provider's time, which is in both tokens.
func clockAheadLogout(t *testing.T, s replicas) {
	s.there.offset.Add(int64(time.Hour))
	logout := s.here.Now()
	end(t, s.b, auth.Selector{Subject: []string{"sub"}, SignedInUpTo: logout}, 0)
	before := session(s.here, "before", "sub", "")
	if err := s.a.Create(t.Context(), before); !errors.Is(err, auth.ErrLoggedOut) {
		t.Errorf("a sign-in of before the logout = %v, want ErrLoggedOut", err)
	}
	s.here.offset.Add(int64(time.Second))
	create(t, s.a, session(s.here, "after", "sub", ""))
}
