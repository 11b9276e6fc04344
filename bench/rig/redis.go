package rig

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Redis is a redis-server of the machine's own package. It syncs each write to the disk, so that a restart loses nothing.
type Redis struct {
	*Process
	Address string
	rig     *Rig
	args    []string
}

// StartRedis starts a redis-server on a free port of loopback.
func (r *Rig) StartRedis(ctx context.Context) (*Redis, error) {
	address, err := FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(r.dir, "redis")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	server := &Redis{Address: address, rig: r, args: []string{
		"--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction",
	}}
	return server, server.Start(ctx)
}

// Sessions is the configuration of gateways that keep their sessions here, under a key of their own: replicas share what one call gives.
func (s *Redis) Sessions() []string {
	key := make([]byte, 64)
	rand.Read(key)
	return []string{
		"VESTIBULE_SESSION_STORE=redis", "VESTIBULE_SESSION_REDIS_ADDRESSES=" + s.Address, "VESTIBULE_SESSION_KEYS=seal:" + base64.StdEncoding.EncodeToString(key),
	}
}

// Start starts it, for the first time or again, and returns when it listens.
func (s *Redis) Start(ctx context.Context) error {
	var err error
	if s.Process, err = s.rig.start("redis", exec.Command("redis-server", s.args...), nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("it did not listen in time"))
	defer cancel()
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for {
		if c, err := new(net.Dialer).DialContext(ctx, "tcp", s.Address); err == nil {
			return c.Close()
		}
		select {
		case <-pause.C:
		case <-s.ended:
			return fmt.Errorf("redis: it ended at start\n%s", s.logTail())
		case <-ctx.Done():
			return fmt.Errorf("redis: %w", context.Cause(ctx))
		}
	}
}
