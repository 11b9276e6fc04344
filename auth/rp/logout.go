package rp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"vestibule.example/auth/secret"
)

// Revoke tells the provider that a token is no longer needed (RFC 7009). hint is refresh_token or access_token.
// ErrNoRevocation if the provider has no endpoint for it.
func (p *Provider) Revoke(ctx context.Context, token secret.Text, hint string) error {
	doc, err := p.discover(ctx)
	if err != nil {
		return err
	}
	if doc.RevocationEndpoint == "" {
		return ErrNoRevocation
	}
	got, err := p.post(ctx, doc.RevocationEndpoint, url.Values{"token": {token.Reveal()}, "token_type_hint": {hint}})
	if err != nil {
		return fmt.Errorf("revocation: %w", err)
	}
	if got.status != http.StatusOK && got.status != http.StatusNoContent {
		return fmt.Errorf("revocation: %w", tokenError(got))
	}
	return nil
}

// EndSession is what the provider's end-session is told (OpenID Connect RP-Initiated Logout §2).
type EndSession struct {
	// IDTokenHint names the session to end; it is the one token that ever travels through the browser, in a redirect.
	IDTokenHint secret.Text
	// LogoutHint names the user instead.
	LogoutHint string
	// State comes back to the post-logout redirect URI.
	State string
}

// EndSessionURL is where the browser goes to sign out at the provider, or ErrNoEndSession.
func (p *Provider) EndSessionURL(ctx context.Context, req EndSession) (string, error) {
	doc, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	if doc.EndSessionEndpoint == "" {
		return "", ErrNoEndSession
	}
	address, err := url.Parse(doc.EndSessionEndpoint)
	if err != nil {
		return "", fmt.Errorf("%w: end-session endpoint", ErrInvalidResponse)
	}
	query := address.Query()
	query.Set("client_id", p.cfg.ClientID)
	if !req.IDTokenHint.IsZero() {
		query.Set("id_token_hint", req.IDTokenHint.Reveal())
	}
	if req.LogoutHint != "" {
		query.Set("logout_hint", req.LogoutHint)
	}
	if p.cfg.PostLogoutRedirectURI != "" {
		query.Set("post_logout_redirect_uri", p.cfg.PostLogoutRedirectURI)
		query.Set("state", req.State)
	}
	address.RawQuery = query.Encode()
	return address.String(), nil
}

// LogoutToken is a verified back-channel logout token (OpenID Connect Back-Channel Logout §2.4). Subject or SID, or both,
// are there.
type LogoutToken struct {
	Subject, SID string
	// JTI names the token; that it is used once is the caller's to see to, until Expires.
	JTI               string
	IssuedAt, Expires time.Time
}

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// VerifyLogoutToken checks a logout token in full (Back-Channel Logout §2.6) but for its reuse. ErrInvalidToken says that
// the token is bad, ErrProviderUnavailable that it could not be judged.
func (p *Provider) VerifyLogoutToken(ctx context.Context, raw string) (*LogoutToken, error) {
	types := []string{"logout+jwt"}
	if !p.cfg.StrictLogoutType {
		types = append(types, "", "JWT")
	}
	payload, _, err := p.open(ctx, raw, types...)
	if err != nil {
		return nil, err
	}
	m, err := parseMembers(payload)
	if err != nil {
		return nil, err
	}
	if err := p.checkParties(m); err != nil {
		return nil, err
	}
	token := &LogoutToken{}
	if token.IssuedAt, token.Expires, err = p.checkTimes(m); err != nil {
		return nil, err
	}
	if err := readLogoutClaims(m, token); err != nil {
		return nil, err
	}
	return token, nil
}

func readLogoutClaims(m members, token *LogoutToken) (err error) {
	if token.Subject, err = m.text("sub"); err != nil {
		return err
	}
	if token.SID, err = m.text("sid"); err != nil {
		return err
	}
	if token.Subject == "" && token.SID == "" {
		return fmt.Errorf("%w: neither sub nor sid", ErrInvalidToken)
	}
	if token.JTI, err = m.text("jti"); err != nil {
		return err
	}
	if token.JTI == "" {
		return fmt.Errorf("%w: jti is %w", ErrInvalidToken, errMissing)
	}
	events, _ := m["events"].(map[string]any)
	if _, ok := events[logoutEvent].(map[string]any); !ok {
		return fmt.Errorf("%w: events does not hold the logout event as an object", ErrInvalidToken)
	}
	if _, there := m["nonce"]; there {
		return fmt.Errorf("%w: a nonce makes it an ID token", ErrInvalidToken)
	}
	return nil
}
