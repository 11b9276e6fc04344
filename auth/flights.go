package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"vestibule.example/auth/rp"
)

const (
	// refreshTimeout bounds one refresh with all its waiting; it outlives the request that began it. What the provider has given is kept
	// for longer while it cannot be stored, but nobody waits for that.
	refreshTimeout = 25 * time.Second
	// tokenTimeout bounds the token call of a refresh, from when its lease was taken.
	tokenTimeout = 10 * time.Second
	// leaseLife is longer than tokenTimeout, so that no other replica spends the same refresh token meanwhile; but not by much, since
	// the lease of a replica that died stays until it runs out.
	leaseLife = tokenTimeout + 3*time.Second/2
	// leasePause is about how long a replica waits before it looks again whether another has refreshed.
	leasePause = 40 * time.Millisecond
	// firstBackoff and longestBackoff space the tries after a failure of the provider.
	firstBackoff, longestBackoff = time.Second, 30 * time.Second
	// forceEvery is how often an API's 401 may force a refresh, per session and API.
	forceEvery = time.Minute
	// maxNotes bounds what is remembered of failures and forced refreshes.
	maxNotes = 50_000
)

// flights has one of many requests that need the same token fetch it, and remembers what failed. It is safe for concurrent use.
type flights struct {
	group singleflight.Group

	mu       sync.Mutex // guards all of the following
	failures map[string]failure
	forced   map[string]time.Time
}

type failure struct {
	count int
	until time.Time
	why   error // ErrProviderUnavailable or ErrUnauthenticated
}

func (f *flights) init() {
	f.failures, f.forced = map[string]failure{}, map[string]time.Time{}
}

// do runs work once for all callers that ask for the same key meanwhile. The work is detached from them: one that gives up waiting
// fails no other, and a refresh that has been sent is always seen through to its end.
func (f *flights) do(ctx context.Context, s *Service, key string, work func(context.Context) (token, error)) (token, error) {
	var ours atomic.Bool
	done := f.group.DoChan(key, func() (any, error) {
		ours.Store(true)
		if !s.takeUp() {
			return token{}, ErrProviderUnavailable
		}
		defer s.work.Done()
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout)
		defer cancel()
		defer context.AfterFunc(s.lifetime, cancel)()
		var t token
		err := s.guarded(detached, func() (err error) {
			t, err = work(detached)
			return err
		})
		if errors.Is(err, errPanicked) {
			err = errors.Join(ErrProviderUnavailable, err) // A token that lives will do meanwhile.
		}
		return t, err
	})
	limit := time.NewTimer(refreshTimeout + time.Second) // The work ends before it, unless it waits for the store.
	defer limit.Stop()
	select {
	case <-ctx.Done():
		return token{}, fmt.Errorf("%w: %w", ErrProviderUnavailable, ctx.Err()) // So that it counts against no API.
	case <-limit.C:
		return token{}, storeFailed(errUnstored)
	case result := <-done:
		if !ours.Load() {
			s.meter.join(ctx)
		}
		return result.Val.(token), result.Err
	}
}

// backingOff gives the error of the last try while it is too soon for another; else nil.
func (f *flights) backingOff(key string, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if note := f.failures[key]; now.Before(note.until) {
		return note.why
	}
	return nil
}

// failing tells whether the last try failed.
func (f *flights) failing(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failures[key].count > 0
}

func (f *flights) succeeded(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.failures, key)
}

func (f *flights) failed(key string, now time.Time, why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.failures) >= maxNotes {
		clear(f.failures)
	}
	note := f.failures[key]
	wait := min(firstBackoff<<min(note.count, 10), longestBackoff)
	note.count++
	note.why = why
	note.until = now.Add(wait/2 + rand.N(wait/2+1)) //nolint:gosec // Jitter, no secret.
	f.failures[key] = note
}

// mayForce tells whether a 401 may force a refresh now, and notes that it does.
func (f *flights) mayForce(key string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if last, ok := f.forced[key]; ok && now.Sub(last) < forceEvery {
		return false
	}
	if len(f.forced) >= maxNotes {
		clear(f.forced)
	}
	f.forced[key] = now
	return true
}

// wantsUser are the token endpoint's errors that a new sign-in mends (OpenID Connect Core 3.1.2.6; Entra ID sends them when its
// conditional access demands something before it gives an API's token).
var wantsUser = []string{"interaction_required", "login_required", "consent_required"}

// providerFailed turns a failure of the token endpoint into one of ours. That the provider refuses this client is for operators to mend,
// and signs nobody out. That it wants to see the user is for her to mend: she is asked to sign in, and what needs no such token works
// meanwhile.
func (s *Service) providerFailed(ctx context.Context, key string, api APIToken, err error, attrs ...slog.Attr) error {
	var refused *rp.TokenError
	why := ErrProviderUnavailable
	if errors.As(err, &refused) && slices.Contains(wantsUser, refused.Code) {
		why = ErrUnauthenticated
	}
	s.flights.failed(key, s.now(), why)
	s.alarmed(ctx, err)
	s.audit(ctx, tokenEvent(api)+"_failed", append(attrs, slog.String("audience", api.audience()), errorAttr(err))...)
	return errors.Join(why, err)
}

// alarmed tells whether err means that the provider refuses this client, and if so tells operators by the log.
func (s *Service) alarmed(ctx context.Context, err error) bool {
	var refused *rp.TokenError
	if !errors.As(err, &refused) || refused.Code != "invalid_client" && refused.Code != "unauthorized_client" {
		return false
	}
	s.cfg.Logger.ErrorContext(ctx, "ALARM: the identity provider refuses this client; check client id, secret or key", "error", err)
	return true
}
