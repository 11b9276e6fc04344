package provider

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// clientCredentials gives the client a token of its own (RFC 6749 §4.4), for the APIs of the scopes or those named.
func (p *Provider) clientCredentials(r *http.Request) (*oidc.AccessTokenResponse, error) {
	client, err := p.authenticate(r)
	if err != nil {
		return nil, err
	}
	scopes := strings.Fields(r.PostForm.Get("scope"))
	for _, scope := range scopes {
		if p.scopes[scope] == "" {
			return nil, oidc.ErrInvalidScope()
		}
	}
	named := resources(r)
	if len(scopes) == 0 { // A resource without scopes stands for all of its own.
		for scope, audience := range p.scopes {
			if slices.Contains(named, audience) {
				scopes = append(scopes, scope)
			}
		}
	}
	g := grant{apis: p.scopes, issuer: p.issuer}
	if scopes, err = g.narrow(scopes, named); err != nil {
		return nil, err
	}
	slices.Sort(scopes)
	ttl := p.Settings().AccessTokenTTL
	audiences := []any{}
	for _, audience := range g.audiences(scopes) {
		audiences = append(audiences, audience)
	}
	claims := map[string]any{"sub": client, "client_id": client, "aud": audiences, "scope": strings.Join(scopes, " "), "jti": random()}
	lifespan(claims, p.now(), ttl)
	token, err := p.signAccess(claims)
	if err != nil {
		return nil, err
	}
	return &oidc.AccessTokenResponse{AccessToken: token, TokenType: oidc.BearerToken, ExpiresIn: uint64(ttl / time.Second), Scope: scopes}, nil
}
