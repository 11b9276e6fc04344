package rp

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

var (
	// ErrProviderUnavailable is a provider that could not be reached, or says so itself. Trying later may help.
	ErrProviderUnavailable = errors.New("rp: provider unavailable")
	// ErrInvalidAnswer is an answer of the provider that the protocol does not allow.
	ErrInvalidAnswer = errors.New("rp: invalid answer from provider")
	// ErrIssuerMismatch is an authorization response that names another issuer, or none although it must (RFC 9207).
	ErrIssuerMismatch = errors.New("rp: authorization response from another issuer")
	// ErrNoEndSession is a provider that has no end-session endpoint.
	ErrNoEndSession = errors.New("rp: provider has no end-session endpoint")
	// ErrNoRevocation is a provider that has no revocation endpoint.
	ErrNoRevocation = errors.New("rp: provider has no revocation endpoint")
)

// UnknownError is the Code of a ResponseError whose own code is not one we know.
const UnknownError = "unknown_error"

// ResponseError is an error answer at the callback.
type ResponseError struct {
	// Code is one of RFC 6749 4.1.2.1 and OpenID Connect Core 3.1.2.6, or UnknownError. Safe to show.
	Code string
	// Description is the provider's text, or an attacker's: for the log alone. At most 200 printable characters.
	Description string
}

// Error names the code only.
func (e *ResponseError) Error() string { return "rp: authorization refused: " + e.Code }

// LogValue adds the description.
func (e *ResponseError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("code", e.Code), slog.String("description", e.Description))
}

// TokenError is an error answer of the token, PAR, revocation or UserInfo endpoint.
type TokenError struct {
	// Endpoint is "token", "par", "revocation" or "userinfo".
	Endpoint string
	// Code comes from the JSON answer's "error", or from the Bearer challenge of UserInfo; empty when the
	// answer had none (an HTML page of a proxy, say).
	Code string
	// Description is the provider's text, for the log alone. At most 200 printable characters.
	Description string
	// Status is the HTTP status.
	Status int
	// RetryAfter is what the provider asked for in seconds, at most an hour; zero if it did not.
	RetryAfter time.Duration
}

// Error names endpoint, status and code, never the description.
func (e *TokenError) Error() string {
	code := e.Code
	if code == "" {
		code = "no error code"
	}
	return fmt.Sprintf("rp: %s endpoint answered %d: %s", e.Endpoint, e.Status, code)
}

// LogValue adds the description.
func (e *TokenError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("endpoint", e.Endpoint), slog.Int("status", e.Status),
		slog.String("code", e.Code), slog.String("description", e.Description))
}

// Temporary reports whether the same request may succeed later: status 408, 429 or 5xx, or a code that says so.
func (e *TokenError) Temporary() bool {
	return e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout ||
		e.Code == "temporarily_unavailable" || e.Code == "server_error" || e.Code == "slow_down"
}

// Is makes a temporary error match ErrProviderUnavailable.
func (e *TokenError) Is(target error) bool { return target == ErrProviderUnavailable && e.Temporary() }

// VerifyError says which check an ID token, logout token or UserInfo answer failed. It means that the token is
// bad; when a token could not be checked, because the keys could not be fetched, the error is another.
type VerifyError struct {
	// Token is "id_token", "logout_token" or "userinfo".
	Token string
	// Check is a short constant name, such as "nonce", "aud" or "signature".
	Check string
}

// checkTenant is the check that a token of a tenant fails that is not on the list.
const checkTenant = "tid"

// ForeignTenant tells that the token is sound, and of a tenant that Config.Tenants does not list.
func (e *VerifyError) ForeignTenant() bool { return e.Check == checkTenant }

// Error names token and check, never a claim's value.
func (e *VerifyError) Error() string {
	if e.ForeignTenant() {
		return fmt.Sprintf("rp: %s refused: tid: the tenant is not on the list, identity.tenants", e.Token)
	}
	return fmt.Sprintf("rp: %s refused: %s", e.Token, e.Check)
}
