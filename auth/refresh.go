package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

const (
	// maxConflicts is how often a write is tried again that somebody else's came before: each time, one of those is done.
	maxConflicts = 64
	// storePause and storeTries are how long a write is tried again whose store is out of order: a refresh token that the
	// provider has just given is worth waiting for.
	storePause = 250 * time.Millisecond
	storeTries = 40
)

// fetch gets a token for a session from the provider: one call however many fields, requests and tabs ask (T-10).
func (s *Service) fetch(ctx context.Context, session *Session, api APIToken, rejected string) (token, error) {
	t, err := s.flights.do(ctx, s, session.key+"\x00"+api.key()+"\x00"+rejected, func(ctx context.Context) (token, error) {
		return s.fetchOnce(ctx, session, api, rejected)
	})
	if err == nil && !t.alive(s.now()) {
		return token{}, ErrProviderUnavailable
	}
	return t, err
}

// fetchOnce holds a lease, so that no two refresh tokens of the login's token family are ever spent at once, on this replica
// or another, and reads the session anew under it: another may have done the work.
func (s *Service) fetchOnce(ctx context.Context, session *Session, api APIToken, rejected string) (token, error) {
	asked := time.Now()
	waited := sync.OnceFunc(func() { s.meter.wait(ctx, time.Since(asked)) })
	defer waited()
	for {
		current, err := s.reload(ctx, session)
		if err != nil {
			return token{}, err
		}
		b := current.body.Load()
		if held := b.Tokens[api.key()]; held.Value != rejected && held.fresh(s.now(), b.jitter()) {
			session.body.Store(b)
			return held, nil
		}
		deadline := time.Now().Add(tokenTimeout)
		release, ok, err := s.cfg.Store.Lease(ctx, leaseName(b, api), leaseLife)
		if err != nil {
			return token{}, storeFailed(err)
		}
		if ok {
			defer release()
			waited()
			return s.fetchLeased(ctx, deadline, session, api, rejected)
		}
		if held := b.Tokens[api.key()]; held.Value != rejected && held.lasts(s.now()) {
			session.body.Store(b)
			return held, nil // Who holds the lease may have died with it, and there is no hurry yet.
		}
		if !pause(ctx, leasePause/2+rand.N(leasePause)) { //nolint:gosec // Jitter, no secret.
			return token{}, errors.Join(ErrProviderUnavailable, ctx.Err())
		}
	}
}

// leaseName names what one fetch holds. What spends the refresh token is one at a time for the whole token family, whatever
// it is for; an exchange spends nothing, so only its like must wait.
func leaseName(b *body, api APIToken) string {
	name := "grant:" + b.Grant
	if api.Kind == KindUser {
		return name
	}
	sum := sha256.Sum256([]byte(api.key()))
	return name + ":" + encode(sum[:16])
}

// reload reads a session anew. One that has ended, or was replaced by a step-up, gets no new token.
func (s *Service) reload(ctx context.Context, session *Session) (*Session, error) {
	current, err := s.load(ctx, session.credential)
	if errors.Is(err, ErrNotFound) || err == nil && current.readOnly {
		return nil, ErrSessionEnded
	}
	if err != nil {
		return nil, storeFailed(err)
	}
	return current, nil
}

// fetchLeased runs while the lease is held. By the deadline the token call has come to its end; storing what it gave may take
// longer.
func (s *Service) fetchLeased(ctx context.Context, deadline time.Time, session *Session, api APIToken, rejected string) (token, error) {
	current, err := s.reload(ctx, session)
	if err != nil {
		return token{}, err
	}
	b := current.body.Load()
	key := api.key()
	if held := b.Tokens[key]; held.Value != rejected && held.fresh(s.now(), b.jitter()) {
		session.body.Store(b)
		return held, nil
	}
	note := session.key + "\x00" + key
	if why := s.flights.backingOff(note, s.now()); why != nil {
		return token{}, why
	}
	asking, cancel := context.WithDeadline(ctx, deadline)
	grant, err := s.ask(asking, current, api)
	cancel()
	if err != nil {
		s.keepRotated(ctx, current, grant, err)
		return s.refreshFailed(ctx, current, api, rejected, err)
	}
	s.flights.succeeded(note)
	t := s.tokenOf(grant)
	// The new refresh token is stored before the new access token is used: what is not stored never happened.
	stored, err := s.store(ctx, current, func(b *body) {
		b.Tokens[key] = t
		if api.Kind != KindUser {
			return // Whatever else came with an exchange is not the login's.
		}
		if key == loginToken && len(grant.Scopes) > 0 {
			b.Scopes = grant.Scopes
		}
		if !grant.RefreshToken.IsZero() {
			b.RefreshToken = grant.RefreshToken.Reveal()
		}
		if !grant.IDToken.IsZero() {
			b.IDToken = grant.IDToken.Reveal()
		}
	})
	if err != nil {
		if errors.Is(err, ErrSessionEnded) {
			s.revoke(ctx, grant.RefreshToken) // The session ended meanwhile: nobody else knows this token (BCL-18).
		}
		return token{}, err
	}
	session.body.Store(stored)
	s.audit(ctx, tokenEvent(api), sessionAttr(current), slog.String("audience", api.audience()))
	return t, nil
}

// keepRotated stores the refresh token of an answer whose ID token could not be checked: the one before it may be spent, and
// the session is worth another try. After an answer about somebody else there is no session to try for.
func (s *Service) keepRotated(ctx context.Context, current *Session, grant *rp.Grant, why error) {
	if grant == nil || grant.RefreshToken.IsZero() || isFinal(why) {
		return
	}
	if _, err := s.store(ctx, current, func(b *body) { b.RefreshToken = grant.RefreshToken.Reveal() }); err != nil {
		s.cfg.Logger.WarnContext(ctx, "a refresh token could not be kept", "error", err)
	}
}

// ask makes the one call of the token endpoint that the API's kind of token wants.
func (s *Service) ask(ctx context.Context, current *Session, api APIToken) (*rp.Grant, error) {
	b := current.body.Load()
	switch api.Kind {
	case KindExchange, KindOnBehalfOf:
		return s.exchange(ctx, current, api)
	case KindUser:
		if b.RefreshToken == "" {
			return nil, ErrUnauthenticated
		}
		req := rp.RefreshRequest{RefreshToken: secret.New(b.RefreshToken), Scopes: api.Scopes, Audience: api.Audience, Previous: b.previous()}
		if api.Resource != "" {
			req.Resources = []string{api.Resource}
		}
		return s.granted(ctx, "refresh_token", func(ctx context.Context) (*rp.Grant, error) { return s.cfg.Provider.Refresh(ctx, req) })
	}
	return nil, fmt.Errorf("auth: token kind %q has no grant", api.Kind)
}

// exchange trades the login's access token for the API's. One that is about to end will do, so that an exchange need not
// wait for a refresh; but where the refresh took it away meanwhile, the new one is tried.
func (s *Service) exchange(ctx context.Context, current *Session, api APIToken) (*rp.Grant, error) {
	login := APIToken{Kind: KindUser}
	b := current.body.Load()
	subject := b.Tokens[loginToken]
	var err error
	if !subject.alive(s.now()) {
		if subject, err = s.fetch(ctx, current, login, ""); err != nil {
			return nil, err
		}
	}
	trade := func(subject token) (*rp.Grant, error) {
		return s.granted(ctx, "token_exchange", func(ctx context.Context) (*rp.Grant, error) {
			return s.cfg.Provider.TokenExchange(ctx, api.request(secret.New(subject.Value)))
		})
	}
	grant, err := trade(subject)
	var refused *rp.TokenError
	if errors.As(err, &refused) && !refused.Temporary() && !subject.fresh(s.now(), b.jitter()) {
		if newer, failed := s.fetch(ctx, current, login, ""); failed == nil && newer.Value != subject.Value {
			return trade(newer)
		}
	}
	return grant, err
}

// refreshFailed judges a failure. Only the provider's word that the grant is no more ends the session (T-11): a refresh
// token that was revoked or spent, or a refresh that answered for somebody else. Even that word is doubted where the
// session has got another refresh token meanwhile: a lease was lost, and somebody else was quicker.
func (s *Service) refreshFailed(ctx context.Context, current *Session, api APIToken, rejected string, err error) (token, error) {
	if errors.Is(err, ErrUnauthenticated) || errors.Is(err, ErrProviderUnavailable) || errors.Is(err, ErrStoreUnavailable) {
		return token{}, err
	}
	if api.Kind != KindUser || !isFinal(err) {
		return token{}, s.providerFailed(ctx, current.key+"\x00"+api.key(), api, err, sessionAttr(current))
	}
	now, failed := s.reload(ctx, current)
	if failed != nil {
		return token{}, failed
	}
	if b := now.body.Load(); b.RefreshToken != current.body.Load().RefreshToken {
		if held := b.Tokens[api.key()]; held.Value != rejected && held.alive(s.now()) {
			return held, nil
		}
		return token{}, ErrProviderUnavailable
	}
	s.audit(ctx, "session_ended", sessionAttr(current), reasonAttr(ReasonRevoked), errorAttr(err))
	if err := s.cfg.Store.Delete(ctx, current.key, ReasonRevoked); err != nil && !errors.Is(err, ErrNotFound) {
		return token{}, storeFailed(err)
	}
	s.forget(current.key)
	return token{}, ErrSessionEnded
}

// isFinal tells the provider's word that there will be no more tokens from an answer that just cannot be used.
func isFinal(err error) bool {
	var refused *rp.TokenError
	if errors.As(err, &refused) {
		return refused.Code == "invalid_grant"
	}
	var bad *rp.VerifyError
	return errors.As(err, &bad) && slices.Contains([]string{"iss", "tid", "sub", "aud", "azp", "nonce", "auth_time"}, bad.Check)
}

// store changes a session's body and writes it if nobody else has written meanwhile; else it reads and tries again, and so
// it does for a while if the store is out of order. A session that has ended stays ended.
func (s *Service) store(ctx context.Context, current *Session, change func(*body)) (*body, error) {
	var conflicts, outages int
	for {
		changed := copyBody(current.body.Load())
		change(changed)
		record := *current.record
		if err := sealBody(&record, current.credential, changed, record.Generation+1); err != nil {
			return nil, err
		}
		err := s.cfg.Store.Update(ctx, &record)
		switch {
		case err == nil:
			return changed, nil
		case errors.Is(err, ErrNotFound):
			return nil, ErrSessionEnded
		case errors.Is(err, ErrConflict):
			conflicts++
		default:
			outages++
		}
		if conflicts >= maxConflicts || outages >= storeTries || outages > 0 && !pause(ctx, storePause) {
			return nil, storeFailed(err)
		}
		again, err := s.reload(ctx, current)
		switch {
		case err == nil:
			current = again
		case !errors.Is(err, ErrStoreUnavailable):
			return nil, err
		}
	}
}

// pause waits, and tells whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
