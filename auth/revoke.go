package auth

import (
	"context"
	"errors"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// revokePauses are the waits between the tries to revoke a refresh token at the provider (RFC 7009).
var revokePauses = [...]time.Duration{0, time.Second, 4 * time.Second}

// revokeTimeout bounds all tries together.
const revokeTimeout = 20 * time.Second

// revoke tells the provider, in the background, that a refresh token is no longer needed. A failure keeps
// nobody signed in: the session has ended (REV-1).
func (s *Service) revoke(ctx context.Context, token secret.Text) {
	if token.IsZero() {
		return
	}
	s.background(ctx, revokeTimeout, func(ctx context.Context) {
		var err error
		for _, wait := range revokePauses {
			if !pause(ctx, wait) {
				return
			}
			if err = s.cfg.Provider.Revoke(ctx, token, "refresh_token"); err == nil || errors.Is(err, rp.ErrNoRevocation) {
				return
			}
			if !errors.Is(err, rp.ErrProviderUnavailable) {
				break
			}
		}
		s.cfg.Logger.WarnContext(ctx, "a refresh token could not be revoked at the provider", "error", err)
	})
}

// revokeOf revokes a session's refresh token. It takes a request with the session's cookie, which opens the token.
func (s *Service) revokeOf(ctx context.Context, session *Session) {
	s.revoke(ctx, secret.New(session.body.Load().RefreshToken))
}
