package rp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vestibule.example/auth/secret"
)

const (
	// longestLife caps what expires_in may claim; there are providers that say nanoseconds.
	longestLife = 30 * 24 * time.Hour
	// assumedLife is taken when the provider does not say (RFC 6749 §5.1 leaves it open).
	assumedLife = 5 * time.Minute
)

// Grant is what the token endpoint gave.
type Grant struct {
	AccessToken secret.Text
	// RefreshToken is zero if none was given: at a refresh the one before stays good (RFC 6749 §6).
	RefreshToken secret.Text
	// IDToken is zero if none was given.
	IDToken secret.Text
	// TokenType is always Bearer.
	TokenType string
	// Expiry is the access token's, by this machine's clock.
	Expiry time.Time
	// Scopes are those granted; nil if the provider does not say, which means those asked for.
	Scopes []string
	// Claims are those of the ID token; nil if none was given.
	Claims *IDClaims
}

// tokenAnswer is a successful answer of the token endpoint (RFC 6749 §5.1).
type tokenAnswer struct {
	AccessToken     string  `json:"access_token"`
	RefreshToken    string  `json:"refresh_token"`
	IDToken         string  `json:"id_token"`
	TokenType       string  `json:"token_type"`
	ExpiresIn       seconds `json:"expires_in"`
	Scope           string  `json:"scope"`
	IssuedTokenType string  `json:"issued_token_type"`
}

// seconds reads expires_in, a number by the specification and a string at some providers. Absurd values are capped,
// negative ones are none.
type seconds time.Duration

var errNotANumber = errors.New("expires_in is not a number")

// UnmarshalJSON implements [json.Unmarshaler].
func (s *seconds) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "null" || text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) {
		return errNotANumber
	}
	n = math.Min(math.Max(n, 0), longestLife.Seconds())
	*s = seconds(time.Duration(n * float64(time.Second)))
	return nil
}

// ExchangeRequest redeems an authorization code.
type ExchangeRequest struct {
	Code, Verifier, Nonce string
	// MaxAge and ACR are what was asked of the sign-in, and are then demanded of the ID token.
	MaxAge *time.Duration
	ACR    []string
}

// Exchange redeems a code and checks the ID token in full; nothing of the answer is used before that has passed (RFC 9700
// §4.5.3.2). Errors: *TokenError, ErrInvalidToken, ErrInvalidResponse, ErrProviderUnavailable.
func (p *Provider) Exchange(ctx context.Context, req ExchangeRequest) (*Grant, error) {
	doc, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {req.Code}, "redirect_uri": {p.cfg.RedirectURI}, "code_verifier": {req.Verifier}}
	if len(p.cfg.Resources) > 0 {
		form["resource"] = p.cfg.Resources
	}
	got, err := p.tokenCall(ctx, doc, form)
	if err != nil {
		return nil, err
	}
	if got.IDToken == "" {
		return nil, fmt.Errorf("%w: no ID token", ErrInvalidResponse)
	}
	if req.Nonce == "" {
		return nil, fmt.Errorf("%w: no nonce to check", ErrInvalidToken)
	}
	claims, err := p.verifyIDToken(ctx, got.IDToken, expectation{nonce: req.Nonce, accessToken: got.AccessToken, maxAge: req.MaxAge, acr: req.ACR})
	if err != nil {
		return nil, err
	}
	if p.cfg.UserInfo {
		if err := p.mergeUserInfo(ctx, doc, got.AccessToken, claims); err != nil {
			return nil, err
		}
	}
	return p.grant(got, claims), nil
}

// RefreshRequest spends a refresh token.
type RefreshRequest struct {
	RefreshToken secret.Text
	// Scopes, Resources and Audience narrow the access token to one API; all may be empty.
	Scopes, Resources []string
	Audience          string
	// Previous is the login's ID token; an ID token that comes with the refresh must fit it.
	Previous *IDClaims
}

// Refresh spends a refresh token. An ID token that comes along must be of the same issuer, subject and sign-in
// (OpenID Connect Core §12.2). Errors as of Exchange; a *TokenError with code invalid_grant is final.
func (p *Provider) Refresh(ctx context.Context, req RefreshRequest) (*Grant, error) {
	doc, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {req.RefreshToken.Reveal()}}
	narrow(form, req.Scopes, req.Resources, req.Audience)
	if len(req.Resources) == 0 && len(p.cfg.Resources) > 0 {
		form["resource"] = p.cfg.Resources
	}
	got, err := p.tokenCall(ctx, doc, form)
	if err != nil {
		return nil, err
	}
	var claims *IDClaims
	if got.IDToken != "" {
		if claims, err = p.verifyIDToken(ctx, got.IDToken, expectation{accessToken: got.AccessToken}); err != nil {
			return nil, err
		}
		if err := sameLogin(req.Previous, claims); err != nil {
			return nil, err
		}
	}
	return p.grant(got, claims), nil
}

// sameLogin checks that a refresh stayed with the user and the sign-in it began with. The issuer is the provider's, which
// verifyIDToken has checked; auth_time may only stay.
func sameLogin(before, now *IDClaims) error {
	if before == nil {
		return nil
	}
	if now.Subject != before.Subject {
		return fmt.Errorf("%w: a refresh changed sub", ErrInvalidToken)
	}
	if !before.AuthTime.IsZero() && !now.AuthTime.IsZero() && !now.AuthTime.Equal(before.AuthTime) {
		return fmt.Errorf("%w: a refresh changed auth_time", ErrInvalidToken)
	}
	return nil
}

// TokenRequest asks for a token for one API without or on behalf of the user.
type TokenRequest struct {
	// SubjectToken is the user's access token, for TokenExchange.
	SubjectToken secret.Text
	// OnBehalfOf uses Entra ID's form of the jwt-bearer grant instead of RFC 8693.
	OnBehalfOf        bool
	Scopes, Resources []string
	Audience          string
}

const accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

// ClientCredentials asks for a token of this client's own (RFC 6749 §4.4).
func (p *Provider) ClientCredentials(ctx context.Context, req TokenRequest) (*Grant, error) {
	return p.plainGrant(ctx, url.Values{"grant_type": {"client_credentials"}}, req)
}

// TokenExchange turns the user's access token into one for another API: RFC 8693, or Entra ID's on-behalf-of.
func (p *Provider) TokenExchange(ctx context.Context, req TokenRequest) (*Grant, error) {
	if req.OnBehalfOf {
		return p.plainGrant(ctx, url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {req.SubjectToken.Reveal()},
			"requested_token_use": {"on_behalf_of"},
		}, req)
	}
	doc, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	form := url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {req.SubjectToken.Reveal()},
		"subject_token_type": {accessTokenType}, "requested_token_type": {accessTokenType},
	}
	narrow(form, req.Scopes, req.Resources, req.Audience)
	got, err := p.tokenCall(ctx, doc, form)
	if err != nil {
		return nil, err
	}
	if got.IssuedTokenType != accessTokenType {
		return nil, fmt.Errorf("%w: issued_token_type is not what was asked (RFC 8693 §2.2.1)", ErrInvalidResponse)
	}
	return p.grant(got, nil), nil
}

func (p *Provider) plainGrant(ctx context.Context, form url.Values, req TokenRequest) (*Grant, error) {
	doc, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	narrow(form, req.Scopes, req.Resources, req.Audience)
	got, err := p.tokenCall(ctx, doc, form)
	if err != nil {
		return nil, err
	}
	return p.grant(got, nil), nil
}

func narrow(form url.Values, scopes, resources []string, audience string) {
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	if len(resources) > 0 {
		form["resource"] = resources
	}
	if audience != "" {
		form.Set("audience", audience)
	}
}

// tokenCall makes one call of the token endpoint and checks the form of its answer.
func (p *Provider) tokenCall(ctx context.Context, doc *metadata, form url.Values) (*tokenAnswer, error) {
	got, err := p.post(ctx, doc.TokenEndpoint, form)
	if err != nil {
		return nil, fmt.Errorf("token endpoint: %w", err)
	}
	if got.status != http.StatusOK {
		failure := tokenError(got)
		p.cfg.Logger.WarnContext(ctx, "the token endpoint refused", "grant_type", form.Get("grant_type"), "status", got.status, "error", failure.Code, "description", failure.description)
		return nil, failure
	}
	if !isJSON(got.media) {
		return nil, fmt.Errorf("token endpoint: %w: %w", ErrProviderUnavailable, errNotJSON)
	}
	var out tokenAnswer
	if err := json.Unmarshal(got.body, &out); err != nil {
		return nil, fmt.Errorf("token endpoint: %w: %w", ErrInvalidResponse, errNotJSON)
	}
	if out.AccessToken == "" {
		return nil, fmt.Errorf("token endpoint: %w: no access token", ErrInvalidResponse)
	}
	if !strings.EqualFold(out.TokenType, "Bearer") {
		return nil, fmt.Errorf("token endpoint: %w: token_type is not Bearer", ErrInvalidResponse)
	}
	return &out, nil
}

// tokenError reads an error answer; what is no OAuth error keeps its status alone.
func tokenError(got *answer) *TokenError {
	failure := &TokenError{Status: got.status}
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if isJSON(got.media) && json.Unmarshal(got.body, &body) == nil {
		failure.Code, failure.description = clip(body.Error), clip(body.Description)
	}
	return failure
}

func (p *Provider) grant(got *tokenAnswer, claims *IDClaims) *Grant {
	life := time.Duration(got.ExpiresIn)
	if life == 0 {
		life = assumedLife
	}
	g := &Grant{
		AccessToken: secret.New(got.AccessToken), RefreshToken: secret.New(got.RefreshToken), IDToken: secret.New(got.IDToken),
		TokenType: "Bearer", Expiry: p.cfg.Now().Add(life), Claims: claims,
	}
	if got.Scope != "" {
		g.Scopes = strings.Fields(got.Scope)
	}
	return g
}
