package filestore

import (
	"fmt"

	"go.etcd.io/bbolt"
)

// On a disk that is full a file does not grow, and what is written into it has to find room in what was freed there. A sign-in
// fails then, and nothing is lost. A refresh must not begin: the provider would spend the refresh token for one that could not
// be kept. So who wants to refresh (Lease) is refused unless there is room in the file for what he will write; and who signs
// in has to leave that.
const (
	// refreshPages are more than one write of a session takes, with the pages above it; each frees as many as it takes.
	refreshPages = 32
	// signInPages are left to refreshes by everything else that makes the file grow.
	signInPages = 2 * refreshPages
)

// room makes sure that so many pages of the file are free, and on the disk.
func (s *Store) room(pages int) error {
	if s.db.Stats().FreePageN >= pages {
		return nil
	}
	// Written and taken out again they are.
	name, block := []byte("block"), make([]byte, pages*s.pageSize)
	err := s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(spare)).Put(name, block) })
	if err == nil {
		err = s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(spare)).Delete(name) })
	}
	if err != nil {
		return fmt.Errorf("filestore: no room in %s: %w", s.cfg.Path, err)
	}
	return nil
}
