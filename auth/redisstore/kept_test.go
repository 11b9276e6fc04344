//go:build redis

package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/redisstore"
	"vestibule.example/auth/storetest"
)

// keeping makes two stores of one server, the first through a proxy, and a session that the first one keeps. Nothing ages.
func keeping(t *testing.T) (here, there *redisstore.Store, server *server, proxy *proxy, clock *storetest.Clock) {
	t.Helper()
	server, clock = startServer(t), &storetest.Clock{}
	proxy = startProxy(t, server)
	here = connect(t, redisstore.Config{Addresses: []string{proxy.address}, Prefix: "v:", Keep: auth.MaxKept, Now: clock.Now, Timeout: 500 * time.Millisecond})
	there = connect(t, redisstore.Config{Addresses: []string{server.address}, Prefix: "v:", Now: clock.Now})
	if err := there.Create(t.Context(), record(clock, "a", "sub", "sid")); err != nil {
		t.Fatal(err)
	}
	if r, err := here.Get(auth.AllowKept(t.Context()), "a"); err != nil || r.Kept {
		t.Fatalf("the first Get = %+v, %v, want the server's answer", r, err)
	}
	if r, err := here.Get(auth.AllowKept(t.Context()), "a"); err != nil || !r.Kept || r.Subject != "sub" {
		t.Fatalf("the second Get = %+v, %v, want it kept", r, err)
	}
	return here, there, server, proxy, clock
}

// until asks for the session, allowing kept answers, until enough says so.
func until(t *testing.T, store *redisstore.Store, enough func(*auth.Record, error) bool) {
	t.Helper()
	for {
		r, err := store.Get(auth.AllowKept(t.Context()), "a")
		if enough(r, err) {
			return
		}
		if t.Context().Err() != nil {
			t.Fatalf("it stays at %+v, %v", r, err)
		}
	}
}

func gone(_ *auth.Record, err error) bool { return errors.Is(err, auth.ErrNotFound) }

// An answer is kept for a second from when it was asked for, for those alone who allow it.
func TestAnswersAreKeptForASecond(t *testing.T) {
	here, _, _, _, clock := keeping(t)
	if r, err := here.Get(t.Context(), "a"); err != nil || r.Kept {
		t.Errorf("Get of one who allows nothing = %+v, %v, want the server's answer", r, err)
	}
	clock.Advance(auth.MaxKept - time.Millisecond)
	if r, err := here.Get(auth.AllowKept(t.Context()), "a"); err != nil || !r.Kept {
		t.Errorf("Get within the second = %+v, %v, want it kept", r, err)
	}
	clock.Advance(time.Millisecond)
	if r, err := here.Get(auth.AllowKept(t.Context()), "a"); err != nil || r.Kept {
		t.Errorf("Get after a second = %+v, %v, want the server's answer", r, err)
	}
}

// What another replica writes or ends is known here without any time passing.
func TestTheServerTellsOfChanges(t *testing.T) {
	here, there, _, _, _ := keeping(t)
	r, err := there.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := there.Update(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	until(t, here, func(r *auth.Record, err error) bool { return err == nil && r.Generation == 2 })
	if err := there.Delete(t.Context(), "a", auth.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	until(t, here, gone)
}

// A connection that stalls, as when the network between is gone, tells of no change: nothing is believed for longer than a
// second, and then nobody is anonymous but the store out of order.
func TestAStalledConnectionIsBelievedForASecond(t *testing.T) {
	here, there, _, proxy, clock := keeping(t)
	proxy.hold("all")
	if err := there.Delete(t.Context(), "a", auth.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	if r, err := here.Get(t.Context(), "a"); err == nil || errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Get of one who allows nothing = %+v, %v, want an outage", r, err)
	}
	clock.Advance(auth.MaxKept)
	if r, err := here.Get(auth.AllowKept(t.Context()), "a"); err == nil || errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Get a second later = %+v, %v, want an outage", r, err)
	}
	proxy.hold("")
	until(t, here, gone)
}

// Where only the watch stalls, lookups still learn what ended.
func TestAStalledWatchChangesNothingForLookups(t *testing.T) {
	here, there, _, proxy, _ := keeping(t)
	watch, err := here.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	proxy.hold("subscribers")
	if err := there.Delete(t.Context(), "a", auth.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	until(t, here, gone)
	select {
	case told := <-watch:
		t.Errorf("the watch told %+v through a connection that stalls", told)
	default:
	}
	proxy.hold("")
	if told := <-watch; told.Key != "a" {
		t.Errorf("the watch told %+v, want the end", told)
	}
}

// What came over a connection is forgotten when that connection is lost, without any time passing.
func TestALostConnectionIsForgotten(t *testing.T) {
	here, _, server, proxy, _ := keeping(t)
	server.stop()
	proxy.cut()
	until(t, here, func(r *auth.Record, err error) bool {
		if errors.Is(err, auth.ErrNotFound) {
			t.Fatal("a server that is away made somebody anonymous")
		}
		return err != nil
	})
}

func TestAnswersAreKeptNoLonger(t *testing.T) {
	if _, err := redisstore.New(t.Context(), redisstore.Config{Addresses: []string{"127.0.0.1:1"}, Keep: auth.MaxKept + 1}); err == nil {
		t.Error("New takes a longer time than auth allows")
	}
}
