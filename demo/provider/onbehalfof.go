package provider

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

func errResource() error {
	return oidc.ErrInvalidRequest().WithDescription("AADSTS901002: The 'resource' request parameter is not supported.")
}

// onBehalfOf trades an access token that was made for the client itself for one of the API that the scopes are of.
func (p *Provider) onBehalfOf(r *http.Request) (*oidc.AccessTokenResponse, error) {
	client, err := p.authenticate(r)
	if err != nil {
		return nil, err
	}
	if r.PostForm.Get("requested_token_use") != "on_behalf_of" {
		return nil, oidc.ErrInvalidRequest().WithDescription("AADSTS240002: requested_token_use must be on_behalf_of")
	}
	claims, err := p.assertionFor(client, r.PostForm.Get("assertion"))
	if err != nil {
		return nil, oidc.ErrInvalidGrant().WithDescription("AADSTS500131: the assertion's audience does not match the client").WithParent(err)
	}
	scopes := strings.Fields(r.PostForm.Get("scope"))
	g := grant{apis: p.scopes, issuer: p.issuer, quirks: p.quirks}
	audiences := g.audiences(scopes)
	if len(audiences) != 1 || audiences[0] == p.issuer {
		return nil, oidc.ErrInvalidScope().WithDescription("AADSTS28000: scopes of one resource are needed")
	}
	ttl := p.Settings().AccessTokenTTL
	claims["aud"], claims["scope"], claims["jti"] = []any{audiences[0]}, strings.Join(scopes, " "), random()
	lifespan(claims, p.now(), ttl)
	token, err := p.signAccess(claims)
	if err != nil {
		return nil, err
	}
	return &oidc.AccessTokenResponse{AccessToken: token, TokenType: oidc.BearerToken, ExpiresIn: uint64(ttl / time.Second), Scope: scopes}, nil
}

// assertionFor reads an access token of ours that is for the client.
func (p *Provider) assertionFor(client, raw string) (map[string]any, error) {
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, err
	}
	payload, err := jws.Verify(jose.JSONWebKeySet{Keys: p.keys.public()})
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, err
	}
	audience, _ := claims["aud"].([]any)
	expires, _ := claims["exp"].(float64)
	if !slices.Contains(audience, any(client)) || !p.now().Before(time.Unix(int64(expires), 0)) {
		return nil, errUnknown
	}
	return claims, nil
}
