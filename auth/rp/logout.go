package rp

import (
	"context"
	"errors"
	"net/url"

	"vestibule.example/auth/secret"
)

// Revoke revokes a token at the provider (RFC 7009). hint is "refresh_token", "access_token" or "". A token that
// the provider does not know counts as revoked. ErrNoRevocation if the provider has no such endpoint.
func (p *Provider) Revoke(ctx context.Context, token secret.Text, hint string) error {
	if token.IsZero() {
		return errors.New("rp: nothing to revoke")
	}
	md, err := p.metadata(ctx)
	if err != nil {
		return err
	}
	if md.Revocation == "" {
		return ErrNoRevocation
	}
	form := url.Values{"token": {token.Reveal()}}
	if hint != "" {
		form.Set("token_type_hint", hint)
	}
	_, err = p.post(ctx, "revocation", md.Revocation, form)
	return err
}

// EndSessionURL returns where to send the browser to end its session at the provider (RP-Initiated Logout 2).
// ErrNoEndSession if the provider has no such endpoint: ending the session here is then all there is.
func (p *Provider) EndSessionURL(ctx context.Context, req EndSession) (string, error) {
	md, err := p.metadata(ctx)
	if err != nil {
		return "", err
	}
	if md.EndSession == "" {
		return "", ErrNoEndSession
	}
	params := url.Values{"client_id": {p.cfg.ClientID}}
	if !req.IDTokenHint.IsZero() {
		params.Set("id_token_hint", req.IDTokenHint.Reveal())
	}
	if req.LogoutHint != "" {
		params.Set("logout_hint", req.LogoutHint)
	}
	if p.cfg.PostLogoutRedirectURI != "" {
		params.Set("post_logout_redirect_uri", p.cfg.PostLogoutRedirectURI)
		if req.State != "" {
			params.Set("state", req.State)
		}
	}
	return withQuery(md.EndSession, params), nil
}
