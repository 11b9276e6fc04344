package memstore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, clock *storetest.Clock) auth.Store {
		return memstore.New(memstore.Config{Now: clock.Now})
	})
}

func record(clock *storetest.Clock, key string) *auth.Record {
	return &auth.Record{Key: key, Subject: "s", LastSeen: clock.Now(), IdleTimeout: time.Minute, Expires: clock.Now().Add(time.Hour)}
}

// SES-18: a full store refuses; it ends nobody's session for another's.
func TestAFullStoreRefuses(t *testing.T) {
	clock := &storetest.Clock{}
	s := memstore.New(memstore.Config{MaxSessions: 2, Now: clock.Now})
	defer s.Close()
	for i := range 2 {
		if err := s.Create(t.Context(), record(clock, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Create(t.Context(), record(clock, "2")); !errors.Is(err, auth.ErrStoreFull) {
		t.Errorf("Create = %v, want ErrStoreFull", err)
	}
	if _, err := s.Get(t.Context(), "0"); err != nil {
		t.Errorf("the first session = %v, want it there", err)
	}
	clock.Advance(2 * time.Minute)
	s.Sweep()
	if err := s.Create(t.Context(), record(clock, "2")); err != nil {
		t.Errorf("Create after the others expired = %v", err)
	}
}

// SES-18: small values make room for each other.
func TestValuesAreBounded(t *testing.T) {
	clock := &storetest.Clock{}
	s := memstore.New(memstore.Config{MaxValues: 10, Now: clock.Now})
	defer s.Close()
	for i := range 1000 {
		if err := s.Put(t.Context(), fmt.Sprint(i), nil, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	kept := 0
	for i := range 1000 {
		if _, err := s.Take(t.Context(), fmt.Sprint(i)); err == nil {
			kept++
		}
	}
	if kept != 10 {
		t.Errorf("%d values are kept, want 10", kept)
	}
}

// SES-18: markers too; sids can be invented.
func TestMarkersAreBounded(t *testing.T) {
	clock := &storetest.Clock{}
	s := memstore.New(memstore.Config{MaxValues: 10, Now: clock.Now})
	defer s.Close()
	for i := range 1000 {
		if _, err := s.End(t.Context(), auth.Selector{SID: []string{fmt.Sprint(i)}}, auth.ReasonFrontchannel); err != nil {
			t.Fatal(err)
		}
	}
	forbidden := 0
	for i := range 1000 {
		r := record(clock, fmt.Sprint(i))
		r.SID = fmt.Sprint(i)
		if err := s.Create(t.Context(), r); errors.Is(err, auth.ErrLoggedOut) {
			forbidden++
		}
	}
	if forbidden != 10 {
		t.Errorf("%d markers are kept, want 10", forbidden)
	}
}

func TestSweepForgetsWhatExpired(t *testing.T) {
	clock := &storetest.Clock{}
	s := memstore.New(memstore.Config{MaxSessions: 1, MaxValues: 1, Now: clock.Now})
	defer s.Close()
	if err := s.Create(t.Context(), record(clock, "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.End(t.Context(), auth.Selector{Subject: []string{"x"}, SignedInUpTo: clock.Now()}, auth.ReasonBackchannel); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Hour)
	s.Sweep()
	if err := s.Create(t.Context(), record(clock, "b")); err != nil {
		t.Errorf("Create = %v, want room", err)
	}
}

// A watcher that does not keep up loses its channel instead of holding everybody up.
func TestASlowWatcherLosesItsChannel(t *testing.T) {
	clock := &storetest.Clock{}
	s := memstore.New(memstore.Config{Now: clock.Now})
	defer s.Close()
	watch, err := s.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		key := fmt.Sprint(i)
		if err := s.Create(t.Context(), record(clock, key)); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), key, auth.ReasonLogout); err != nil {
			t.Fatal(err)
		}
	}
	told := 0
	for range watch {
		told++
	}
	if told == 0 || told == 1000 {
		t.Errorf("told %d endings before the channel was closed", told)
	}
}

func TestCloseEndsWatchersAndMayBeCalledTwice(t *testing.T) {
	s := memstore.New(memstore.Config{})
	watch, err := s.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, open := <-watch; open {
		t.Error("the watcher's channel is open after Close")
	}
	if _, err := s.Watch(t.Context()); err == nil {
		t.Error("Watch of a closed store succeeded")
	}
}
