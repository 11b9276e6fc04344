package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// listener is one address with what is served there.
type listener struct {
	name   string
	socket net.Listener
	server *http.Server
	// certFile and keyFile make it https; both or neither.
	certFile, keyFile string
}

func (l listener) serve() error {
	if l.certFile != "" {
		return l.server.ServeTLS(l.socket, l.certFile, l.keyFile)
	}
	return l.server.Serve(l.socket)
}

// newServer makes a server with every timeout and bound set; none of Go's zero values waits for ever here.
func newServer(h http.Handler, limits serverLimits, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: limits.readHeader,
		ReadTimeout:       limits.read,
		WriteTimeout:      limits.write,
		IdleTimeout:       limits.idle,
		MaxHeaderBytes:    limits.headerBytes,
		Protocols:         protocols,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

type serverLimits struct {
	readHeader, read, write, idle time.Duration
	headerBytes                   int
}

// serveUntil serves on all listeners until ctx ends or one of them fails, then stops accepting, lets what runs finish
// within grace, and cuts what is left. ready turns false before anything else, so that a load balancer looks elsewhere.
func serveUntil(ctx context.Context, listeners []listener, ready *atomic.Bool, grace time.Duration) error {
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() {
			err := l.serve()
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("%s listener %s: %w", l.name, l.socket.Addr(), err)
			}
		}()
	}
	ready.Store(true)
	var cause error
	select {
	case <-ctx.Done():
	case cause = <-failed:
	}
	ready.Store(false)

	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	for _, l := range listeners {
		if err := l.server.Shutdown(stop); err != nil {
			cause = errors.Join(cause, fmt.Errorf("%s listener: requests still ran after %s and were cut: %w", l.name, grace, err), l.server.Close())
		}
	}
	return cause
}
