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
	// certificate makes it https; nil: plain http.
	certificate *certificate
}

func (l listener) serve() error {
	if l.certificate != nil {
		l.server.TLSConfig = l.certificate.settings()
		return l.server.ServeTLS(l.socket, "", "")
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

// serverLimits bound a client's time, and its header in bytes.
type serverLimits struct {
	readHeader, read, write, idle time.Duration
	headerBytes                   int
}

// stopping is how a server stops: for delay, at the beginning of grace, it is not ready but accepts as ever.
type stopping struct{ delay, grace time.Duration }

// serveUntil serves on all listeners until ctx ends or one of them fails. ready turns false before anything else, so that a
// load balancer looks elsewhere while it still finds somebody here; then nothing more is accepted, what runs may finish
// within what is left of the grace, and the rest is cut.
func serveUntil(ctx context.Context, listeners []listener, ready *atomic.Bool, how stopping) error {
	failed := make(chan error, len(listeners))
	ready.Store(true) // The sockets listen already: whoever is answered before this is true would be told that this process is leaving.
	for _, l := range listeners {
		go func() {
			err := l.serve()
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("%s listener %s: %w", l.name, l.socket.Addr(), err)
			}
		}()
	}
	var cause error
	select {
	case <-ctx.Done():
	case cause = <-failed:
	}
	ready.Store(false)

	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), how.grace)
	defer cancel()
	if cause == nil {
		delay := time.NewTimer(how.delay)
		defer delay.Stop()
		select {
		case <-delay.C:
		case <-stop.Done():
		case cause = <-failed:
		}
	}
	for _, l := range listeners {
		if err := l.server.Shutdown(stop); err != nil {
			cause = errors.Join(cause, fmt.Errorf("%s listener: requests still ran after %s and were cut: %w", l.name, how.grace, err), l.server.Close())
		}
	}
	return cause
}

// leavingConnections asks clients to close their connections (in HTTP/2: to open no more streams on them) once ready is
// false, each with its next answer. Closing idle ones from here could cross with a request.
func leavingConnections(ready *atomic.Bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ready.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
