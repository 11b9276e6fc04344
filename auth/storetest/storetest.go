// Package storetest is the contract of [auth.Store] as tests: each implementation runs it and needs no other proof that
// sessions in it end when they should and stay ended.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
)

// Clock is the time that a store under test lives in.
type Clock struct {
	offset atomic.Int64
	// OnAdvance is told how far the clock was moved on; for stores whose server has a clock of its own.
	OnAdvance func(time.Duration)
}

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(c.offset.Load()))
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.offset.Add(int64(d))
	if c.OnAdvance != nil {
		c.OnAdvance(d)
	}
}

// Run runs the contract against stores that open makes; each must be empty and live in the clock's time.
func Run(t *testing.T, open func(t *testing.T, clock *Clock) auth.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, auth.Store, *Clock)
	}{
		{"what is created is there", created},
		{"a key is taken once", takenOnce},
		{"an update is compared", compared},
		{"an update of an ended session creates nothing", endedStaysEnded},
		{"idle time ends a session, use moves it on", idle},
		{"lifetime ends a session however it is used", lifetime},
		{"deleting ends once", deletedOnce},
		{"ending by the provider's session", endBySID},
		{"ending by the user", endBySubject},
		{"ending a provider's session of another user ends nothing", endBySIDAndSubject},
		{"a logout forbids the sign-in under way", markers},
		{"a logout that comes late takes nothing back of a later one", lateLogout},
		{"a logout of any sign-in forbids all, whatever came before it", boundlessLogout},
		{"what a logout forbids ends with its time, whatever comes after it", logoutRanOut},
		{"an answer that was kept is of before no write of this process", keptAcrossNoWrite},
		{"listing gives the user's alone", listed},
		{"watchers learn what ended and why", watched},
		{"a lease is one holder's", leased},
		{"a lease that ran out is not given back by its old holder", leaseRanOut},
		{"a value is put once and taken once", values},
		{"two writers of one generation: one wins", raceOfUpdates},
		{"logout against write: the session is gone", raceOfLogout},
		{"logout by the provider against sign-in: the session is gone", raceOfMarker},
		{"takers of one value: one gets it", raceOfTakes},
		{"a context that ended is no outage of anybody else", cancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := &Clock{}
			store := open(t, clock)
			t.Cleanup(func() {
				if err := store.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			c.test(t, store, clock)
		})
	}
}

// session makes a record as auth does.
func session(clock *Clock, key, subject, sid string) *auth.Record {
	return &auth.Record{
		Key: key, ListID: "list-" + key, Subject: subject, SID: sid, Head: []byte("head"), Body: []byte("body"),
		SignedInAt: clock.Now(), LastSeen: clock.Now(), IdleTimeout: 30 * time.Minute, Expires: clock.Now().Add(12 * time.Hour),
	}
}

func create(t *testing.T, s auth.Store, r *auth.Record) {
	t.Helper()
	if err := s.Create(t.Context(), r); err != nil {
		t.Fatalf("Create(%s) = %v", r.Key, err)
	}
}

func wantGone(t *testing.T, s auth.Store, key string) {
	t.Helper()
	if _, err := s.Get(t.Context(), key); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Get(%s) = %v, want ErrNotFound", key, err)
	}
}

func wantThere(t *testing.T, s auth.Store, key string) *auth.Record {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("Get(%s) = %v", key, err)
	}
	return r
}

func created(t *testing.T, s auth.Store, clock *Clock) {
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
	wantGone(t, s, "a")
	r := session(clock, "a", "sub", "sid")
	create(t, s, r)
	if r.Generation != 1 {
		t.Errorf("generation = %d, want 1", r.Generation)
	}
	got := wantThere(t, s, "a")
	if got.Subject != "sub" || got.SID != "sid" || got.ListID != "list-a" || string(got.Head) != "head" || string(got.Body) != "body" || got.Generation != 1 ||
		!got.SignedInAt.Equal(r.SignedInAt) || !got.LastSeen.Equal(r.LastSeen) || !got.Expires.Equal(r.Expires) || got.IdleTimeout != r.IdleTimeout {
		t.Errorf("Get = %+v, want %+v", got, r)
	}
	got.Subject, got.Expires = "other", time.Time{}
	if again := wantThere(t, s, "a"); again.Subject != "sub" || again.Expires.IsZero() {
		t.Error("what Get gave is not a copy")
	}
}

func takenOnce(t *testing.T, s auth.Store, clock *Clock) {
	create(t, s, session(clock, "a", "sub", ""))
	if err := s.Create(t.Context(), session(clock, "a", "other", "")); !errors.Is(err, auth.ErrExists) {
		t.Errorf("the second Create = %v, want ErrExists", err)
	}
	if got := wantThere(t, s, "a"); got.Subject != "sub" {
		t.Error("the second Create replaced the first")
	}
}

func compared(t *testing.T, s auth.Store, clock *Clock) {
	create(t, s, session(clock, "a", "sub", ""))
	first, second := wantThere(t, s, "a"), wantThere(t, s, "a")
	first.Body = []byte("first")
	if err := s.Update(t.Context(), first); err != nil || first.Generation != 2 {
		t.Fatalf("Update = %v, generation %d, want 2", err, first.Generation)
	}
	second.Body = []byte("second")
	if err := s.Update(t.Context(), second); !errors.Is(err, auth.ErrConflict) {
		t.Errorf("Update of an old generation = %v, want ErrConflict", err)
	}
	if got := wantThere(t, s, "a"); string(got.Body) != "first" || got.Generation != 2 {
		t.Errorf("body = %s, generation %d, want the first writer's", got.Body, got.Generation)
	}
}

// SES-10, BCL-18
func endedStaysEnded(t *testing.T, s auth.Store, clock *Clock) {
	create(t, s, session(clock, "a", "sub", "sid"))
	held := wantThere(t, s, "a")
	if err := s.Delete(t.Context(), "a", auth.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), held); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Update = %v, want ErrNotFound", err)
	}
	if err := s.Touch(t.Context(), "a", clock.Now()); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Touch = %v, want ErrNotFound", err)
	}
	wantGone(t, s, "a")
}

// SES-7
func idle(t *testing.T, s auth.Store, clock *Clock) {
	create(t, s, session(clock, "used", "sub", ""))
	create(t, s, session(clock, "left", "sub", ""))
	clock.Advance(20 * time.Minute)
	if err := s.Touch(t.Context(), "used", clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.Touch(t.Context(), "used", clock.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	clock.Advance(15 * time.Minute)
	wantThere(t, s, "used")
	wantGone(t, s, "left")
	clock.Advance(16 * time.Minute)
	wantGone(t, s, "used")
	if err := s.Update(t.Context(), session(clock, "used", "sub", "")); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Update of an expired session = %v, want ErrNotFound", err)
	}
}

// SES-8
func lifetime(t *testing.T, s auth.Store, clock *Clock) {
	r := session(clock, "a", "sub", "")
	r.IdleTimeout, r.Expires = time.Hour, clock.Now().Add(2*time.Hour)
	create(t, s, r)
	for range 3 {
		clock.Advance(39 * time.Minute)
		if err := s.Touch(t.Context(), "a", clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(4 * time.Minute)
	wantGone(t, s, "a")
}

func deletedOnce(t *testing.T, s auth.Store, clock *Clock) {
	create(t, s, session(clock, "a", "sub", ""))
	if err := s.Delete(t.Context(), "a", auth.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "a", auth.ReasonLogout); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("the second Delete = %v, want ErrNotFound", err)
	}
	create(t, s, session(clock, "a", "sub", ""))
}

func end(t *testing.T, s auth.Store, which auth.Selector, want int) {
	t.Helper()
	n, err := s.End(t.Context(), which, auth.ReasonBackchannel)
	if err != nil || n != want {
		t.Errorf("End(%+v) = %d, %v, want %d", which, n, err, want)
	}
}

// BCL-11: any of the keyed hashes counts, since any server key may have been in use.
func endBySID(t *testing.T, s auth.Store, clock *Clock) {
	create(t, s, session(clock, "a", "sub", "sid1"))
	create(t, s, session(clock, "b", "sub", "sid2"))
	create(t, s, session(clock, "c", "sub", ""))
	end(t, s, auth.Selector{SID: []string{"none", "sid1"}, SignedInUpTo: clock.Now()}, 1)
	wantGone(t, s, "a")
	wantThere(t, s, "b")
	wantThere(t, s, "c")
	end(t, s, auth.Selector{SID: []string{"unknown"}}, 0) // BCL-16
}

// BCL-11
func endBySubject(t *testing.T, s auth.Store, clock *Clock) {
	for i := range 3 {
		create(t, s, session(clock, fmt.Sprint("a", i), "sub", fmt.Sprint("sid", i)))
	}
	create(t, s, session(clock, "b", "other", ""))
	logout := clock.Now()
	clock.Advance(time.Minute)
	create(t, s, session(clock, "later", "sub", ""))
	end(t, s, auth.Selector{Subject: []string{"old-key", "sub"}, SignedInUpTo: logout}, 3)
	wantThere(t, s, "b")
	wantThere(t, s, "later")
}

// BCL-11
func endBySIDAndSubject(t *testing.T, s auth.Store, clock *Clock) {
	create(t, s, session(clock, "a", "sub", "sid"))
	end(t, s, auth.Selector{SID: []string{"sid"}, Subject: []string{"other"}}, 0)
	wantThere(t, s, "a")
	end(t, s, auth.Selector{SID: []string{"sid"}, Subject: []string{"sub"}}, 1)
	wantGone(t, s, "a")
}

// BCL-18
func markers(t *testing.T, s auth.Store, clock *Clock) {
	signedIn := clock.Now()
	clock.Advance(10 * time.Second)
	end(t, s, auth.Selector{SID: []string{"sid"}}, 0)
	end(t, s, auth.Selector{Subject: []string{"sub"}, SignedInUpTo: clock.Now()}, 0)
	clock.Advance(10 * time.Second)

	before := session(clock, "before", "sub", "")
	before.SignedInAt = signedIn
	if err := s.Create(t.Context(), before); !errors.Is(err, auth.ErrLoggedOut) {
		t.Errorf("a sign-in of before the user's logout = %v, want ErrLoggedOut", err)
	}
	if err := s.Create(t.Context(), session(clock, "same", "x", "sid")); !errors.Is(err, auth.ErrLoggedOut) {
		t.Errorf("a sign-in of the provider session that ended = %v, want ErrLoggedOut", err)
	}
	wantGone(t, s, "before")
	create(t, s, session(clock, "after", "sub", "sid-new"))
	clock.Advance(auth.MarkerLife)
	create(t, s, session(clock, "much later", "x", "sid"))
}

// BCL-18
func lateLogout(t *testing.T, s auth.Store, clock *Clock) {
	first := clock.Now()
	clock.Advance(time.Minute)
	signedIn := session(clock, "a", "sub", "")
	clock.Advance(time.Minute)
	end(t, s, auth.Selector{Subject: []string{"sub"}, SignedInUpTo: clock.Now()}, 0)
	end(t, s, auth.Selector{Subject: []string{"sub"}, SignedInUpTo: first}, 0)
	if err := s.Create(t.Context(), signedIn); !errors.Is(err, auth.ErrLoggedOut) {
		t.Errorf("a sign-in of before the later logout = %v, want ErrLoggedOut", err)
	}
}

// BCL-18
func boundlessLogout(t *testing.T, s auth.Store, clock *Clock) {
	end(t, s, auth.Selector{Subject: []string{"sub"}, SignedInUpTo: clock.Now()}, 0)
	clock.Advance(time.Minute)
	signedIn := session(clock, "a", "sub", "")
	end(t, s, auth.Selector{Subject: []string{"sub"}}, 0)
	if err := s.Create(t.Context(), signedIn); !errors.Is(err, auth.ErrLoggedOut) {
		t.Errorf("a sign-in of before the logout = %v, want ErrLoggedOut", err)
	}
}

// BCL-18
func logoutRanOut(t *testing.T, s auth.Store, clock *Clock) {
	first := clock.Now()
	end(t, s, auth.Selector{Subject: []string{"sub"}}, 0)
	clock.Advance(auth.MarkerLife)
	end(t, s, auth.Selector{Subject: []string{"sub"}, SignedInUpTo: first}, 0)
	create(t, s, session(clock, "a", "sub", ""))
}

func listed(t *testing.T, s auth.Store, clock *Clock) {
	create(t, s, session(clock, "a", "sub", ""))
	create(t, s, session(clock, "b", "sub-old-key", ""))
	create(t, s, session(clock, "c", "other", ""))
	create(t, s, session(clock, "ended", "sub", ""))
	if err := s.Delete(t.Context(), "ended", auth.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	got, err := s.List(t.Context(), []string{"sub", "sub-old-key"})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, r := range got {
		keys = append(keys, r.Key)
	}
	slices.Sort(keys)
	if !slices.Equal(keys, []string{"a", "b"}) {
		t.Errorf("List = %v, want a and b", keys)
	}
	clock.Advance(time.Hour)
	if got, err := s.List(t.Context(), []string{"sub"}); err != nil || len(got) != 0 {
		t.Errorf("List after expiry = %d, %v, want none", len(got), err)
	}
}

func watched(t *testing.T, s auth.Store, clock *Clock) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	watch, err := s.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	create(t, s, session(clock, "a", "sub", "sid"))
	create(t, s, session(clock, "b", "sub", ""))
	if err := s.Delete(t.Context(), "a", auth.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	end(t, s, auth.Selector{Subject: []string{"sub"}, SignedInUpTo: clock.Now()}, 1)
	for _, want := range []auth.Ended{{Key: "a", Reason: auth.ReasonLogout}, {Key: "b", Reason: auth.ReasonBackchannel}} {
		select {
		case got := <-watch:
			if got != want {
				t.Errorf("watched %+v, want %+v", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("nothing was told of %s", want.Key)
		}
	}
	stop()
	for range watch { // Closed when the context ends.
	}
}
