package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/filestore"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/redisstore"
)

// newStore opens the configured session store. Its errors name the key that would mend them. unbounded is told of Redis servers without a
// bound of their memory; it may be nil.
func newStore(ctx context.Context, cfg SessionConfig, unbounded func(addresses []string)) (auth.Store, error) {
	switch cfg.Store {
	case "file":
		store, err := filestore.New(filestore.Config{Path: cfg.File, MaxSessions: cfg.MaxSessions})
		if err != nil {
			return nil, nameFileKey(err)
		}
		return namedStore{store, nameFileKey}, nil
	case "redis":
		return newRedisStore(ctx, cfg.Redis, unbounded)
	}
	return namedStore{memstore.New(memstore.Config{MaxSessions: cfg.MaxSessions}), nameMemoryKey}, nil
}

func newRedisStore(ctx context.Context, cfg RedisConfig, unbounded func(addresses []string)) (auth.Store, error) {
	encryption, err := newRedisTLS(cfg)
	if err != nil {
		return nil, err
	}
	store, err := redisstore.New(ctx, redisstore.Config{
		Addresses: cfg.Addresses, SentinelMaster: cfg.SentinelMaster, Username: cfg.Username, Password: cfg.Password,
		SentinelUsername: cfg.SentinelUsername, SentinelPassword: cfg.SentinelPassword,
		TLS: encryption, Database: cfg.Database, Prefix: cfg.Prefix, Timeout: cfg.Timeout, Keep: cfg.Keep, Unbounded: unbounded,
	})
	if err != nil {
		return nil, nameRedisKey(err)
	}
	return namedStore{store, nameRedisKey}, nil
}

// newRedisTLS reads how connections to Redis are encrypted; nil where they are not.
func newRedisTLS(cfg RedisConfig) (*tls.Config, error) {
	if !cfg.TLS {
		return nil, nil
	}
	return newClientTLS("session.redis.tls_", ClientTLSConfig{CAFile: cfg.TLSCAFile, CertFile: cfg.TLSCertFile, KeyFile: cfg.TLSKeyFile, ServerName: cfg.TLSServerName})
}

// namedStore is a store whose errors, of its check and of writing, begin with the key of the configuration that would mend them, as
// those of opening it do.
type namedStore struct {
	auth.Store
	name func(error) error
}

// Check implements [auth.Store].
func (s namedStore) Check(ctx context.Context) error {
	if err := s.Store.Check(ctx); err != nil {
		return s.name(err)
	}
	return nil
}

// Create implements [auth.Store].
func (s namedStore) Create(ctx context.Context, r *auth.Record) error {
	return s.named(s.Store.Create(ctx, r))
}

// Update implements [auth.Store].
func (s namedStore) Update(ctx context.Context, r *auth.Record) error {
	return s.named(s.Store.Update(ctx, r))
}

// Put implements [auth.Store].
func (s namedStore) Put(ctx context.Context, name string, value []byte, ttl time.Duration) error {
	return s.named(s.Store.Put(ctx, name, value, ttl))
}

// Lease implements [auth.Store].
func (s namedStore) Lease(ctx context.Context, name string, ttl time.Duration) (func(), bool, error) {
	release, ok, err := s.Store.Lease(ctx, name, ttl)
	return release, ok, s.named(err)
}

// named adds the key unless the error is an outcome that a working store has too.
func (s namedStore) named(err error) error {
	for _, outcome := range []error{nil, auth.ErrNotFound, auth.ErrExists, auth.ErrConflict, auth.ErrLoggedOut} {
		if errors.Is(err, outcome) {
			return err
		}
	}
	return s.name(err)
}

func nameMemoryKey(err error) error { return fmt.Errorf("session.max_sessions: %w", err) }

func nameFileKey(err error) error {
	if errors.Is(err, auth.ErrStoreFull) {
		return nameMemoryKey(err)
	}
	return fmt.Errorf("session.file: %w", err)
}

// nameRedisKey adds to an error of the redis store the key that would mend it.
func nameRedisKey(err error) error {
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.Is(err, redisstore.ErrAuth):
		return fmt.Errorf("session.redis.username, session.redis.password: %w", err)
	case errors.As(err, &untrusted):
		return fmt.Errorf("session.redis.tls_ca_file, session.redis.tls_server_name: %w", err)
	case errors.Is(err, redisstore.ErrTracking):
		return fmt.Errorf("session.redis.keep: %w; 0s does without", err)
	case errors.Is(err, redisstore.ErrPolicy):
		return fmt.Errorf("session.redis.addresses: %w; in redis.conf: maxmemory-policy noeviction", err)
	case errors.Is(err, auth.ErrStoreFull):
		return fmt.Errorf("session.redis.addresses: %w; raise it in redis.conf, or shorten session.idle_timeout", err)
	}
	return fmt.Errorf("session.redis.addresses: %w", err)
}
