package filestore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"vestibule.example/auth"
	"vestibule.example/auth/filestore"
	"vestibule.example/auth/storetest"
)

// writerFile makes this test binary a process that writes sessions into the file it names, until it is killed.
const writerFile = "FILESTORE_TEST_WRITER"

func TestMain(m *testing.M) {
	if file := os.Getenv(writerFile); file != "" {
		write(file)
		return
	}
	goleak.VerifyTestMain(m)
}

func open(t *testing.T, path string, clock *storetest.Clock) *filestore.Store {
	t.Helper()
	store, err := filestore.New(filestore.Config{Path: path, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, clock *storetest.Clock) auth.Store {
		return open(t, filepath.Join(t.TempDir(), "sessions"), clock)
	})
}

func record(now time.Time, key string) *auth.Record {
	return &auth.Record{
		Key: key, Subject: "sub", SID: "sid-" + key, Head: []byte("head"), Body: []byte("body of " + key), SignedInAt: now, LastSeen: now,
		IdleTimeout: time.Hour, Expires: now.Add(12 * time.Hour),
	}
}

func TestARestartSignsNobodyOut(t *testing.T) {
	path, clock := filepath.Join(t.TempDir(), "sessions"), &storetest.Clock{}
	before := open(t, path, clock)
	if err := before.Create(t.Context(), record(clock.Now(), "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := before.End(t.Context(), auth.Selector{SID: []string{"sid-gone"}}, auth.ReasonBackchannel); err != nil {
		t.Fatal(err)
	}
	if err := before.Put(t.Context(), "state", nil, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	after := open(t, path, clock)
	if r, err := after.Get(t.Context(), "a"); err != nil || string(r.Body) != "body of a" {
		t.Errorf("Get after the restart = %+v, %v", r, err)
	}
	if err := after.Create(t.Context(), record(clock.Now(), "gone")); !errors.Is(err, auth.ErrLoggedOut) {
		t.Errorf("a sign-in that a logout before the restart forbids = %v, want ErrLoggedOut", err)
	}
	if err := after.Put(t.Context(), "state", nil, time.Minute); !errors.Is(err, auth.ErrExists) {
		t.Errorf("a state used before the restart = %v, want ErrExists", err)
	}
}

// Processes that write are killed at any moment: every session that was acknowledged is there, and the file opens.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions")
	acknowledged := map[string]bool{}
	for round := range 100 {
		writer := exec.Command(os.Args[0])
		writer.Env = append(os.Environ(), writerFile+"="+path, "FILESTORE_TEST_ROUND="+strconv.Itoa(round))
		out, err := writer.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 1 + round%5 {
			if !lines.Scan() {
				t.Fatalf("round %d: the writer ended: %v", round, writer.Wait())
			}
			acknowledged[lines.Text()] = true
		}
		writer.Process.Kill()
		for lines.Scan() {
			acknowledged[lines.Text()] = true // Written to the pipe before the end.
		}
		writer.Wait()
	}
	store, err := filestore.New(filestore.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for key := range acknowledged {
		if r, err := store.Get(t.Context(), key); err != nil || string(r.Body) != "body of "+key {
			t.Errorf("Get(%s) = %v, want what was acknowledged", key, err)
		}
	}
	all, err := store.List(t.Context(), []string{"sub"})
	if err != nil || len(all) < len(acknowledged) {
		t.Errorf("List = %d, %v, want %d at least", len(all), err, len(acknowledged))
	}
}

// write creates sessions and prints the key of each that was acknowledged.
func write(path string) {
	store, err := filestore.New(filestore.Config{Path: path})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		key := os.Getenv("FILESTORE_TEST_ROUND") + "-" + strconv.Itoa(i)
		if err := store.Create(context.Background(), record(time.Now(), key)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(key)
	}
}

func TestNewRefuses(t *testing.T) {
	dir, clock := t.TempDir(), &storetest.Clock{}
	garbage, shared, held := filepath.Join(dir, "garbage"), filepath.Join(dir, "shared"), filepath.Join(dir, "held")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a store ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, shared, clock).Close()
	if err := os.Chmod(shared, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, held, clock)
	for _, c := range []struct{ name, path, text string }{
		{"a directory that is not there", filepath.Join(dir, "none", "sessions"), "no such file or directory"},
		{"a directory", dir, "directory"},
		{"a file of something else", garbage, "invalid database"},
		{"a file that others may read", shared, "chmod 600"},
		{"a file that another has open", held, "another process has the file open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, err := filestore.New(filestore.Config{Path: c.path})
			if err == nil {
				store.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.text) {
				t.Errorf("New = %v, want %q", err, c.text)
			}
		})
	}
}

func TestSweepForgetsWhatExpired(t *testing.T) {
	path, clock := filepath.Join(t.TempDir(), "sessions"), &storetest.Clock{}
	store, err := filestore.New(filestore.Config{Path: path, MaxSessions: 2, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for i := range 2 {
		if err := store.Create(t.Context(), record(clock.Now(), fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Create(t.Context(), record(clock.Now(), "2")); !errors.Is(err, auth.ErrStoreFull) {
		t.Errorf("Create in a full store = %v, want ErrStoreFull", err)
	}
	for name, ttl := range map[string]time.Duration{"old": time.Minute, "older": time.Second, "new": 2 * time.Hour} {
		if err := store.Put(t.Context(), name, nil, ttl); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(time.Hour)
	if err := store.Sweep(); err != nil {
		t.Fatal(err)
	}
	if sessions, values := store.Entries("sessions"), store.Entries("values"); sessions != 0 || values != 1 {
		t.Errorf("%d sessions and %d values are left in the file, want none and one", sessions, values)
	}
	if err := store.Create(t.Context(), record(clock.Now(), "2")); err != nil {
		t.Errorf("Create after the others expired = %v", err)
	}
	if all, err := store.List(t.Context(), []string{"sub"}); err != nil || len(all) != 1 {
		t.Errorf("List = %d, %v, want the new one alone", len(all), err)
	}
}

// SES-18: anybody can have values kept. However many there are, the sweep looks at each once, and lets others write meanwhile.
func TestASweepKeepsNoWriterWaiting(t *testing.T) {
	clock := &storetest.Clock{}
	store := open(t, filepath.Join(t.TempDir(), "sessions"), clock)
	const lasting = 2500 // several batches
	err := store.Damage(func(tx *bbolt.Tx) error {
		for i := range 2 * lasting {
			until := clock.Now().Add(time.Duration(1+i%2) * time.Hour).Format(time.RFC3339Nano)
			if err := tx.Bucket([]byte("values")).Put([]byte(fmt.Sprintf("%04d", i)), []byte(`{"Until":"`+until+`"}`)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sweep := func() <-chan error {
		swept := make(chan error, 1)
		go func() { swept <- store.Sweep() }()
		return swept
	}
	clock.Advance(90 * time.Minute)
	if err := <-sweep(); err != nil || store.Entries("values") != lasting {
		t.Fatalf("the first sweep = %v, and left %d values, want %d", err, store.Entries("values"), lasting)
	}
	err = store.Damage(func(*bbolt.Tx) error { // Somebody writes.
		select {
		case err := <-sweep():
			return err
		case <-time.After(time.Minute):
			return errors.New("a sweep that finds nothing waits for whoever writes, and would be waited for")
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// What others do between a sweep's look and its write is theirs.
func TestASweepDropsNothingThatLivesAgain(t *testing.T) {
	clock := &storetest.Clock{}
	store := open(t, filepath.Join(t.TempDir(), "sessions"), clock)
	if err := errors.Join(store.Put(t.Context(), "taken again", nil, time.Minute), store.Create(t.Context(), record(clock.Now(), "used"))); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Drop("values", "taken", "taken again"), store.Drop("sessions", "used", "ended")); err != nil {
		t.Error(err)
	}
	if values, sessions := store.Entries("values"), store.Entries("sessions"); values != 1 || sessions != 1 {
		t.Errorf("%d values and %d sessions are left, want one each", values, sessions)
	}
	if err := store.Damage(put("values", "taken again", "{")); err != nil {
		t.Fatal(err)
	}
	if err := store.Drop("values", "taken again"); err == nil || store.Entries("values") != 1 {
		t.Errorf("Drop of what cannot be read = %v with %d values left, want an error and it there", err, store.Entries("values"))
	}
}

func TestASlowWatcherLosesItsChannel(t *testing.T) {
	clock := &storetest.Clock{}
	store := open(t, filepath.Join(t.TempDir(), "sessions"), clock)
	watch, err := store.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for round := range 4 {
		for i := range 100 {
			if err := store.Create(t.Context(), record(clock.Now(), fmt.Sprint(round, "-", i))); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := store.End(t.Context(), auth.Selector{Subject: []string{"sub"}, SignedInUpTo: clock.Now()}, auth.ReasonBackchannel); n != 100 || err != nil {
			t.Fatalf("End = %d, %v", n, err)
		}
		clock.Advance(time.Second)
	}
	told := 0
	for range watch {
		told++
	}
	if told == 0 || told == 400 {
		t.Errorf("told %d endings before the channel was closed", told)
	}
}

// SES-18: strangers can have values and markers kept. There are no more than the bound, those that expire first give way, and what has
// gone makes room, in the file that is opened again too.
func TestValuesAreBounded(t *testing.T) {
	path, clock := filepath.Join(t.TempDir(), "sessions"), &storetest.Clock{}
	reopen := func() *filestore.Store {
		store, err := filestore.New(filestore.Config{Path: path, MaxValues: 10, Now: clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		return store
	}
	store := reopen()
	put := func(name string, ttl time.Duration) {
		t.Helper()
		if err := store.Put(t.Context(), name, nil, ttl); err != nil {
			t.Fatal(err)
		}
	}
	forbid := func(sid string) {
		t.Helper()
		if _, err := store.End(t.Context(), auth.Selector{SID: []string{sid}}, auth.ReasonFrontchannel); err != nil {
			t.Fatal(err)
		}
	}
	wants := func(when string, values, markers int) {
		t.Helper()
		if v, m := store.Entries("values"), store.Entries("markers"); v != values || m != markers {
			t.Errorf("%s there are %d values and %d markers, want %d and %d", when, v, m, values, markers)
		}
	}
	for i := range 9 {
		put(fmt.Sprint("n", i), time.Hour)
		forbid(fmt.Sprint("s", i))
		forbid(fmt.Sprint("s", i)) // Again: that is not one more.
	}
	put("a", time.Minute)
	put("m", 2*time.Minute)
	wants("at the bound", 10, 9)
	for what, want := range map[string]error{"a": auth.ErrNotFound, "m": nil, "n0": nil} {
		if _, err := store.Take(t.Context(), what); !errors.Is(err, want) {
			t.Errorf("Take(%s) = %v, want %v: the one that expires first gives way", what, err, want)
		}
	}
	put("b", time.Hour)
	put("c", time.Hour)
	wants("after two were taken", 10, 9)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store = reopen()
	for i := range 30 {
		put(fmt.Sprint("x", i), time.Hour)
		forbid(fmt.Sprint("x", i))
		clock.Advance(time.Second)
	}
	wants("in the file that is opened again", 10, 10)
	if err := store.Create(t.Context(), record(clock.Now(), "x29")); err != nil {
		t.Fatal(err)
	}
	gone := record(clock.Now(), "gone")
	gone.SID = "x29"
	if err := store.Create(t.Context(), gone); !errors.Is(err, auth.ErrLoggedOut) {
		t.Errorf("a session that the newest marker forbids = %v, want ErrLoggedOut", err)
	}
	clock.Advance(2 * time.Hour)
	if err := store.Sweep(); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		put(fmt.Sprint("y", i), time.Hour)
		forbid(fmt.Sprint("y", i))
	}
	wants("after a sweep", 10, 10)
}
