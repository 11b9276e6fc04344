package filestore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

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
	if !auth.ReserveAllowed(ctx) {
		if err := s.room(signInPages); err != nil {
			return err
		}
	}
	var more bool
	err := s.update(ctx, "keeping a value", func(tx transaction) error {
		_, err := tx.value(name)
		if !errors.Is(err, auth.ErrNotFound) {
			return cmp.Or(err, auth.ErrExists)
		}
		more, err = s.keep(tx, values, name, value{bytes, tx.now.Add(ttl)})
		return err
	})
	if err == nil && more {
		s.count[values].Add(1)
	}
	return err
}

// keep writes an entry of a bucket, and tells whether there is one more now. Where there are too many already another goes. Writes that share their
// way to the disk do not see each other's; there may be as many more for a while.
func (s *Store) keep(tx transaction, bucket, name string, entry any) (more bool, err error) {
	in := tx.Bucket([]byte(bucket))
	more = in.Get([]byte(name)) == nil
	if more && s.count[bucket].Load() >= int64(s.cfg.MaxValues) {
		if err := tx.dropFirst(bucket, name); err != nil {
			return false, err
		}
		more = false
	}
	text, err := json.Marshal(entry)
	if err != nil {
		return false, err
	}
	return more, in.Put([]byte(name), text)
}

// dropFirst makes room: of a handful of entries the one that expires first goes. They are those that follow the name, which
// is random as theirs are. Looking at all of them would make a flood cost more the longer it lasts.
func (tx transaction) dropFirst(bucket, name string) error {
	const handful = 16
	var victim []byte
	var first time.Time
	in := tx.Bucket([]byte(bucket))
	cursor := in.Cursor()
	key, text := cursor.Seek([]byte(name))
	for range handful {
		if key == nil {
			key, text = cursor.First()
		}
		var entry struct{ Until time.Time }
		if err := json.Unmarshal(text, &entry); err != nil {
			return fmt.Errorf("an entry of %s is damaged: %w", bucket, err)
		}
		if victim == nil || entry.Until.Before(first) {
			victim, first = key, entry.Until
		}
		key, text = cursor.Next()
	}
	return in.Delete(victim)
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
	if err == nil {
		s.count[values].Add(-1)
	}
	return taken, err
}
