package redisstore

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// opening dials for the client library. The library waits for a server that does not answer until its timeouts are over, whoever has
// given up meanwhile: until the store is open, the end of ctx closes each connection under it.
type opening struct {
	ctx context.Context //nolint:containedctx // That of New, and no longer.

	mu   sync.Mutex // guards all of the following
	over bool
	held []func() bool // what lets go of ctx, for each connection
}

// dial connects as the library does by itself.
func (o *opening) dial(ctx context.Context, address string, dialer *net.Dialer, encryption *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o.until(cancel)
	var conn net.Conn
	var err error
	if encryption != nil {
		conn, err = (&tls.Dialer{NetDialer: dialer, Config: encryption}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = dialer.DialContext(ctx, "tcp", address)
	}
	if err != nil {
		return nil, err
	}
	o.until(func() { conn.Close() }) //nolint:errcheck // It is over either way.
	return conn, nil
}

// until has close called when ctx ends before the store is open.
func (o *opening) until(close func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.over {
		o.held = append(o.held, context.AfterFunc(o.ctx, close))
	}
}

// end lets go of ctx: connections now live as long as the store.
func (o *opening) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	for _, release := range o.held {
		release()
	}
	o.held = nil
}
