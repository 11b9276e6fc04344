package rp

import (
	"context"
	"fmt"
	"net/url"
	"slices"
)

// responseErrors are the codes that an authorization response may carry: RFC 6749 4.1.2.1, OIDC Core 3.1.2.6,
// RFC 8707 2, RFC 9126 and OpenID Connect Core Error Code unmet_authentication_requirements.
var responseErrors = []string{
	"access_denied", "account_selection_required", "consent_required", "interaction_required",
	"invalid_request", "invalid_request_object", "invalid_request_uri", "invalid_scope", "invalid_target",
	"login_required", "registration_not_supported", "request_not_supported", "request_uri_not_supported",
	"server_error", "temporarily_unavailable", "unauthorized_client", "unmet_authentication_requirements",
	"unsupported_response_type",
}

// CheckResponse checks the parameters of an authorization response, of query or form. The caller has matched
// state with a login of this browser and this provider before.
//
// The issuer comes first, on error answers too (RFC 9207 2.4): ErrIssuerMismatch. Then an error answer becomes a
// *ResponseError. A response that is neither, or that repeats a parameter (RFC 6749 3.1), is ErrInvalidAnswer.
func (p *Provider) CheckResponse(ctx context.Context, q url.Values) error {
	for _, name := range []string{"code", "error", "iss", "state"} {
		if len(q[name]) > 1 {
			return fmt.Errorf("%w: authorization response: %s more than once", ErrInvalidAnswer, name)
		}
	}
	md, err := p.metadata(ctx)
	if err != nil {
		return err
	}
	if q.Has("iss") {
		if p.profile.issuer(&p.cfg, q.Get("iss"), nil) != "" {
			return fmt.Errorf("%w: %.200q", ErrIssuerMismatch, q.Get("iss"))
		}
	} else if md.ResponseIss {
		return fmt.Errorf("%w: iss is missing", ErrIssuerMismatch)
	}
	if q.Has("error") {
		e := &ResponseError{Code: q.Get("error"), Description: printable(q.Get("error_description"))}
		if !slices.Contains(responseErrors, e.Code) {
			e.Code = UnknownError
		}
		return e
	}
	if q.Get("code") == "" {
		return fmt.Errorf("%w: authorization response: no code", ErrInvalidAnswer)
	}
	return nil
}
