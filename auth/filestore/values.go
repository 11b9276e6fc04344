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
