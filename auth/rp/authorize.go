package rp

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// AuthRequest is one login. State, Nonce and Verifier are fresh random texts of at least 256 bits, bound by the caller to
// the browser that begins; all three are always sent, whatever the provider says it supports (RFC 9700 §2.1.1).
type AuthRequest struct {
	State, Nonce, Verifier string
	// Params are further parameters, allow-listed by the caller: prompt, login_hint, acr_values, max_age, ui_locales …
	Params url.Values
}

var errWeakRequest = errors.New("rp: state, nonce and verifier must each have at least 43 characters")

// AuthorizationURL is where to send the browser. With pushed authorization requests (RFC 9126) it makes a call to the
// provider, whose failure is never answered by an unpushed request when the provider or the configuration demands it.
func (p *Provider) AuthorizationURL(ctx context.Context, req AuthRequest) (string, error) {
	const least = 43 // 256 bits in base64url, and RFC 7636's least length of a verifier
	if len(req.State) < least || len(req.Nonce) < least || len(req.Verifier) < least {
		return "", errWeakRequest
	}
	doc, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	params := url.Values{}
	for name, values := range req.Params {
		params[name] = values
	}
	for name, value := range p.cfg.AuthParams {
		params.Set(name, value)
	}
	challenge := sha256.Sum256([]byte(req.Verifier))
	for name, value := range map[string]string{
		"response_type": "code", "client_id": p.cfg.ClientID, "redirect_uri": p.cfg.RedirectURI,
		"scope": strings.Join(p.cfg.Scopes, " "), "state": req.State, "nonce": req.Nonce,
		"code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]), "code_challenge_method": "S256",
	} {
		params.Set(name, value)
	}
	if p.cfg.ResponseMode == "form_post" {
		params.Set("response_mode", "form_post")
	}
	if len(p.cfg.Resources) > 0 {
		params["resource"] = p.cfg.Resources
	}
	if p.cfg.PAR == "always" || doc.RequirePAR && p.cfg.PAR != "never" {
		if params, err = p.push(ctx, doc, params); err != nil {
			return "", err
		}
	}
	address, err := url.Parse(doc.AuthorizationEndpoint)
	if err != nil {
		return "", fmt.Errorf("%w: authorization endpoint", ErrInvalidResponse)
	}
	query := address.Query()
	for name, values := range params {
		query[name] = values
	}
	address.RawQuery = query.Encode()
	return address.String(), nil
}

// push hands the parameters to the provider directly and gives the two that the browser then carries (RFC 9126 §2, §4).
func (p *Provider) push(ctx context.Context, doc *metadata, params url.Values) (url.Values, error) {
	if doc.PAREndpoint == "" {
		return nil, fmt.Errorf("%w: pushed authorization requests are wanted, and the provider has no endpoint for them", ErrInvalidResponse)
	}
	got, err := p.post(ctx, doc.PAREndpoint, params)
	if err != nil {
		return nil, fmt.Errorf("pushed authorization request: %w", err)
	}
	if got.status != http.StatusCreated && got.status != http.StatusOK {
		return nil, fmt.Errorf("pushed authorization request: %w", tokenError(got))
	}
	var pushed struct {
		RequestURI string `json:"request_uri"`
	}
	if err := json.Unmarshal(got.body, &pushed); err != nil || pushed.RequestURI == "" {
		return nil, fmt.Errorf("pushed authorization request: %w", ErrInvalidResponse)
	}
	return url.Values{"client_id": {p.cfg.ClientID}, "request_uri": {pushed.RequestURI}}, nil
}

// CheckResponse checks an authorization response before anything of it is used: the issuer (RFC 9207 §2.4), on errors
// too, then whether it is an error, which becomes a *ResponseError. That state is the browser's own is the caller's to
// check, and first.
func (p *Provider) CheckResponse(ctx context.Context, response url.Values) error {
	doc, err := p.discover(ctx)
	if err != nil {
		return err
	}
	for name, values := range response {
		if len(values) > 1 {
			return fmt.Errorf("%w: a parameter is there twice (%d characters long)", ErrInvalidResponse, len(name))
		}
	}
	issuer := response.Get("iss")
	if issuer == "" && doc.ResponseIssuerPromised {
		return fmt.Errorf("%w: iss is %w, though the provider promises it", ErrIssuerMismatch, errMissing)
	}
	if issuer != "" && issuer != p.cfg.Issuer {
		return fmt.Errorf("%w: the authorization response's", ErrIssuerMismatch)
	}
	if code := response.Get("error"); code != "" {
		p.cfg.Logger.InfoContext(ctx, "the provider refused the authorization request", "error", clip(code), "description", clip(response.Get("error_description")))
		if !knownResponseErrors[code] {
			code = "unknown"
		}
		return &ResponseError{Code: code}
	}
	if response.Get("code") == "" {
		return fmt.Errorf("%w: neither code nor error", ErrInvalidResponse)
	}
	return nil
}

// clip bounds a provider's text for the log.
func clip(text string) string {
	const most = 200
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
