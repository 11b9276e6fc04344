package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"vestibule.example/auth"
	"vestibule.example/auth/filestore"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/redisstore"
)

// newStore opens the configured session store. Its errors name the key that would mend them.
func newStore(ctx context.Context, cfg SessionConfig) (auth.Store, error) {
	switch cfg.Store {
	case "file":
		store, err := filestore.New(filestore.Config{Path: cfg.File, MaxSessions: cfg.MaxSessions})
		if err != nil {
			return nil, fmt.Errorf("session.file: %w", err)
		}
		return store, nil
	case "redis":
		return newRedisStore(ctx, cfg.Redis)
	}
	return memstore.New(memstore.Config{MaxSessions: cfg.MaxSessions}), nil
}

func newRedisStore(ctx context.Context, cfg RedisConfig) (auth.Store, error) {
	var encryption *tls.Config
	if cfg.TLS {
		var err error
		files := ClientTLSConfig{CAFile: cfg.TLSCAFile, CertFile: cfg.TLSCertFile, KeyFile: cfg.TLSKeyFile, ServerName: cfg.TLSServerName}
		if encryption, err = newClientTLS("session.redis.tls_", files); err != nil {
			return nil, err
		}
	}
	store, err := redisstore.New(ctx, redisstore.Config{
		Addresses: cfg.Addresses, SentinelMaster: cfg.SentinelMaster, Username: cfg.Username, Password: cfg.Password,
		SentinelUsername: cfg.SentinelUsername, SentinelPassword: cfg.SentinelPassword,
		TLS: encryption, Database: cfg.Database, Prefix: cfg.Prefix, Timeout: cfg.Timeout, Keep: cfg.Keep,
	})
	var untrusted *tls.CertificateVerificationError
	switch {
	case err == nil:
		return store, nil
	case errors.Is(err, redisstore.ErrAuth):
		return nil, fmt.Errorf("session.redis.username, session.redis.password: %w", err)
	case errors.As(err, &untrusted):
		return nil, fmt.Errorf("session.redis.tls_ca_file, session.redis.tls_server_name: %w", err)
	case errors.Is(err, redisstore.ErrTracking):
		return nil, fmt.Errorf("session.redis.keep: %w; 0s does without", err)
	case errors.Is(err, redisstore.ErrPolicy):
		return nil, fmt.Errorf("%w; in redis.conf: maxmemory-policy noeviction", err)
	}
	return nil, fmt.Errorf("session.redis.addresses: %w", err)
}
