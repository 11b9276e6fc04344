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

// fetch gets a token for a session from the provider, by one call however many fields, requests and tabs ask (T-10). refused is a token
// that must not be given again; it may be empty.
func (s *Service) fetch(ctx context.Context, session *Session, api APIToken, refused string) (token, error) {
	t, err := s.flights.do(ctx, s, session.key+"\x00"+api.key()+"\x00"+refused, func(ctx context.Context) (token, error) {
		return s.fetchOnce(ctx, session, api, refused)
	})
	if err == nil && !t.alive(s.now()) {
		return token{}, ErrProviderUnavailable
	}
	return t, err
}

// fetchOnce holds a lease, so that no two refresh tokens of the login's token family are ever spent at once, on this replica
// or another. Under the lease it reads the session again, since another may have done the work.
func (s *Service) fetchOnce(ctx context.Context, session *Session, api APIToken, refused string) (token, error) {
	asked := time.Now()
	waited := sync.OnceFunc(func() { s.meter.wait(ctx, time.Since(asked)) })
	defer waited()
	for settled := false; ; {
		current, err := s.reload(ctx, session)
		if err != nil {
			return token{}, err
		}
		b := current.body.Load()
		if held := b.Tokens[api.key()]; held.Value != refused && held.fresh(s.now(), b.jitter()) {
			session.body.Store(b)
			return held, nil
		}
		var wait time.Duration
		if api.Kind == KindUser && !settled {
			wait, settled = s.comeback.left(), true
		}
		if wait <= 0 {
			deadline := time.Now().Add(tokenTimeout)
			release, ok, err := s.cfg.Store.Lease(ctx, leaseName(b, api), leaseLife)
			if err != nil {
				return token{}, storeFailed(err)
			}
			if ok {
				defer release()
				waited()
				return s.fetchLeased(ctx, deadline, session, api, refused)
			}
			wait = leasePause/2 + rand.N(leasePause) //nolint:gosec // Jitter, no secret.
		}
		if held := b.Tokens[api.key()]; held.Value != refused && held.lasts(s.now()) {
			session.body.Store(b)
			return held, nil // The lease's holder may have died, and there is no hurry yet.
		}
		if !pause(ctx, wait) {
			return token{}, errors.Join(ErrProviderUnavailable, ctx.Err())
		}
	}
}

// leaseName names the lease that a fetch holds. Fetches that spend the refresh token run one at a time for the whole token family,
// whatever API they are for; an exchange spends nothing, so only those for the same token wait for each other.
func leaseName(b *body, api APIToken) string {
	name := "grant:" + b.Grant
	if api.Kind == KindUser {
		return name
	}
	sum := sha256.Sum256([]byte(api.key()))
	return name + ":" + encode(sum[:16])
}

// reload reads a session again. ErrSessionEnded if it has ended or was replaced by a step-up: it gets no new token.
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

// fetchLeased runs while the lease is held. The token call ends by the deadline; storing what it gave may take longer.
func (s *Service) fetchLeased(ctx context.Context, deadline time.Time, session *Session, api APIToken, refused string) (token, error) {
	current, err := s.reload(ctx, session)
	if err != nil {
		return token{}, err
	}
	b := current.body.Load()
	key := api.key()
	if held := b.Tokens[key]; held.Value != refused && held.fresh(s.now(), b.jitter()) {
		session.body.Store(b)
		return held, nil
	}
	note := session.key + "\x00" + key
	if why := s.flights.backingOff(note, s.now()); why != nil {
		return token{}, why
	}
	if s.unstored.Load() >= maxUnstored {
		return token{}, storeFailed(errUnstored)
	}
	asking, cancel := context.WithDeadline(ctx, deadline)
	grant, err := s.ask(asking, current, api)
	cancel()
	if err != nil {
		s.keepRotated(ctx, current, grant, err)
		return s.refreshFailed(ctx, current, api, refused, err)
	}
	s.flights.succeeded(note)
	t := s.tokenOf(grant)
	// The new refresh token is stored before the new access token is used: what is not stored never happened.
	stored, err := s.store(ctx, current, func(b *body) {
		b.Tokens[key] = t
		if api.Kind != KindUser {
			return // Anything else that an exchange gives is not the login's.
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
		} else {
			s.cfg.Logger.WarnContext(ctx, "the provider's new tokens could not be stored; the session may need a new sign-in", "error", err)
		}
		return token{}, err
	}
	session.body.Store(stored)
	s.audit(ctx, tokenEvent(api), sessionAttr(current), slog.String("audience", api.audience()))
	return t, nil
}

// keepRotated stores the refresh token of an answer whose ID token could not be checked: the one before it may be spent, and
// the next refresh can then try again. Not after an answer about somebody else, which ends the session.
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

// exchange trades the login's access token for the API's. A login token that is about to expire will do, so that an exchange need not
// wait for a refresh; but if the provider refuses it, because a refresh has ended it meanwhile, the new one is tried.
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

// refreshFailed judges a failure. Only the provider's word that the grant has ended ends the session (T-11): the refresh
// token was revoked or spent, or the answer is about somebody else. Even that is not believed where the session has another refresh
// token by now: then a lease was lost, and another fetch was quicker.
func (s *Service) refreshFailed(ctx context.Context, current *Session, api APIToken, refused string, err error) (token, error) {
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
		if held := b.Tokens[api.key()]; held.Value != refused && held.alive(s.now()) {
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

// isFinal tells whether an error means that there will be no more tokens, and not just that an answer cannot be used.
func isFinal(err error) bool {
	var refused *rp.TokenError
	if errors.As(err, &refused) {
		return refused.Code == "invalid_grant"
	}
	var bad *rp.VerifyError
	return errors.As(err, &bad) && slices.Contains([]string{"iss", "tid", "sub", "aud", "azp", "nonce", "auth_time"}, bad.Check)
}
