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
	address, params := p.profile.endSession(&p.cfg, md, req)
	if address == "" {
		return "", ErrNoEndSession
	}
	return withQuery(address, params), nil
}

// standardLogout is RP-Initiated Logout 2.
func standardLogout(c *Config, md *metadata, req EndSession) (string, url.Values) {
	params := url.Values{"client_id": {c.ClientID}}
	if !req.IDTokenHint.IsZero() {
		params.Set("id_token_hint", req.IDTokenHint.Reveal())
	}
	if req.LogoutHint != "" {
		params.Set("logout_hint", req.LogoutHint)
	}
	if c.PostLogoutRedirectURI != "" {
		params.Set("post_logout_redirect_uri", c.PostLogoutRedirectURI)
		if req.State != "" {
			params.Set("state", req.State)
		}
	}
	if c.FederatedLogout {
		params.Set("federated", "")
	}
	return md.EndSession, params
}

// auth0Logout is the standard's logout where the discovery document names an endpoint. Tenants made before November 2023 leave
// it out by default; those have /v2/logout, which compares the address to return to without its query.
func auth0Logout(c *Config, md *metadata, req EndSession) (string, url.Values) {
	if md.EndSession != "" {
		return standardLogout(c, md, req)
	}
	params := url.Values{"client_id": {c.ClientID}}
	if c.PostLogoutRedirectURI != "" {
		params.Set("returnTo", withQuery(c.PostLogoutRedirectURI, url.Values{"state": {req.State}}))
	}
	if c.FederatedLogout {
		params.Set("federated", "")
	}
	return c.Issuer + "v2/logout", params
}

// cognitoLogout has parameters of its own, and neither hint nor state. Its endpoint is beside the authorization endpoint,
// whose host is not the issuer's.
func cognitoLogout(c *Config, md *metadata, _ EndSession) (string, url.Values) {
	u, err := url.Parse(md.Authorization)
	if err != nil || c.PostLogoutRedirectURI == "" {
		return "", nil
	}
	return u.Scheme + "://" + u.Host + "/logout", url.Values{"client_id": {c.ClientID}, "logout_uri": {c.PostLogoutRedirectURI}}
}
