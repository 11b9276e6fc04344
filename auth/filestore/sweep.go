package filestore

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"vestibule.example/auth"
)

// Sweep removes what has expired. It runs by itself every minute. It looks at each entry once, and keeps writers waiting for
// what it removes alone: anybody can have the file hold many values.
func (s *Store) Sweep() error {
	s.mu.Lock()
	for name, l := range s.leases {
		if !s.cfg.Now().Before(l.until) {
			delete(s.leases, name)
		}
	}
	s.mu.Unlock()
	for _, bucket := range []string{sessions, markers, values} {
		for from := []byte{}; from != nil; {
			expired, next, err := s.expired(bucket, from)
			if err == nil && len(expired) > 0 {
				err = s.drop(bucket, expired)
			}
			if err != nil {
				return explain("sweeping", err)
			}
			from = next
		}
	}
	return nil
}

// expired gives what of the next sweepBatch entries has expired, and where to go on; nil: nowhere.
func (s *Store) expired(bucket string, from []byte) (keys [][]byte, next []byte, err error) {
	err = s.db.View(func(raw *bbolt.Tx) error {
		tx, cursor, left := transaction{raw, s.cfg.Now()}, raw.Bucket([]byte(bucket)).Cursor(), sweepBatch
		for key, text := cursor.Seek(from); key != nil; key, text = cursor.Next() {
			if left == 0 {
				next = slices.Clone(key)
				return nil
			}
			left--
			gone, err := tx.hasExpired(bucket, text)
			if err != nil {
				return err
			}
			if gone {
				keys = append(keys, slices.Clone(key))
			}
		}
		return nil
	})
	return keys, next, err
}

// drop removes entries that have expired still: a name may have been taken again meanwhile.
func (s *Store) drop(bucket string, keys [][]byte) error {
	var dropped int64
	err := s.db.Update(func(raw *bbolt.Tx) error {
		tx, in := transaction{raw, s.cfg.Now()}, raw.Bucket([]byte(bucket))
		for _, key := range keys {
			text := in.Get(key)
			if text == nil {
				continue
			}
			gone, err := tx.hasExpired(bucket, text)
			switch {
			case err != nil:
				return err
			case !gone:
				continue
			case bucket == sessions:
				err = tx.removeText(text)
			default:
				err = in.Delete(key)
			}
			if err != nil {
				return err
			}
			dropped++
		}
		return nil
	})
	if err == nil {
		s.count[bucket].Add(-dropped)
	}
	return err
}

// removeText is remove for a session as it is stored.
func (tx transaction) removeText(text []byte) error {
	var r auth.Record
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("a session's record is damaged: %w", err)
	}
	return tx.remove(&r)
}

// hasExpired reads of an entry as much as says when it ends.
func (tx transaction) hasExpired(bucket string, text []byte) (bool, error) {
	var entry struct {
		Until, LastSeen, Expires time.Time
		IdleTimeout              time.Duration
	}
	if err := json.Unmarshal(text, &entry); err != nil {
		return false, fmt.Errorf("an entry of %s is damaged: %w", bucket, err)
	}
	if bucket == sessions {
		entry.Until = (&auth.Record{LastSeen: entry.LastSeen, Expires: entry.Expires, IdleTimeout: entry.IdleTimeout}).Ends()
	}
	return !tx.now.Before(entry.Until), nil
}
