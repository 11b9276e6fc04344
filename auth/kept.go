package auth

import (
	"context"
	"errors"
	"net/http"
)

type keptContext struct{}

// AllowKept gives a context in which [Store.Get] may answer from what this process keeps. It is for lookups that only read:
// what changes something, spends a token or begins a stream must ask the store itself.
func AllowKept(ctx context.Context) context.Context {
	return context.WithValue(ctx, keptContext{}, true)
}

// KeptAllowed tells a store whether its Get may answer from what it keeps.
func KeptAllowed(ctx context.Context) bool {
	allowed, _ := ctx.Value(keptContext{}).(bool)
	return allowed
}

// Reading is Middleware for routes on which most requests only read: where allowed says so, the session may be as the store
// knew it up to MaxKept ago. One that this replica ended or changed never is. What turns out to change something, or to
// begin a stream, asks Confirm first.
func (s *Service) Reading(allowed func(*http.Request) bool, next http.Handler) http.Handler {
	fresh := s.Middleware(next)
	kept := s.middleware(AllowKept, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if allowed(r) {
			kept.ServeHTTP(w, r)
			return
		}
		fresh.ServeHTTP(w, r)
	})
}

// Confirm asks the store itself whether the session in ctx has ended or changed, unless the store has just been asked. The
// context that it returns has the session as it is now; for one that has ended, [DeadCookie] is true of it. ErrStoreUnavailable if the
// store cannot tell.
func (s *Service) Confirm(ctx context.Context) (context.Context, error) {
	session := FromContext(ctx)
	if session == nil || !session.record.Kept {
		return ctx, nil // An absent record stays absent.
	}
	in := inContext{}
	var err error
	switch in.session, err = s.load(ctx, session.credential); {
	case errors.Is(err, ErrNotFound):
		in.dead = true
	case err != nil:
		return ctx, storeFailed(err)
	}
	return context.WithValue(ctx, contextKey{}, in), nil
}
