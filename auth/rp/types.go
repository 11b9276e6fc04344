package rp

import (
	"net/url"
	"time"

	"vestibule.example/auth/secret"
)

// AuthRequest is what is particular to one authorization request.
type AuthRequest struct {
	// State, Nonce and Verifier are fresh random values; all three are always used.
	State, Nonce string
	// Verifier is the PKCE code verifier: 43 to 128 unreserved characters (RFC 7636 4.1).
	Verifier string
	// Params are further parameters, already allow-listed by the caller (prompt, login_hint, acr_values,
	// max_age, ui_locales, domain_hint). A name that belongs to the protocol is an error.
	Params url.Values
}

// ExchangeRequest trades an authorization code for tokens.
type ExchangeRequest struct {
	Code, Verifier, Nonce string
	// MaxAge is the max_age that was asked for, nil if none was.
	MaxAge *time.Duration
	// RequestedAt is when the login began; max_age is counted back from it, as the provider does. Zero: now.
	RequestedAt time.Time
	// ACR lists the acr values that were asked for as essential; the token must bear one of them.
	ACR []string
}

// RefreshRequest trades a refresh token for new tokens.
type RefreshRequest struct {
	RefreshToken secret.Text
	// Scopes and Resources narrow the new access token (RFC 6749 6, RFC 8707 2.2). All empty: a token as at login.
	Scopes, Resources []string
	// Audience is sent as "audience" where a provider wants that.
	Audience string
	// Previous are the claims of the login. Required when the provider answers with a new ID token.
	Previous *IDClaims
}

// TokenRequest asks for an access token of an API without the user's browser.
type TokenRequest struct {
	Scopes, Resources []string
	Audience          string
	// SubjectToken is the user's access token. TokenExchange only, required there.
	SubjectToken secret.Text
	// OnBehalfOf uses Entra ID's jwt-bearer form instead of RFC 8693.
	OnBehalfOf bool
}

// EndSession is what is particular to one logout at the provider.
type EndSession struct {
	// IDTokenHint is the ID token of the session. It travels through the browser in the URL.
	IDTokenHint secret.Text
	// LogoutHint names the user or session instead (logout_hint).
	LogoutHint string
	// State comes back to the post-logout address; it is left out when no such address is configured.
	State string
}

// Grant is the answer to any token request.
type Grant struct {
	AccessToken secret.Text
	// RefreshToken is the one to use next: the new one, or after a refresh without rotation the old one.
	RefreshToken secret.Text
	// IDToken is set together with Claims, only when a verified ID token came along.
	IDToken secret.Text
	// Expiry of the access token, which is a Bearer token: expires_in brought between 1 s and 30 days, 5 min if the provider did not say.
	Expiry time.Time
	// Scopes granted: those of the answer, else those asked for.
	Scopes []string
	Claims *IDClaims
}

// IDClaims are the claims of a verified ID token.
type IDClaims struct {
	Issuer, Subject, SID, ACR string
	AMR                       []string
	// AuthTime is zero when the provider did not say.
	AuthTime, IssuedAt, Expiry time.Time
	// Raw holds every claim of the ID token, and those of UserInfo that the ID token did not have. Read-only.
	Raw map[string]any
}

// LogoutToken is a verified back-channel logout token. The caller refuses a JTI it has seen (for the issuer,
// until Expires or MaxLogoutTokenAge after IssuedAt, whichever is sooner, plus the leeway, which is MaxLeeway at the most).
type LogoutToken struct {
	// Issuer is the token's own; Subject or SID may be empty, not both.
	Issuer, Subject, SID, JTI string
	IssuedAt, Expires         time.Time
}
