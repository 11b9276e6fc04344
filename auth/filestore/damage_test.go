package filestore_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"vestibule.example/auth"
	"vestibule.example/auth/filestore"
	"vestibule.example/auth/storetest"
)

// put writes something that no store writes.
func put(bucket, key, text string) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucket)).Put([]byte(key), []byte(text)) }
}

// occupy makes a bucket of an index's entry, which then cannot be taken away.
func occupy(bucket, key string) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		if err := b.Delete([]byte(key)); err != nil {
			return err
		}
		_, err := b.CreateBucket([]byte(key))
		return err
	}
}

var beyondJSON = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) // No JSON can hold it.

// What cannot be read, or not be written, is an error that says what the store was doing; nothing is changed, and nobody gets less than all.
func TestDamageIsTold(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name   string
		damage func(*bbolt.Tx) error
		do     func(s *filestore.Store, now time.Time) error
		text   string
	}{
		{"a session that is read", put("sessions", "a", "{"), func(s *filestore.Store, _ time.Time) error {
			_, err := s.Get(ctx, "a")
			return err
		}, "filestore: reading a session: a session's record is damaged"},
		{"a session that is listed", put("sessions", "a", "{"), func(s *filestore.Store, _ time.Time) error {
			_, err := s.List(ctx, []string{"sub"})
			return err
		}, "filestore: listing sessions: a session's record is damaged"},
		{"a session that is ended with others", put("sessions", "a", "{"), func(s *filestore.Store, _ time.Time) error {
			n, err := s.End(ctx, auth.Selector{Subject: []string{"sub"}}, auth.ReasonBackchannel)
			return ended(n, err)
		}, "filestore: ending sessions: a session's record is damaged"},
		{"a session that cannot be taken out of its index", occupy("by_subject", "sub\x00a"), func(s *filestore.Store, _ time.Time) error {
			n, err := s.End(ctx, auth.Selector{Subject: []string{"sub"}}, auth.ReasonBackchannel)
			return ended(n, err)
		}, "filestore: ending sessions: "},
		{"a session that cannot be put into its index", occupy("by_subject", "sub\x00new"), func(s *filestore.Store, now time.Time) error {
			return s.Create(ctx, record(now, "new"))
		}, "filestore: creating a session: "},
		{"a session that cannot be written", nil, func(s *filestore.Store, now time.Time) error {
			r := record(now, "new")
			r.Expires = beyondJSON
			return s.Create(ctx, r)
		}, "filestore: creating a session: "},
		{"a logout's marker, when somebody signs in", put("markers", "sub:sub", "{"), func(s *filestore.Store, now time.Time) error {
			return s.Create(ctx, record(now, "new"))
		}, "filestore: creating a session: a marker is damaged"},
		{"a logout's marker, at the next logout", put("markers", "sub:sub", "{"), func(s *filestore.Store, _ time.Time) error {
			n, err := s.End(ctx, auth.Selector{Subject: []string{"sub"}}, auth.ReasonBackchannel)
			return ended(n, err)
		}, "filestore: ending sessions: a marker is damaged"},
		{"a logout's marker that cannot be written", nil, func(s *filestore.Store, _ time.Time) error {
			n, err := s.End(ctx, auth.Selector{Subject: []string{"sub"}, SignedInUpTo: beyondJSON}, auth.ReasonBackchannel)
			return ended(n, err)
		}, "filestore: ending sessions: "},
		{"a value that is taken", put("values", "state", "{"), func(s *filestore.Store, _ time.Time) error {
			_, err := s.Take(ctx, "state")
			return err
		}, "filestore: taking a value: a value is damaged"},
		{"a value that is there already", put("values", "state", "{"), func(s *filestore.Store, _ time.Time) error {
			return s.Put(ctx, "state", nil, time.Minute)
		}, "filestore: keeping a value: a value is damaged"},
		{"sessions that are swept", put("sessions", "b", "{"), func(s *filestore.Store, _ time.Time) error { return s.Sweep() }, "filestore: sweeping: an entry of sessions is damaged"},
		{"an expired session that is swept", put("sessions", "b", `{"Key":1}`), func(s *filestore.Store, _ time.Time) error { return s.Sweep() }, "filestore: sweeping: a session's record is damaged"},
		{"values that are swept", put("values", "state", "{"), func(s *filestore.Store, _ time.Time) error { return s.Sweep() }, "filestore: sweeping: an entry of values is damaged"},
		{"an expired session that cannot be taken out of its index", func(tx *bbolt.Tx) error {
			return errors.Join(put("sessions", "old", `{"Key":"old","Subject":"gone"}`)(tx), occupy("by_subject", "gone\x00old")(tx))
		}, func(s *filestore.Store, _ time.Time) error { return s.Sweep() }, "filestore: sweeping: "},
		{"sessions that are not there", func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("sessions")) }, func(s *filestore.Store, _ time.Time) error {
			err := s.Check(ctx)
			// The other questions below need it.
			return errors.Join(err, s.Damage(func(tx *bbolt.Tx) error {
				b, err := tx.CreateBucket([]byte("sessions"))
				if err != nil {
					return err
				}
				return b.Put([]byte("a"), []byte(`{"Key":"a","Subject":"sub","Expires":"2030-01-01T00:00:00Z","LastSeen":"2029-01-01T00:00:00Z","IdleTimeout":1}`))
			}))
		}, "bucket not found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := &storetest.Clock{}
			store := open(t, filepath.Join(t.TempDir(), "sessions"), clock)
			for _, key := range []string{"a", "z"} {
				if err := store.Create(ctx, record(clock.Now(), key)); err != nil {
					t.Fatal(err)
				}
			}
			if err := store.Check(ctx); err != nil {
				t.Fatalf("Check of a sound store = %v", err)
			}
			if c.damage != nil {
				if err := store.Damage(c.damage); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.do(store, clock.Now()); err == nil || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v, want one with %q", err, c.text)
			}
			if c.text == "bucket not found" {
				return
			}
			if _, err := store.Get(ctx, "z"); err != nil {
				t.Errorf("what is sound is gone: %v", err)
			}
			if _, err := store.Get(ctx, "new"); !errors.Is(err, auth.ErrNotFound) {
				t.Errorf("what failed is there: %v", err)
			}
		})
	}
}

// ended adds to an error that something has ended all the same.
func ended(n int, err error) error {
	if n > 0 {
		return errors.New("sessions ended all the same")
	}
	return err
}

// A value whose end no JSON can hold is not kept.
func TestAValueThatCannotBeWritten(t *testing.T) {
	store, err := filestore.New(filestore.Config{Path: filepath.Join(t.TempDir(), "sessions"), Now: func() time.Time { return beyondJSON }})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Put(t.Context(), "state", nil, time.Minute); err == nil || !strings.HasPrefix(err.Error(), "filestore: keeping a value: ") {
		t.Errorf("Put = %v, want an error", err)
	}
}

// The errors that auth knows come as they are, those of the disk with what was being done.
func TestNamedErrorsAreBare(t *testing.T) {
	clock := &storetest.Clock{}
	store := open(t, filepath.Join(t.TempDir(), "sessions"), clock)
	if _, err := store.Get(t.Context(), "none"); err != auth.ErrNotFound { //nolint:errorlint // Just that one.
		t.Errorf("Get = %v, want ErrNotFound itself", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, reading := store.Get(gone, "none")
	for doing, err := range map[string]error{"reading a session": reading, "creating a session": store.Create(gone, record(clock.Now(), "a"))} {
		if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "filestore: "+doing) {
			t.Errorf("%s in a context that has ended = %v, want that", doing, err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Watch(t.Context()); err == nil {
		t.Error("Watch of a closed store gives a channel that nobody closes")
	}
	if err := store.Check(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "filestore: ") {
		t.Errorf("Check of a closed store = %v", err)
	}
}

// A logout ends what lives, whatever else of that person has expired meanwhile; and what has no session of the provider's is in none.
func TestEndPassesOverWhatIsGone(t *testing.T) {
	clock := &storetest.Clock{}
	store := open(t, filepath.Join(t.TempDir(), "sessions"), clock)
	for _, key := range []string{"a", "b"} {
		r := record(clock.Now(), key)
		r.SID = ""
		if err := store.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		clock.Advance(40 * time.Minute)
	}
	if n, err := store.End(t.Context(), auth.Selector{SID: []string{""}}, auth.ReasonBackchannel); n != 0 || err != nil {
		t.Errorf("End by no sid = %d, %v, want none", n, err)
	}
	if n, err := store.End(t.Context(), auth.Selector{Subject: []string{"sub"}}, auth.ReasonBackchannel); n != 1 || err != nil {
		t.Errorf("End = %d, %v, want the one that lives", n, err)
	}
}

// Where there is no room for what a refresh gives, none begins.
func TestNoLeaseOnAFullDisk(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "sessions"), &storetest.Clock{})
	if err := store.FillDisk(); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := store.Lease(t.Context(), "grant", time.Minute); ok || err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("Lease = %t, %v, want that there is no room", ok, err)
	}
	if err := store.Put(t.Context(), "state", nil, time.Minute); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("Put = %v, want that there is no room", err)
	}
}

// A file of bbolt's that is not a store's is refused.
func TestAnotherProgramsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	root := func(tx *bbolt.Tx) error { return tx.Cursor().Bucket().Put([]byte("sessions"), []byte("a value")) }
	if err := errors.Join(db.Update(root), db.Close()); err != nil {
		t.Fatal(err)
	}
	store, err := filestore.New(filestore.Config{Path: path})
	if err == nil {
		store.Close()
	}
	if err == nil || !strings.HasPrefix(err.Error(), "filestore: preparing ") {
		t.Errorf("New = %v, want that it cannot be prepared", err)
	}
}

// What would give way and cannot be read stays, and so does the bound.
func TestADamagedEntryGivesNoWay(t *testing.T) {
	store, err := filestore.New(filestore.Config{Path: filepath.Join(t.TempDir(), "sessions"), MaxValues: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	forbid := func(sid string) error {
		_, err := store.End(t.Context(), auth.Selector{SID: []string{sid}}, auth.ReasonFrontchannel)
		return err
	}
	if err := errors.Join(store.Put(t.Context(), "one", nil, time.Minute), forbid("one"), store.Damage(put("values", "one", "{")), store.Damage(put("markers", "sid:one", "{"))); err != nil {
		t.Fatal(err)
	}
	for bucket, err := range map[string]error{"values": store.Put(t.Context(), "two", nil, time.Minute), "markers": forbid("two")} {
		if err == nil || !strings.HasSuffix(err.Error(), "an entry of "+bucket+" is damaged: unexpected end of JSON input") || store.Entries(bucket) != 1 {
			t.Errorf("error %v with %d %s, want that one is damaged", err, store.Entries(bucket), bucket)
		}
	}
}
