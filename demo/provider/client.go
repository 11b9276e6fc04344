package provider

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Client is a registered relying party. It has either a secret (client_secret_basic and client_secret_post) or a public
// key (private_key_jwt, RFC 7523; the assertion's audience is the issuer, its alg RS256, its kid that of the key).
type Client struct {
	ID     string
	Secret string
	Key    *jose.JSONWebKey
	// The URIs are compared exactly and must be loopback.
	RedirectURIs           []string
	PostLogoutRedirectURIs []string
	// BackChannelLogoutURI gets a logout token when a session that the client took part in ends; none when empty.
	BackChannelLogoutURI string
	// FrontChannelLogoutURI is shown in a frame when a session ends, where Quirks.FrontChannelAlone is set.
	FrontChannelLogoutURI string
}

// check returns everything wrong with the client.
func (c *Client) check() error {
	var errs []error
	if c.ID == "" {
		errs = append(errs, errors.New("a client needs an ID"))
	}
	if (c.Secret == "") == (c.Key == nil) {
		errs = append(errs, fmt.Errorf("client %s needs a secret or a public key, and not both", c.ID))
	}
	if c.Key != nil && (!c.Key.IsPublic() || c.Key.KeyID == "") {
		errs = append(errs, fmt.Errorf("client %s: the key must be public and have an id", c.ID))
	}
	if len(c.RedirectURIs) == 0 {
		errs = append(errs, fmt.Errorf("client %s needs a redirect URI", c.ID))
	}
	uris := slices.Concat(c.RedirectURIs, c.PostLogoutRedirectURIs)
	for _, uri := range []string{c.BackChannelLogoutURI, c.FrontChannelLogoutURI} {
		if uri != "" {
			uris = append(uris, uri)
		}
	}
	for _, uri := range uris {
		if u, err := url.Parse(uri); err != nil || !loopback(u.Hostname()) {
			errs = append(errs, fmt.Errorf("client %s: %q is not on a loopback host", c.ID, uri))
		}
	}
	return errors.Join(errs...)
}

// registered is a Client as the library wants it.
type registered struct {
	Client
	scopes   map[string]string
	lifetime func() time.Duration // of ID tokens
}

var _ op.Client = (*registered)(nil)

func (c *registered) secretIs(secret string) bool {
	return c.Secret != "" && subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) == 1
}

// GetID is the client_id.
func (c *registered) GetID() string { return c.ID }

// RedirectURIs are compared exactly (RFC 9700 §2.1).
func (c *registered) RedirectURIs() []string { return c.Client.RedirectURIs }

// PostLogoutRedirectURIs are compared exactly.
func (c *registered) PostLogoutRedirectURIs() []string { return c.Client.PostLogoutRedirectURIs }

// ApplicationType is web: a confidential client.
func (c *registered) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }

// AuthMethod is private_key_jwt or a secret; the library takes a secret by Basic and by POST alike.
func (c *registered) AuthMethod() oidc.AuthMethod {
	if c.Key != nil {
		return oidc.AuthMethodPrivateKeyJWT
	}
	return oidc.AuthMethodBasic
}

// ResponseTypes is code alone.
func (c *registered) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

// GrantTypes are those of the code flow.
func (c *registered) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
}

// LoginURL is where the login page waits for a stored request.
func (c *registered) LoginURL(id string) string { return "/login?id=" + url.QueryEscape(id) }

// AccessTokenType is JWT.
func (c *registered) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

// IDTokenLifetime is the one set.
func (c *registered) IDTokenLifetime() time.Duration { return c.lifetime() }

// DevMode is false: redirect URIs are strict.
func (c *registered) DevMode() bool { return false }

// RestrictAdditionalIdTokenScopes restricts nothing.
func (c *registered) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

// RestrictAdditionalAccessTokenScopes restricts nothing.
func (c *registered) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

// IsScopeAllowed allows the scopes of the APIs; the library allows those of OpenID Connect, and drops others.
func (c *registered) IsScopeAllowed(scope string) bool { return c.scopes[scope] != "" }

// IDTokenUserinfoClaimsAssertion puts the user's claims into the ID token.
func (c *registered) IDTokenUserinfoClaimsAssertion() bool { return true }

// ClockSkew is none.
func (c *registered) ClockSkew() time.Duration { return 0 }
