package filestore

import (
	"os"

	"go.etcd.io/bbolt"
)

// FillDisk lets the file grow no more, as a full disk does.
func (s *Store) FillDisk() error {
	info, err := os.Stat(s.cfg.Path)
	if err == nil {
		s.db.MaxSize = int(info.Size())
	}
	return err
}

// Size is what the file takes, in bytes.
func (s *Store) Size() int64 {
	info, err := os.Stat(s.cfg.Path)
	if err != nil {
		panic(err)
	}
	return info.Size()
}

// Damage runs a write past the store.
func (s *Store) Damage(write func(*bbolt.Tx) error) error { return s.db.Update(write) }

// Entries counts what a bucket has.
func (s *Store) Entries(bucket string) (n int) {
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucket)).ForEach(func(_, _ []byte) error { n++; return nil })
	})
	if err != nil {
		panic(err)
	}
	return n
}

// Drop is what a sweep does with entries that it has seen to have expired.
func (s *Store) Drop(bucket string, keys ...string) error {
	seen := make([][]byte, len(keys))
	for i, key := range keys {
		seen[i] = []byte(key)
	}
	return s.drop(bucket, seen)
}
