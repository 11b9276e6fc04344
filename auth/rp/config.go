package rp

import (
	"crypto"
	"log/slog"
	"net/http"
	"time"

	"vestibule.example/auth/secret"
)

// Ways of authenticating the client to the provider (OpenID Connect Core 9).
const (
	AuthBasic         = "client_secret_basic"
	AuthPost          = "client_secret_post"
	AuthPrivateKeyJWT = "private_key_jwt"
)

// When authorization requests are pushed (RFC 9126).
const (
	PARWhenRequired = ""       // when the provider's metadata requires it
	PARAlways       = "always" // always; a provider without the endpoint is an error
	PARNever        = "never"  // never; a provider that requires it is an error, not a plain request
)

// MaxLeeway bounds Config.Leeway.
const MaxLeeway = 5 * time.Minute

// Config describes one client at one provider. New copies it.
type Config struct {
	// Profile names what the provider does differently from the standard, see [Profiles]. Default: generic.
	Profile string
	// Issuer is the provider's issuer identifier, compared exactly, trailing slash included. It must be https,
	// or http on a loopback host for development.
	Issuer string
	// ClientID is the client's identifier at the provider. Required.
	ClientID string
	// ClientSecret is required for client_secret_basic and client_secret_post, and refused for private_key_jwt.
	ClientSecret secret.Text
	// AuthMethod is client_secret_basic, client_secret_post or private_key_jwt. Default: the profile's.
	AuthMethod string
	// PrivateKey signs client assertions (private_key_jwt): RSA of at least 2048 bits, ECDSA on P-256, P-384
	// or P-521, or Ed25519.
	PrivateKey crypto.Signer
	// PrivateKeyID is the "kid" under which the provider knows the key; for Entra ID the SHA-256 thumbprint of its
	// certificate in base64url. Required with PrivateKey.
	PrivateKeyID string
	// PrivateKeyAlg overrides the algorithm, which otherwise follows from the key: RS256, ES256, ES384, ES512
	// or EdDSA. The one useful value is PS256 for an RSA key, which Entra ID's profile has by default.
	PrivateKeyAlg string
	// RedirectURI is the absolute callback address as registered: https, or http on a loopback host.
	RedirectURI string
	// PostLogoutRedirectURI is where the provider returns after its logout. Optional.
	PostLogoutRedirectURI string
	// Scopes to ask for; "openid" must be among them. Default: the profile's.
	Scopes []string
	// Resources are RFC 8707 resource indicators, absolute URIs without fragment. The authorization request names all; the
	// code exchange, and a refresh for nothing in particular, the first: a token request for several is an error at
	// most providers (RFC 8707 §2.2 wants narrow tokens).
	Resources []string
	// Audience is sent as "audience" in the authorization request, where a provider wants that.
	Audience string
	// Tenants are those that may sign in where the issuer stands for several (Entra ID's common and organizations).
	Tenants []string
	// FederatedLogout has the provider end the session at the provider behind it too, where the profile knows how.
	FederatedLogout bool
	// AuthParams are fixed extra parameters of the authorization request, such as audience. They cannot
	// replace a parameter of the protocol.
	AuthParams map[string]string
	// ResponseMode is "" (the answer comes in the query) or "form_post".
	ResponseMode string
	// PAR is PARWhenRequired (default), PARAlways or PARNever.
	PAR string
	// IDTokenAlgs is the allow-list of signature algorithms. Default RS256 PS256 ES256 EdDSA. "none" and
	// symmetric algorithms are refused.
	IDTokenAlgs []string
	// TrustedAudiences may stand beside the client's id in "aud".
	TrustedAudiences []string
	// Leeway is the clock skew allowed for exp, iat, nbf and auth_time. Default 30 s, at most 5 min;
	// negative means none.
	Leeway time.Duration
	// UserInfo asks the UserInfo endpoint at login and adds its claims. A failure then fails the login.
	UserInfo bool
	// RequireLogoutTyp refuses a logout token whose typ is not "logout+jwt". By default a token without typ,
	// or with typ JWT, is accepted too, since most providers send none.
	RequireLogoutTyp bool
	// LogoutTokenWithoutExp accepts a logout token that has no exp, as those made before December 2023 by the drafts of the
	// standard: it ends MaxLogoutTokenAge after its iat.
	LogoutTokenWithoutExp bool
	// Timeout bounds one call of the provider. Default 10 s, at most 30 s.
	Timeout time.Duration
	// RefreshInterval is how long metadata and keys are used before they are fetched anew. Default 1 h.
	RefreshInterval time.Duration
	// HTTPClient carries the calls; its redirect policy and cookie jar are replaced. The default ignores the
	// proxy environment variables.
	HTTPClient *http.Client
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Logger gets what no caller sees, such as a failed refresh of metadata. Default: none.
	Logger *slog.Logger
}
