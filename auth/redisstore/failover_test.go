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

// The master dies and the sentinel makes its replica the master: sessions that had been copied are there, nobody was taken
// for signed out meanwhile, and the store writes and tells again without a restart.
func TestAFailoverBySentinel(t *testing.T) {
	master, clock := startServer(t), &storetest.Clock{}
	replica := startReplica(t, master)
	sentinel := startSentinel(t, master)
	store := connect(t, redisstore.Config{
		Addresses: []string{sentinel.address}, SentinelMaster: "mymaster", Prefix: "v:", Keep: auth.MaxKept, Now: clock.Now, Timeout: time.Second,
	})
	if err := store.Create(t.Context(), record(clock, "a", "sub", "sid")); err != nil {
		t.Fatal(err)
	}
	for replica.written(t) != master.written(t) { // WAIT is about the writes of its own connection.
	}
	watch, err := store.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	master.stop()
	sentinel.cli(t, "sentinel", "set", "mymaster", "down-after-milliseconds", "300")
	if _, open := <-watch; open {
		t.Error("the watcher was told something, want its channel closed")
	}
	outages := 0
	for {
		err := store.Touch(t.Context(), "a", clock.Now().Add(time.Minute))
		if err == nil {
			break
		}
		if errors.Is(err, auth.ErrNotFound) || t.Context().Err() != nil {
			t.Fatalf("Touch while the replica becomes the master = %v after %d outages, want an outage or the session", err, outages)
		}
		outages++
	}
	if outages == 0 {
		t.Error("there was no outage: the master was not the one that died")
	}
	if err := store.Check(t.Context()); err != nil {
		t.Errorf("Check after the failover = %v", err)
	}
	if watch, err = store.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := store.End(t.Context(), auth.Selector{SID: []string{"sid"}}, auth.ReasonBackchannel); n != 1 || err != nil {
		t.Errorf("End = %d, %v, want 1", n, err)
	}
	if got := <-watch; got != (auth.Ended{Key: "a", Reason: auth.ReasonBackchannel}) {
		t.Errorf("watched %+v", got)
	}
}

// A master that was made a replica behind an address that stays: nobody is taken for signed out, and Check says what is wrong.
func TestAMasterThatBecomesAReplica(t *testing.T) {
	server, other, clock := startServer(t), startServer(t), &storetest.Clock{}
	store := open(t, server, clock, "v:")
	if err := store.Create(t.Context(), record(clock, "a", "sub", "sid")); err != nil {
		t.Fatal(err)
	}
	server.cli(t, "replicaof", "127.0.0.1", other.args[1])
	if err := store.Check(t.Context()); !errors.Is(err, redisstore.ErrReadOnly) {
		t.Errorf("Check = %v, want ErrReadOnly", err)
	}
	if err := store.Create(t.Context(), record(clock, "b", "sub", "sid")); !errors.Is(err, redisstore.ErrReadOnly) {
		t.Errorf("Create = %v, want ErrReadOnly", err)
	}
	if _, _, err := store.Lease(t.Context(), "l", time.Minute); !errors.Is(err, redisstore.ErrReadOnly) {
		t.Errorf("Lease = %v, want ErrReadOnly", err)
	}
	server.cli(t, "replicaof", "no", "one")
	if err := store.Check(t.Context()); err != nil {
		t.Errorf("Check of the master = %v", err)
	}
}

// What Check says follows what is so: a policy that somebody changes, a server that goes and comes back.
func TestCheckFollows(t *testing.T) {
	server, clock := startServer(t), &storetest.Clock{}
	store := open(t, server, clock, "v:")
	if err := store.Check(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
	server.cli(t, "config", "set", "maxmemory-policy", "volatile-lru")
	if err := store.Check(t.Context()); !errors.Is(err, redisstore.ErrPolicy) {
		t.Errorf("Check of a server that drops keys = %v, want ErrPolicy", err)
	}
	server.cli(t, "config", "set", "maxmemory-policy", "noeviction")
	if err := store.Check(t.Context()); err != nil {
		t.Errorf("Check after the policy was mended = %v", err)
	}
	server.stop()
	if err := store.Check(t.Context()); err == nil {
		t.Error("Check of a server that is away = nil")
	}
	server.start(t)
	for store.Check(t.Context()) != nil { // The client connects again by itself.
		if t.Context().Err() != nil {
			t.Fatal("Check stays at an error")
		}
	}
}
