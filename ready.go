package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"vestibule.example/auth"
)

// readyWithin bounds what /readyz waits for the store.
const readyWithin = 2 * time.Second

var errNotServing = errors.New("not serving: starting or stopping")

// readiness tells whether a load balancer should send requests here: the listeners serve and are not about to stop, and the
// session store works. (Keys need no check: without them nothing would have started.) An identity provider or an API that is
// away is no reason to be unready: those who are signed in, and the other fields, are served without it.
type readiness struct {
	serving atomic.Bool
	store   auth.Store
	log     *slog.Logger

	mu   sync.Mutex // guards last
	last string     // what was wrong when it was last asked
}

// check tells why this process is not ready; nil if it is. A change is logged.
func (r *readiness) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	err := errNotServing
	if r.serving.Load() {
		err = r.store.Check(ctx)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return err // Whoever asked has gone, which says nothing about the store.
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	r.mu.Lock()
	changed := text != r.last
	r.last = text
	r.mu.Unlock()
	switch {
	case changed && err != nil:
		r.log.WarnContext(ctx, "not ready", "error", err)
	case changed:
		r.log.InfoContext(ctx, "ready again")
	}
	return err
}

// ServeHTTP handles "GET /readyz".
func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if err := r.check(req.Context()); err != nil {
		text(w, http.StatusServiceUnavailable, "not ready: "+err.Error()+"\n")
		return
	}
	text(w, http.StatusOK, "ready\n")
}
