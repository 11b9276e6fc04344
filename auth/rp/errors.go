package rp

import (
	"errors"
	"fmt"
)

var (
	// ErrProviderUnavailable is a provider that cannot be reached, answers 5xx, or answers what is no protocol message.
	// Trying again later may help.
	ErrProviderUnavailable = errors.New("rp: the identity provider is unavailable")
	// ErrIssuerMismatch is a discovery document, response or token of another issuer than configured.
	ErrIssuerMismatch = errors.New("rp: another issuer than configured")
	// ErrInvalidToken is an ID token, logout token or UserInfo answer that fails a check; the text says which.
	ErrInvalidToken = errors.New("rp: the token is not valid")
	// ErrInvalidResponse is an answer of the provider that the protocol does not allow.
	ErrInvalidResponse = errors.New("rp: the provider's answer is not valid")
	// ErrNoEndSession is a provider without an end-session endpoint.
	ErrNoEndSession = errors.New("rp: the provider has no end-session endpoint")
	// ErrNoRevocation is a provider without a revocation endpoint.
	ErrNoRevocation = errors.New("rp: the provider has no revocation endpoint")
)

// TokenError is an error answer of the token, revocation or pushed authorization request endpoint (RFC 6749 §5.2).
type TokenError struct {
	// Code is the answer's error member, such as invalid_grant; empty when the answer was no OAuth error.
	Code string
	// Status is the HTTP status.
	Status int
	// description is for the log alone: it is the provider's text.
	description string
}

// Error names the code, never the provider's description.
func (e *TokenError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("rp: the token endpoint answered %d", e.Status)
	}
	return fmt.Sprintf("rp: the token endpoint answered %d %s", e.Status, e.Code)
}

// Temporary tells whether the same request may succeed later: the provider failed, or asked to slow down.
func (e *TokenError) Temporary() bool {
	return e.Status >= 500 || e.Status == 429 || e.Code == "temporarily_unavailable" || e.Code == "server_error" || e.Code == "slow_down"
}

// Is makes a temporary one match ErrProviderUnavailable.
func (e *TokenError) Is(target error) bool { return target == ErrProviderUnavailable && e.Temporary() }

// ResponseError is an error answer at the redirect URI (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
type ResponseError struct {
	// Code is one of the registered codes, or "unknown"; it is never the provider's own text.
	Code string
}

func (e *ResponseError) Error() string {
	return "rp: the provider answered the authorization request with " + e.Code
}

// knownResponseErrors are the codes that may be named to a person.
var knownResponseErrors = map[string]bool{
	"access_denied": true, "account_selection_required": true, "consent_required": true, "interaction_required": true,
	"invalid_request": true, "invalid_scope": true, "login_required": true, "server_error": true, "temporarily_unavailable": true,
	"unauthorized_client": true, "unmet_authentication_requirements": true, "unsupported_response_type": true,
	"request_not_supported": true, "request_uri_not_supported": true, "registration_not_supported": true, "invalid_target": true,
}
