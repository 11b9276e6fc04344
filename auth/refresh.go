package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// maxConflicts is how often a write is tried again that somebody else's came before.
const maxConflicts = 8

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

// fetchOnce holds the lease of the login's token family, so that no two refresh tokens of it are ever spent at once, on
// this replica or another, and reads the session anew under it: another may have done the work.
func (s *Service) fetchOnce(ctx context.Context, session *Session, api APIToken, rejected string) (token, error) {
	for {
		current, err := s.load(ctx, session.credential)
		if errors.Is(err, ErrNotFound) {
			return token{}, ErrSessionEnded
		}
		if err != nil {
			return token{}, fmt.Errorf("auth: refresh: %w", err)
		}
		b := current.body.Load()
		if held := b.Tokens[api.key()]; held.Value != rejected && held.fresh(s.now(), b.jitter()) {
			session.body.Store(b)
			return held, nil
		}
		release, ok, err := s.cfg.Store.Lease(ctx, "grant:"+b.Grant, leaseLife)
		if err != nil {
			return token{}, fmt.Errorf("auth: refresh: %w", err)
		}
		if ok {
			defer release()
			return s.fetchLeased(ctx, session, api, rejected)
		}
		select {
		case <-ctx.Done():
			return token{}, errors.Join(ErrProviderUnavailable, ctx.Err())
		case <-time.After(leasePause/2 + rand.N(leasePause)): //nolint:gosec // Jitter, no secret.
		}
	}
}

// fetchLeased runs while the lease is held.
func (s *Service) fetchLeased(ctx context.Context, session *Session, api APIToken, rejected string) (token, error) {
	current, err := s.load(ctx, session.credential)
	if errors.Is(err, ErrNotFound) {
		return token{}, ErrSessionEnded
	}
	if err != nil {
		return token{}, fmt.Errorf("auth: refresh: %w", err)
	}
	b := current.body.Load()
	key := api.key()
	if held := b.Tokens[key]; held.Value != rejected && held.fresh(s.now(), b.jitter()) {
		session.body.Store(b)
		return held, nil
	}
	note := session.key + "\x00" + key
	if s.flights.backingOff(note, s.now()) {
		return token{}, ErrProviderUnavailable
	}
	grant, err := s.ask(ctx, current, api)
	if err != nil {
		return token{}, s.refreshFailed(ctx, current, api, note, err)
	}
	s.flights.succeeded(note)
	t := s.tokenOf(grant)
	// The new refresh token is stored before the new access token is used: what is not stored never happened.
	stored, err := s.store(ctx, current, func(b *body) {
		b.Tokens[key] = t
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
	s.audit(ctx, "refresh", sessionAttr(current), slog.String("kind", api.Kind))
	return t, nil
}

// ask makes the one call of the token endpoint that the API's kind of token wants.
func (s *Service) ask(ctx context.Context, current *Session, api APIToken) (*rp.Grant, error) {
	b := current.body.Load()
	switch api.Kind {
	case KindExchange, KindOnBehalfOf:
		subject := b.Tokens[loginToken]
		if !subject.alive(s.now()) {
			t, err := s.fetchLeased(ctx, current, APIToken{Kind: KindUser}, "")
			if err != nil {
				return nil, err
			}
			subject = t
		}
		return s.cfg.Provider.TokenExchange(ctx, api.request(secret.New(subject.Value)))
	case KindUser:
		if b.RefreshToken == "" {
			return nil, ErrUnauthenticated
		}
		req := rp.RefreshRequest{RefreshToken: secret.New(b.RefreshToken), Scopes: api.Scopes, Audience: api.Audience, Previous: b.previous()}
		if api.Resource != "" {
			req.Resources = []string{api.Resource}
		}
		return s.cfg.Provider.Refresh(ctx, req)
	}
	return nil, fmt.Errorf("auth: token kind %q has no grant", api.Kind)
}

// refreshFailed judges a failure. Only the provider's word that the grant is no more ends the session (T-11): a refresh
// token that was revoked or spent, or a refresh that answered for somebody else.
func (s *Service) refreshFailed(ctx context.Context, current *Session, api APIToken, note string, err error) error {
	if errors.Is(err, ErrUnauthenticated) || errors.Is(err, ErrProviderUnavailable) {
		return err
	}
	var refused *rp.TokenError
	final := errors.As(err, &refused) && refused.Code == "invalid_grant" || isBadToken(err)
	if !final || api.Kind != KindUser {
		return s.providerFailed(ctx, note, err)
	}
	s.audit(ctx, "session_ended", sessionAttr(current), reasonAttr(ReasonRevoked), errorAttr(err))
	if err := s.cfg.Store.Delete(ctx, current.key, ReasonRevoked); err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("auth: refresh: %w", err)
	}
	s.forget(current.key)
	return ErrSessionEnded
}

// store changes a session's body and writes it if nobody else has written meanwhile; else it reads and tries again. A
// session that has ended stays ended.
func (s *Service) store(ctx context.Context, current *Session, change func(*body)) (*body, error) {
	for range maxConflicts {
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
		case !errors.Is(err, ErrConflict):
			return nil, fmt.Errorf("auth: refresh: %w", err)
		}
		if current, err = s.load(ctx, current.credential); errors.Is(err, ErrNotFound) {
			return nil, ErrSessionEnded
		} else if err != nil {
			return nil, fmt.Errorf("auth: refresh: %w", err)
		}
	}
	return nil, fmt.Errorf("auth: refresh: %w", ErrConflict)
}
