package provider

import (
	"maps"
	"net/http"
	"slices"

	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// metadata is the library's discovery document with what it has no field for.
type metadata struct {
	*oidc.DiscoveryConfiguration
	IssParameter bool     `json:"authorization_response_iss_parameter_supported"`
	Prompts      []string `json:"prompt_values_supported"`
}

// discovery answers GET /.well-known/openid-configuration.
func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) {
	p.count(func(c *Counters) { c.Discovery++ })
	m := metadata{
		DiscoveryConfiguration: op.CreateDiscoveryConfig(r.Context(), p.op, storage{p}),
		IssParameter:           true,
		Prompts:                []string{oidc.PromptNone, oidc.PromptLogin, oidc.PromptConsent, oidc.PromptSelectAccount},
	}
	// The library announces all it could do.
	m.IntrospectionEndpoint, m.IntrospectionEndpointAuthMethodsSupported, m.IntrospectionEndpointAuthSigningAlgValuesSupported = "", nil, nil
	m.DeviceAuthorizationEndpoint = ""
	m.ResponseTypesSupported = []string{string(oidc.ResponseTypeCode)}
	m.ResponseModesSupported = []string{string(oidc.ResponseModeQuery), string(oidc.ResponseModeFormPost)}
	m.GrantTypesSupported = []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken, oidc.GrantTypeClientCredentials}
	m.ACRValuesSupported = []string{ACRPassword, ACRMultiFactor}
	m.TokenEndpointAuthMethodsSupported = []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost, oidc.AuthMethodPrivateKeyJWT}
	m.RevocationEndpointAuthMethodsSupported = m.TokenEndpointAuthMethodsSupported
	m.ScopesSupported = append([]string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, oidc.ScopeOfflineAccess}, slices.Sorted(maps.Keys(p.scopes))...)
	m.ClaimsSupported = []string{
		"iss", "sub", "aud", "exp", "iat", "azp", "auth_time", "nonce", "acr", "amr", "at_hash", "c_hash", "sid",
		"name", "preferred_username", "email", "email_verified", "roles",
	}
	p.announce(&m, r)
	if p.Settings().Tampering.Metadata == WrongIssuer {
		m.Issuer = stranger
	}
	httphelper.MarshalJSON(w, m)
}

// announce says what the quirks change.
func (p *Provider) announce(m *metadata, r *http.Request) {
	tenant, _ := r.Context().Value(tenantKey{}).(string)
	for path, into := range map[string]*string{
		"/authorize": &m.AuthorizationEndpoint, "/oauth/token": &m.TokenEndpoint, "/userinfo": &m.UserinfoEndpoint,
		"/revoke": &m.RevocationEndpoint, "/end_session": &m.EndSessionEndpoint, "/keys": &m.JwksURI,
	} {
		*into = p.outward(path, tenant)
	}
	switch {
	case several(tenant):
		m.Issuer = p.tenantIssuer(tenantPlace)
	case tenant != "":
		m.Issuer = p.tenantIssuer(tenant)
	case p.quirks.Slash:
		m.Issuer += "/"
	}
	if p.quirks.NoEndSession {
		m.EndSessionEndpoint = ""
	}
	m.IssParameter = !p.quirks.Spare && p.quirks.Tenants == nil
	if p.quirks.Spare {
		m.RevocationEndpoint = ""
	}
	if p.quirks.FrontChannelAlone {
		m.BackChannelLogoutSupported, m.BackChannelLogoutSessionSupported = false, false
	}
	if p.quirks.FormSecretAlone {
		m.TokenEndpointAuthMethodsSupported = []oidc.AuthMethod{oidc.AuthMethodPost, oidc.AuthMethodPrivateKeyJWT}
	}
}

// jwks answers GET /keys.
func (p *Provider) jwks(w http.ResponseWriter, r *http.Request) {
	p.count(func(c *Counters) { c.Keys++ })
	op.Keys(w, r, storage{p})
}
