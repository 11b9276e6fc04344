package filestore_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	bolterrors "go.etcd.io/bbolt/errors"

	"vestibule.example/auth"
	"vestibule.example/auth/storetest"
)

// T-11, SES-16: on a full disk sign-ins fail, and whoever gets a lease can store what the provider gave: no refresh token is
// spent for one that is then lost.
func TestAFullDiskSpendsNoRefreshToken(t *testing.T) {
	clock := &storetest.Clock{}
	store := open(t, filepath.Join(t.TempDir(), "sessions"), clock)
	large := func(key string) *auth.Record {
		r := record(clock.Now(), key)
		r.Body = bytes.Repeat([]byte("b"), 3000+rand.IntN(3000))
		return r
	}
	var all []*auth.Record
	for i := range 50 {
		r := large(fmt.Sprint("before", i))
		if err := store.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if err := store.FillDisk(); err != nil {
		t.Fatal(err)
	}
	refused, leased := 0, 0
	for i := range 2000 {
		if err := store.Create(t.Context(), large(fmt.Sprint("late", i))); err != nil {
			refused++
		}
		r := all[i%len(all)]
		release, ok, err := store.Lease(t.Context(), "grant", time.Minute)
		if err != nil {
			continue // Nothing is spent.
		}
		if !ok {
			t.Fatal("a lease is taken that was given back")
		}
		leased++
		if err := store.Create(t.Context(), large(fmt.Sprint("meanwhile", i))); err != nil {
			refused++
		}
		current, err := store.Get(t.Context(), r.Key)
		if err != nil {
			t.Fatal(err)
		}
		current.Body = large("new").Body
		if err := store.Update(t.Context(), current); err != nil {
			t.Fatalf("round %d: the lease was given, and storing failed: %v", i, err)
		}
		release()
		if i%100 == 0 {
			if err := store.Put(auth.UseReserve(t.Context()), fmt.Sprint("jti:", i), nil, time.Minute); err != nil {
				t.Errorf("round %d: what no stranger causes is not kept: %v", i, err)
			}
		}
	}
	if refused < 1000 || leased < 1000 {
		t.Errorf("%d sign-ins were refused, and %d leases given, want most of either", refused, leased)
	}
}

// A store that is closed while requests still run fails them. What it reads of the file outside of a transaction would end the process
// then, and wherever the file has outgrown its mapping and is mapped anew.
func TestRoomInAClosedStore(t *testing.T) {
	clock := &storetest.Clock{}
	store := open(t, filepath.Join(t.TempDir(), "sessions"), clock)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, lease := store.Lease(t.Context(), "grant", time.Minute)
	create, put := store.Create(t.Context(), record(clock.Now(), "a")), store.Put(t.Context(), "state", nil, time.Minute)
	for doing, err := range map[string]error{"Lease": lease, "Create": create, "Put": put} {
		if !errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
			t.Errorf("%s = %v, want that the file is not open", doing, err)
		}
	}
}

// What makes room for refreshes does not grow the file without end.
func TestRoomIsMadeOnce(t *testing.T) {
	clock := &storetest.Clock{}
	store := open(t, filepath.Join(t.TempDir(), "sessions"), clock)
	for i := range 200 {
		release, _, err := store.Lease(t.Context(), fmt.Sprint(i), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		release()
	}
	if size := store.Size(); size > 1<<20 {
		t.Errorf("the file takes %d bytes after leases alone", size)
	}
}
