package rp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	josejson "github.com/go-jose/go-jose/v4/json"

	"vestibule.example/auth/secret"
)

const (
	grantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange" // RFC 8693 2.1
	grantJWTBearer     = "urn:ietf:params:oauth:grant-type:jwt-bearer"     // RFC 7523 2.1
	typeAccessToken    = "urn:ietf:params:oauth:token-type:access_token"   // RFC 8693 3

	// Lifetimes of access tokens. Providers have been seen to answer nanoseconds; nobody gains by a token that
	// is expired on arrival.
	defaultLifetime = 5 * time.Minute
	minLifetime     = time.Second
	maxLifetime     = 30 * 24 * time.Hour
)

// Exchange trades the authorization code for tokens and verifies the ID token in full (OpenID Connect Core
// 3.1.3.7). Nothing of the answer is used before that, UserInfo included (RFC 9700 4.5.3.2).
//
// Errors: *TokenError from the provider, *VerifyError for a token that fails a check, ErrInvalidAnswer,
// ErrProviderUnavailable.
func (p *Provider) Exchange(ctx context.Context, req ExchangeRequest) (*Grant, error) {
	if req.Code == "" || req.Nonce == "" || !validVerifier(req.Verifier) {
		return nil, errors.New("rp: exchange needs a code, a nonce and a verifier")
	}
	form := url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {req.Code},
		"redirect_uri":  {p.cfg.RedirectURI},
		"code_verifier": {req.Verifier},
	}
	addResources(form, p.loginResource())
	t, err := p.token(ctx, form)
	if err != nil {
		return nil, err
	}
	claims, err := p.verifyLogin(ctx, t, req)
	if err != nil {
		return nil, err
	}
	grant := p.grant(t, p.cfg.Scopes)
	grant.IDToken, grant.Claims = secret.New(t.IDToken), claims
	if p.cfg.UserInfo {
		if err := p.addUserInfo(ctx, grant); err != nil {
			return nil, err
		}
	}
	return grant, nil
}

// Refresh trades a refresh token for new tokens (OpenID Connect Core 12). The caller makes sure that it runs once
// at a time for a refresh token, stores the new one before it uses the rest, and ends the session only for a
// *TokenError with Code "invalid_grant" or a *VerifyError.
//
// When the ID token that came along fails its check, or cannot be checked, the Grant beside the error holds the refresh
// token alone: the old one may be spent.
func (p *Provider) Refresh(ctx context.Context, req RefreshRequest) (*Grant, error) {
	if req.RefreshToken.IsZero() {
		return nil, errors.New("rp: refresh needs a refresh token")
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {req.RefreshToken.Reveal()}}
	if len(req.Scopes) == 0 && len(req.Resources) == 0 && req.Audience == "" {
		req.Resources = p.loginResource()
	}
	if err := narrow(form, req.Scopes, req.Resources, req.Audience); err != nil {
		return nil, err
	}
	t, err := p.token(ctx, form)
	if err != nil {
		return nil, err
	}
	grant := p.grant(t, req.Scopes)
	if grant.RefreshToken.IsZero() {
		grant.RefreshToken = req.RefreshToken
	}
	if t.IDToken != "" {
		if grant.Claims, err = p.verifyRefreshed(ctx, t, req.Previous); err != nil {
			return &Grant{RefreshToken: grant.RefreshToken}, err
		}
		grant.IDToken = secret.New(t.IDToken)
	}
	return grant, nil
}

// ClientCredentials gets a token for the gateway itself (RFC 6749 4.4).
func (p *Provider) ClientCredentials(ctx context.Context, req TokenRequest) (*Grant, error) {
	if !req.SubjectToken.IsZero() || req.OnBehalfOf {
		return nil, errors.New("rp: client credentials have no subject")
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if err := narrow(form, req.Scopes, req.Resources, req.Audience); err != nil {
		return nil, err
	}
	t, err := p.token(ctx, form)
	if err != nil {
		return nil, err
	}
	return p.grant(t, req.Scopes), nil
}

// TokenExchange trades the user's token for one of another API: by RFC 8693, or with OnBehalfOf in the way of
// Entra ID. The answer must be an access token to be used as a Bearer token.
func (p *Provider) TokenExchange(ctx context.Context, req TokenRequest) (*Grant, error) {
	if req.SubjectToken.IsZero() {
		return nil, errors.New("rp: token exchange needs a subject token")
	}
	var form url.Values
	if req.OnBehalfOf {
		form = url.Values{
			"grant_type":          {grantJWTBearer},
			"assertion":           {req.SubjectToken.Reveal()},
			"requested_token_use": {"on_behalf_of"},
		}
	} else {
		form = url.Values{
			"grant_type":           {grantTokenExchange},
			"subject_token":        {req.SubjectToken.Reveal()},
			"subject_token_type":   {typeAccessToken},
			"requested_token_type": {typeAccessToken},
		}
	}
	if err := narrow(form, req.Scopes, req.Resources, req.Audience); err != nil {
		return nil, err
	}
	t, err := p.token(ctx, form)
	if err != nil {
		return nil, err
	}
	if !req.OnBehalfOf && t.IssuedTokenType != typeAccessToken { // RFC 8693 2.2.1
		return nil, fmt.Errorf("%w: token: issued_token_type is %.100q", ErrInvalidAnswer, t.IssuedTokenType)
	}
	return p.grant(t, req.Scopes), nil
}

// loginResource is what the login's own access token is for, where resources are configured.
func (p *Provider) loginResource() []string { return p.cfg.Resources[:min(1, len(p.cfg.Resources))] }

func narrow(form url.Values, scopes, resources []string, audience string) error {
	for _, resource := range resources {
		if err := checkResource(resource); err != nil {
			return fmt.Errorf("rp: %w", err)
		}
	}
	addResources(form, resources)
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	if audience != "" {
		form.Set("audience", audience)
	}
	return nil
}

func addResources(form url.Values, resources []string) {
	if len(resources) > 0 {
		form["resource"] = slices.Clone(resources)
	}
}

// tokens is the answer of the token endpoint (RFC 6749 5.1).
type tokens struct {
	AccessToken     string              `json:"access_token"`
	TokenType       string              `json:"token_type"`
	ExpiresIn       josejson.RawMessage `json:"expires_in"`
	RefreshToken    string              `json:"refresh_token"`
	IDToken         string              `json:"id_token"`
	Scope           string              `json:"scope"`
	IssuedTokenType string              `json:"issued_token_type"`
}

// token calls the token endpoint.
func (p *Provider) token(ctx context.Context, form url.Values) (*tokens, error) {
	md, err := p.metadata(ctx)
	if err != nil {
		return nil, err
	}
	a, err := p.post(ctx, "token", md.Token, form)
	if err != nil {
		return nil, err
	}
	var t tokens
	if err := a.decode("token", &t, p.cfg.Now()); err != nil {
		return nil, err
	}
	if t.AccessToken == "" || strings.ContainsFunc(t.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("%w: token: no usable access_token", ErrInvalidAnswer)
	}
	if !strings.EqualFold(t.TokenType, "Bearer") { // RFC 6749 7.1: unknown types must not be used
		return nil, fmt.Errorf("%w: token: token_type is %.40q, not Bearer", ErrInvalidAnswer, t.TokenType)
	}
	return &t, nil
}

// grant turns an answer into a Grant without its ID token, which has to be verified first.
func (p *Provider) grant(t *tokens, asked []string) *Grant {
	scopes := strings.Fields(t.Scope)
	if len(scopes) == 0 {
		scopes = slices.Clone(asked) // RFC 6749 5.1: left out when identical
	}
	return &Grant{
		AccessToken:  secret.New(t.AccessToken),
		RefreshToken: secret.New(t.RefreshToken),
		Expiry:       p.cfg.Now().Add(lifetime(t.ExpiresIn)),
		Scopes:       scopes,
	}
}

// lifetime reads expires_in: a number, or a string that holds one.
func lifetime(raw josejson.RawMessage) time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsNaN(seconds) {
		return defaultLifetime
	}
	seconds = min(max(seconds, minLifetime.Seconds()), maxLifetime.Seconds())
	return time.Duration(seconds * float64(time.Second))
}
