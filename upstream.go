package main

import (
	"context"
	"sync/atomic"

	"vestibule.example/clients"
)

// upstream is the clients of the configured APIs by name, for what concerns several of them: the end of a session, a change that
// makes another API's answers stale, and the end of the process. It is made before them, since the sessions' service needs it, and
// filled once. It is safe for concurrent use.
type upstream struct {
	apis atomic.Pointer[map[string]*clients.API]
}

func (u *upstream) fill(apis map[string]*clients.API) { u.apis.Store(&apis) }

func (u *upstream) all() map[string]*clients.API {
	if apis := u.apis.Load(); apis != nil {
		return *apis
	}
	return nil
}

// ended drops the answers that are kept for a session, or for every session where owner is empty: see [auth.Config.Ended].
func (u *upstream) ended(owner string) {
	for _, api := range u.all() {
		if owner == "" {
			api.ForgetSessions()
		} else {
			api.Forget(owner)
		}
	}
}

// changed returns what invalidates the kept answers of the named APIs, for the session in the context, whose call changed something.
func (u *upstream) changed(names []string) func(context.Context) {
	return func(ctx context.Context) {
		for _, name := range names {
			if api := u.all()[name]; api != nil {
				api.Invalidate(ctx)
			}
		}
	}
}

// close ends what the clients do in the background.
func (u *upstream) close() {
	for _, api := range u.all() {
		api.Close()
	}
}
