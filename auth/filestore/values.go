package filestore

import (
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

type value struct {
	Bytes []byte
	Until time.Time
}

// value gives what is kept under a name and has not expired.
func (tx transaction) value(name string) ([]byte, error) {
	text := tx.Bucket([]byte(values)).Get([]byte(name))
	if text == nil {
		return nil, auth.ErrNotFound
	}
	var v value
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, fmt.Errorf("a value is damaged: %w", err)
	}
	if !tx.now.Before(v.Until) {
		return nil, auth.ErrNotFound
	}
	return v.Bytes, nil
}

// Put implements [auth.Store].
func (s *Store) Put(ctx context.Context, name string, bytes []byte, ttl time.Duration) error {
	if err := s.room(signInPages); err != nil {
		return err
	}
	return s.update(ctx, "keeping a value", func(tx transaction) error {
		if _, err := tx.value(name); !errors.Is(err, auth.ErrNotFound) {
			return cmp.Or(err, auth.ErrExists)
		}
		text, err := json.Marshal(value{bytes, tx.now.Add(ttl)})
		if err != nil {
			return err
		}
		return tx.Bucket([]byte(values)).Put([]byte(name), text)
	})
}

// Take implements [auth.Store].
func (s *Store) Take(ctx context.Context, name string) ([]byte, error) {
	var taken []byte
	err := s.update(ctx, "taking a value", func(tx transaction) error {
		bytes, err := tx.value(name)
		if err != nil {
			return err
		}
		taken = slices.Clone(bytes)
		return tx.Bucket([]byte(values)).Delete([]byte(name))
	})
	return taken, err
}

// Sweep removes what has expired. It runs by itself every minute.
func (s *Store) Sweep() error {
	s.mu.Lock()
	for name, l := range s.leases {
		if !s.cfg.Now().Before(l.until) {
			delete(s.leases, name)
		}
	}
	s.mu.Unlock()
	for {
		more, err := s.sweepSome()
		if err != nil || !more {
			return explain("sweeping", err)
		}
	}
}

// sweepSome removes up to sweepBatch entries, and tells whether there may be more.
func (s *Store) sweepSome() (more bool, err error) {
	var expired []*auth.Record
	err = s.db.Update(func(raw *bbolt.Tx) error {
		tx, left := transaction{raw, s.cfg.Now()}, sweepBatch
		err := tx.Bucket([]byte(sessions)).ForEach(func(_, text []byte) error {
			var r auth.Record
			if err := json.Unmarshal(text, &r); err != nil {
				return fmt.Errorf("a session's record is damaged: %w", err)
			}
			if !tx.now.Before(r.Ends()) && left > 0 {
				expired, left = append(expired, &r), left-1
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, r := range expired {
			if err := tx.remove(r); err != nil {
				return err
			}
		}
		for _, name := range []string{markers, values} {
			if left, err = tx.dropExpired(name, left); err != nil {
				return err
			}
		}
		more = left == 0
		return nil
	})
	if err == nil {
		s.count.Add(-int64(len(expired)))
	}
	return more, err
}

// dropExpired removes entries whose Until has come, at most left of them, and gives how many it may still remove.
func (tx transaction) dropExpired(name string, left int) (int, error) {
	bucket := tx.Bucket([]byte(name))
	var expired [][]byte
	err := bucket.ForEach(func(key, text []byte) error {
		var entry struct{ Until time.Time }
		if err := json.Unmarshal(text, &entry); err != nil {
			return fmt.Errorf("an entry of %s is damaged: %w", name, err)
		}
		if !tx.now.Before(entry.Until) && len(expired) < left {
			expired = append(expired, slices.Clone(key))
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, key := range expired {
		if err := bucket.Delete(key); err != nil {
			return 0, err
		}
	}
	return left - len(expired), nil
}
