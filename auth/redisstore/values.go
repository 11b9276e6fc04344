package redisstore

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/redis/rueidis"

	"vestibule.example/auth"
)

// Lease implements [auth.Store]. It runs out by the server's clock. If it cannot be given back, it runs out.
func (s *Store) Lease(ctx context.Context, name string, ttl time.Duration) (func(), bool, error) {
	key, holder := s.cfg.Prefix+"l:{"+name+"}", rand.Text()
	taken, err := s.setOnce(ctx, key, holder, ttl)
	if err != nil || !taken {
		return nil, false, err
	}
	release := func() {
		s.run(context.WithoutCancel(ctx), s.scripts.release, []string{key}, holder)
	}
	return release, true, nil
}

// Put implements [auth.Store].
func (s *Store) Put(ctx context.Context, name string, value []byte, ttl time.Duration) error {
	if err := s.leaveRoom(ctx); err != nil {
		return err
	}
	put, err := s.setOnce(ctx, s.valueKey(name), string(value), ttl)
	if err == nil && !put {
		return auth.ErrExists
	}
	return err
}

// Take implements [auth.Store].
func (s *Store) Take(ctx context.Context, name string) ([]byte, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	value, err := s.client.Do(ctx, s.client.B().Getdel().Key(s.valueKey(name)).Build()).AsBytes()
	if rueidis.IsRedisNil(err) {
		return nil, auth.ErrNotFound
	}
	if err != nil {
		return nil, explain("taking a value", err)
	}
	return value, nil
}

func (s *Store) valueKey(name string) string { return s.cfg.Prefix + "x:{" + name + "}" }

// setOnce sets a key that is not there, and tells whether it did.
func (s *Store) setOnce(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	err := s.client.Do(ctx, s.client.B().Set().Key(key).Value(value).Nx().PxMilliseconds(max(ttl.Milliseconds(), 1)).Build()).Error()
	if rueidis.IsRedisNil(err) {
		return false, nil
	}
	if err != nil {
		return false, explain("keeping a value", err)
	}
	return true, nil
}
