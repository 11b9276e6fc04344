package rp

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// AuthorizationURL returns the address to send the browser to: the code flow with state, nonce and PKCE S256,
// whatever the provider says it supports (RFC 9700 4.7.1, RFC 7636 7.2). With a pushed request (RFC 9126) the
// address holds nothing but client_id and request_uri.
func (p *Provider) AuthorizationURL(ctx context.Context, req AuthRequest) (string, error) {
	params, err := p.authParams(req)
	if err != nil {
		return "", err
	}
	md, err := p.metadata(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case p.cfg.PAR == PARNever && md.RequirePAR:
		return "", errors.New("rp: the provider requires pushed authorization requests, the configuration forbids them")
	case p.cfg.PAR == PARAlways || md.RequirePAR:
		if params, err = p.push(ctx, md, params); err != nil {
			return "", err
		}
	}
	return withQuery(md.Authorization, params), nil
}

func (p *Provider) authParams(req AuthRequest) (url.Values, error) {
	if req.State == "" || req.Nonce == "" || !validVerifier(req.Verifier) {
		return nil, errors.New("rp: an authorization request needs a state, a nonce and a verifier")
	}
	params := url.Values{}
	for name, value := range p.profile.authParams {
		params.Set(name, value)
	}
	if p.cfg.Audience != "" {
		params.Set("audience", p.cfg.Audience)
	}
	for name, value := range p.cfg.AuthParams {
		params.Set(name, value)
	}
	for name, values := range req.Params {
		if IsProtocolParam(name) || len(values) != 1 {
			return nil, fmt.Errorf("rp: authorization parameter %.40q is not allowed", name)
		}
		params.Set(name, values[0])
	}
	for name, value := range map[string]string{
		"response_type":         "code",
		"client_id":             p.cfg.ClientID,
		"redirect_uri":          p.cfg.RedirectURI,
		"scope":                 strings.Join(p.cfg.Scopes, " "),
		"state":                 req.State,
		"nonce":                 req.Nonce,
		"code_challenge":        oauth2.S256ChallengeFromVerifier(req.Verifier),
		"code_challenge_method": "S256",
	} {
		params.Set(name, value)
	}
	if p.cfg.ResponseMode != "" {
		params.Set("response_mode", p.cfg.ResponseMode)
	}
	addResources(params, p.cfg.Resources)
	return params, nil
}

// push sends the request to the provider first (RFC 9126 2). A failure is final: falling back to a plain request
// would let whoever can make the push fail choose the weaker form.
func (p *Provider) push(ctx context.Context, md *metadata, params url.Values) (url.Values, error) {
	if md.PAR == "" {
		return nil, fmt.Errorf("%w: pushed authorization requests are required but have no endpoint", ErrInvalidAnswer)
	}
	a, err := p.post(ctx, "par", md.PAR, params)
	if err != nil {
		return nil, err
	}
	var pushed struct {
		RequestURI string `json:"request_uri"`
	}
	if err := a.decode("par", &pushed, p.cfg.Now()); err != nil {
		return nil, err
	}
	if pushed.RequestURI == "" {
		return nil, fmt.Errorf("%w: par: no request_uri", ErrInvalidAnswer)
	}
	return url.Values{"client_id": {p.cfg.ClientID}, "request_uri": {pushed.RequestURI}}, nil
}

// withQuery adds params to an endpoint, which may have a query of its own (RFC 6749 3.1) but no fragment.
func withQuery(endpoint string, params url.Values) string {
	mark := "?"
	if strings.Contains(endpoint, "?") {
		mark = "&"
	}
	return endpoint + mark + params.Encode()
}

// validVerifier tells whether a text is a code verifier (RFC 7636 §4.1).
func validVerifier(verifier string) bool {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	return len(verifier) >= 43 && len(verifier) <= 128 && strings.Trim(verifier, unreserved) == ""
}
