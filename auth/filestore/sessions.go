package filestore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"vestibule.example/auth"
)

// Buckets: sessions by key; indexes, whose keys are name, NUL, session key; logouts' markers and small values by name; room that
// is made.
const (
	sessions  = "sessions"
	bySubject = "by_subject"
	bySID     = "by_sid"
	markers   = "markers"
	values    = "values"
	spare     = "spare"
)

var buckets = []string{sessions, bySubject, bySID, markers, values, spare}

// marker forbids sessions after a logout by the provider. A zero UpTo forbids whatever its sign-in's time.
type marker struct{ UpTo, Until time.Time }

// transaction is a read or write of several buckets at one time.
type transaction struct {
	*bbolt.Tx
	now time.Time
}

// update runs a write; it is on the disk when update returns without an error. A named error of auth changes nothing.
func (s *Store) update(ctx context.Context, doing string, work func(transaction) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("filestore: %s: %w", doing, err)
	}
	return explain(doing, s.db.Batch(func(tx *bbolt.Tx) error { return work(transaction{tx, s.cfg.Now()}) }))
}

func (s *Store) view(ctx context.Context, doing string, work func(transaction) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("filestore: %s: %w", doing, err)
	}
	return explain(doing, s.db.View(func(tx *bbolt.Tx) error { return work(transaction{tx, s.cfg.Now()}) }))
}

func explain(doing string, err error) error {
	for _, named := range []error{nil, auth.ErrNotFound, auth.ErrExists, auth.ErrConflict, auth.ErrLoggedOut, auth.ErrStoreFull} {
		if errors.Is(err, named) {
			return err
		}
	}
	return fmt.Errorf("filestore: %s: %w", doing, err)
}

// get gives a session that has not ended.
func (tx transaction) get(key string) (*auth.Record, error) {
	text := tx.Bucket([]byte(sessions)).Get([]byte(key))
	if text == nil {
		return nil, auth.ErrNotFound
	}
	var r auth.Record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("a session's record is damaged: %w", err)
	}
	if !tx.now.Before(r.Ends()) {
		return nil, auth.ErrNotFound
	}
	return &r, nil
}

func (tx transaction) put(r *auth.Record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(sessions)).Put([]byte(r.Key), text)
}

// remove takes a session and its index entries away.
func (tx transaction) remove(r *auth.Record) error {
	return errors.Join(
		tx.Bucket([]byte(sessions)).Delete([]byte(r.Key)),
		tx.Bucket([]byte(bySubject)).Delete(entry(r.Subject, r.Key)),
		tx.Bucket([]byte(bySID)).Delete(entry(r.SID, r.Key)))
}

func entry(name, key string) []byte { return []byte(name + "\x00" + key) }

// named gives the keys that an index has under the names.
func (tx transaction) named(index string, names []string) []string {
	var keys []string
	cursor := tx.Bucket([]byte(index)).Cursor()
	for _, name := range names {
		prefix := entry(name, "")
		for at, _ := cursor.Seek(prefix); bytes.HasPrefix(at, prefix); at, _ = cursor.Next() {
			keys = append(keys, string(at[len(prefix):]))
		}
	}
	return keys
}

func (tx transaction) marker(name string) (marker, error) {
	var m marker
	text := tx.Bucket([]byte(markers)).Get([]byte(name))
	if text == nil {
		return m, nil
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("a marker is damaged: %w", err)
	}
	return m, nil
}

// mark sets a marker, and tells whether there is one more now. One that came earlier and forbids more goes on forbidding it.
func (s *Store) mark(tx transaction, name string, m marker) (more bool, err error) {
	before, err := tx.marker(name)
	if err != nil {
		return false, err
	}
	if tx.now.Before(before.Until) && (before.UpTo.IsZero() || !m.UpTo.IsZero() && before.UpTo.After(m.UpTo)) {
		m.UpTo = before.UpTo
	}
	return s.keep(tx, markers, name, m)
}

func (tx transaction) forbids(name string, signedIn time.Time) (bool, error) {
	m, err := tx.marker(name)
	return tx.now.Before(m.Until) && (m.UpTo.IsZero() || !signedIn.After(m.UpTo)), err
}

// Create implements [auth.Store].
func (s *Store) Create(ctx context.Context, r *auth.Record) error {
	if err := s.room(signInPages); err != nil {
		return err
	}
	kept := *r
	kept.Generation = 1
	err := s.update(ctx, "creating a session", func(tx transaction) error {
		if tx.Bucket([]byte(sessions)).Get([]byte(r.Key)) != nil {
			return auth.ErrExists // Keys are random: not even one whose session expired is ever made again.
		}
		for _, name := range []string{"sid:" + r.SID, "sub:" + r.Subject} {
			if forbidden, err := tx.forbids(name, r.SignedInAt); forbidden || err != nil {
				return cmp.Or(err, auth.ErrLoggedOut)
			}
		}
		if s.count[sessions].Load() >= int64(s.cfg.MaxSessions) {
			return auth.ErrStoreFull
		}
		if err := tx.put(&kept); err != nil {
			return err
		}
		if err := tx.Bucket([]byte(bySubject)).Put(entry(r.Subject, r.Key), nil); err != nil || r.SID == "" {
			return err
		}
		return tx.Bucket([]byte(bySID)).Put(entry(r.SID, r.Key), nil)
	})
	if err == nil {
		r.Generation = 1
		s.count[sessions].Add(1)
	}
	return err
}

// Get implements [auth.Store].
func (s *Store) Get(ctx context.Context, key string) (r *auth.Record, err error) {
	err = s.view(ctx, "reading a session", func(tx transaction) error {
		r, err = tx.get(key)
		return err
	})
	return r, err
}

// Update implements [auth.Store].
func (s *Store) Update(ctx context.Context, r *auth.Record) error {
	next := r.Generation + 1
	err := s.update(ctx, "changing a session", func(tx transaction) error {
		kept, err := tx.get(r.Key)
		if err != nil {
			return err
		}
		if kept.Generation != r.Generation {
			return auth.ErrConflict
		}
		kept.Head, kept.Body, kept.Expires, kept.Generation = r.Head, r.Body, r.Expires, next
		return tx.put(kept)
	})
	if err == nil {
		r.Generation = next
	}
	return err
}

// Touch implements [auth.Store].
func (s *Store) Touch(ctx context.Context, key string, seen time.Time) error {
	return s.update(ctx, "noting a session's use", func(tx transaction) error {
		r, err := tx.get(key)
		if err != nil || !seen.After(r.LastSeen) {
			return err
		}
		r.LastSeen = seen
		return tx.put(r)
	})
}

// Delete implements [auth.Store].
func (s *Store) Delete(ctx context.Context, key, reason string) error {
	err := s.update(ctx, "ending a session", func(tx transaction) error {
		r, err := tx.get(key)
		if err != nil {
			return err
		}
		return tx.remove(r)
	})
	if err == nil {
		s.count[sessions].Add(-1)
		s.tell(reason, key)
	}
	return err
}

// End implements [auth.Store].
func (s *Store) End(ctx context.Context, which auth.Selector, reason string) (int, error) {
	var ended []string
	var marked int64
	err := s.update(ctx, "ending sessions", func(tx transaction) error {
		ended, marked = nil, 0 // A batch may run it again.
		index, kind, names, upTo := bySubject, "sub:", which.Subject, which.SignedInUpTo
		if len(which.SID) > 0 {
			index, kind, names, upTo = bySID, "sid:", which.SID, time.Time{}
		}
		for _, name := range names {
			more, err := s.mark(tx, kind+name, marker{UpTo: upTo, Until: tx.now.Add(auth.MarkerLife)})
			if err != nil {
				return err
			}
			if more {
				marked++
			}
		}
		for _, key := range tx.named(index, names) {
			r, err := tx.get(key)
			if errors.Is(err, auth.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if len(which.SID) > 0 && len(which.Subject) > 0 && !slices.Contains(which.Subject, r.Subject) || !upTo.IsZero() && r.SignedInAt.After(upTo) {
				continue
			}
			if err := tx.remove(r); err != nil {
				return err
			}
			ended = append(ended, key)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	s.count[sessions].Add(-int64(len(ended)))
	s.count[markers].Add(marked)
	s.tell(reason, ended...)
	return len(ended), nil
}

// List implements [auth.Store].
func (s *Store) List(ctx context.Context, subject []string) ([]*auth.Record, error) {
	var out []*auth.Record
	err := s.view(ctx, "listing sessions", func(tx transaction) error {
		for _, key := range tx.named(bySubject, subject) {
			r, err := tx.get(key)
			if err == nil {
				out = append(out, r)
			} else if !errors.Is(err, auth.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	return out, err
}
