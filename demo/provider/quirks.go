package provider

import (
	"slices"
	"strings"
)

// Quirks are what a provider that others run does otherwise than this one, as its maker documents it. Each can be switched on
// alone, so that a test can show what a client must do about it. The zero value is none.
type Quirks struct {
	// Paths of the endpoints, by ours: {"/authorize": "/connect/authorize"}. A path of ours that is moved is gone.
	Paths map[string]string
	// Slash: the issuer ends in a slash.
	// https://auth0.com/docs/secure/tokens/id-tokens/validate-id-tokens
	Slash bool
	// FormSecretAlone refuses a client's secret by Basic.
	// https://auth0.com/docs/get-started/applications/credentials: one method for each application, POST by default
	FormSecretAlone bool
	// ByAudience: an access token is for the API that the parameter audience names, and for UserInfo. Without one it is
	// opaque, and for UserInfo alone.
	// https://auth0.com/docs/secure/tokens/access-tokens/get-access-tokens
	ByAudience bool
	// NoEndSession: discovery names no end-session endpoint; there is /v2/logout, whose returnTo is compared without its query.
	// https://auth0.com/docs/authenticate/login/logout/log-users-out-of-auth0
	// https://auth0.com/docs/authenticate/login/logout/redirect-users-after-logout
	NoEndSession bool

	// Tenants are those of the users, by sub: there is one issuer for each tenant, the discovery document of several has a
	// place for it, and tokens name it as tid.
	// https://learn.microsoft.com/entra/identity-platform/access-tokens#multitenant-applications
	Tenants map[string]string
	// Version1: tokens have the issuers of the first version, at https://sts.windows.net.
	// https://learn.microsoft.com/entra/identity-platform/access-tokens#token-formats
	Version1 bool
	// NoResource refuses the parameter resource: AADSTS901002.
	// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
	NoResource bool
	// OneAPI: an access token is for one API, that of the first scope, and to name scopes of two at the token endpoint is an
	// error (AADSTS28000).
	// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-access-token-with-a-client_secret
	OneAPI bool
	// OldRefreshTokensLive: a refresh token that was given for another stays good.
	// https://learn.microsoft.com/entra/identity-platform/refresh-tokens
	OldRefreshTokensLive bool
	// Spare leaves out what is optional: at_hash, acr, amr and auth_time of ID tokens, iss of responses, revocation.
	// https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
	Spare bool
	// FrontChannelAlone: clients are told of a sign-out by frames, with sid and without iss, and not by back channels.
	// https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#single-sign-out
	FrontChannelAlone bool
	// LogoutByHintAlone: what spares the user the choice of an account at sign-out is logout_hint, with the ID token's claim
	// login_hint; id_token_hint does not.
	// https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-a-sign-out-request
	LogoutByHintAlone bool
	// OnBehalfOf: the grant jwt-bearer trades a token for the client itself for one of another API.
	// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow
	OnBehalfOf bool

	// OneResource: a token request that names two resources is an error.
	// https://docs.duendesoftware.com/identityserver/fundamentals/resources/isolation/
	OneResource bool
	// ClaimsAtUserInfo: the ID token says who the user is and nothing about her.
	// https://docs.duendesoftware.com/identityserver/reference/models/client/, AlwaysIncludeUserClaimsInIdToken
	ClaimsAtUserInfo bool
	// LogoutNeedsIDToken: without id_token_hint a sign-out is asked about, and does not lead back.
	// https://docs.duendesoftware.com/identityserver/ui/logout/return-to-client/
	LogoutNeedsIDToken bool
	// ReferenceTokens: access tokens are opaque.
	// https://docs.duendesoftware.com/identityserver/tokens/reference/
	ReferenceTokens bool
}

// Auth0 are the quirks of Auth0. old is a tenant made before 14 November 2023, whose discovery document by default names no
// end-session endpoint.
func Auth0(old bool) Quirks {
	return Quirks{
		Paths: map[string]string{"/keys": "/.well-known/jwks.json", "/revoke": "/oauth/revoke", "/end_session": "/oidc/logout"},
		Slash: true, FormSecretAlone: true, ByAudience: true, NoEndSession: old,
	}
}

// Entra are the quirks of Entra ID. tenants are those of the users, by sub.
func Entra(tenants map[string]string) Quirks {
	return Quirks{
		Tenants: tenants, NoResource: true, OneAPI: true, OldRefreshTokensLive: true, Spare: true, FrontChannelAlone: true,
		LogoutByHintAlone: true, OnBehalfOf: true,
	}
}

// IdentityServer are the quirks of IdentityServer4 and Duende IdentityServer.
func IdentityServer() Quirks {
	return Quirks{
		Paths: map[string]string{
			"/authorize": "/connect/authorize", "/oauth/token": "/connect/token", "/userinfo": "/connect/userinfo", "/revoke": "/connect/revocation",
			"/end_session": "/connect/endsession", "/keys": "/.well-known/openid-configuration/jwks",
		},
		OneResource: true, ClaimsAtUserInfo: true, LogoutNeedsIDToken: true,
	}
}

// tenantPlace stands for the tenant in the discovery document of several.
const tenantPlace = "{tenantid}"

// issuerOf is what tokens of a user name as their issuer.
func (p *Provider) issuerOf(subject string) string {
	if tenant, ok := p.quirks.Tenants[subject]; ok {
		return p.tenantIssuer(tenant)
	}
	if p.quirks.Slash {
		return p.issuer + "/"
	}
	return p.issuer
}

func (p *Provider) tenantIssuer(tenant string) string {
	if p.quirks.Version1 {
		return "https://sts.windows.net/" + tenant + "/"
	}
	return p.issuer + "/" + tenant + "/v2.0"
}

// IssuerOf is what tokens of a user name as their issuer: the provider's own address unless Quirks say otherwise.
func (p *Provider) IssuerOf(subject string) string { return p.issuerOf(subject) }

// JWKSURL is where the keys are.
func (p *Provider) JWKSURL() string { return p.outward("/keys", "common") }

// inward gives our path of a request, and the tenant that it names if there are tenants.
func (q Quirks) inward(path string) (ours, tenant string) {
	if q.Tenants != nil {
		for theirs, ours := range map[string]string{
			"/v2.0/.well-known/openid-configuration": "/.well-known/openid-configuration",
			"/.well-known/openid-configuration":      "/.well-known/openid-configuration",
			"/oauth2/v2.0/authorize":                 "/authorize",
			"/oauth2/v2.0/token":                     "/oauth/token",
			"/oauth2/v2.0/logout":                    "/end_session",
			"/discovery/v2.0/keys":                   "/keys",
		} {
			tenant, ok := strings.CutSuffix(path, theirs)
			if tenant = strings.TrimPrefix(tenant, "/"); ok && tenant != "" && !strings.Contains(tenant, "/") {
				return ours, tenant
			}
		}
	}
	for ours, theirs := range q.Paths {
		switch path {
		case theirs:
			return ours, ""
		case ours:
			return "/gone", ""
		}
	}
	return path, ""
}

// outward gives the address of one of our paths.
func (p *Provider) outward(path, tenant string) string {
	if p.quirks.Tenants != nil {
		if theirs, ok := map[string]string{
			"/authorize": "/oauth2/v2.0/authorize", "/oauth/token": "/oauth2/v2.0/token", "/end_session": "/oauth2/v2.0/logout", "/keys": "/discovery/v2.0/keys",
		}[path]; ok {
			return p.issuer + "/" + tenant + theirs
		}
	}
	if theirs, ok := p.quirks.Paths[path]; ok {
		path = theirs
	}
	return p.issuer + path
}

// several tells a tenant's name that stands for more than one.
func several(tenant string) bool { return slices.Contains([]string{"common", "organizations"}, tenant) }
