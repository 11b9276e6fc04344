package filestore

import "os"

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
