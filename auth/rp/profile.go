package rp

import (
	"cmp"
	"net/url"
	"slices"
)

// Values of [Profile.APIsBy]: what names the API that an access token is asked for.
const (
	ByAudience = "audience" // the parameter audience
	ByResource = "resource" // RFC 8707
	ByScopes   = "scopes"   // the API is the one that the scopes belong to
)

// Profile is what one provider does differently from the standard, and what it does not understand. The zero value of a
// field is the standard.
type Profile struct {
	// Name is the value of Config.Profile.
	Name string
	// Scopes are asked for at login when Config names none. offline_access is among them where a refresh token takes it.
	Scopes []string
	// NoOfflineScope: offline_access is an error there.
	NoOfflineScope bool
	// AuthMethod authenticates the client when Config names none.
	AuthMethod string
	// UserInfo: the ID token lacks the user's claims unless the provider is told otherwise.
	UserInfo bool
	// LogoutHint is what end-session should be told of the user: "id_token" or "logout_hint".
	LogoutHint string
	// LogoutNeedsIDToken: without id_token_hint its end-session fails, or does not lead back.
	LogoutNeedsIDToken bool
	// FrontchannelSIDAlone: its front-channel logout names the session by sid without iss.
	FrontchannelSIDAlone bool
	// APIsBy lists what may name the API that a token is asked for.
	APIsBy []string
	// NeedsAudience: without an audience at login the access token is good for UserInfo alone.
	NeedsAudience bool
	// TokenExchange and OnBehalfOf: whether it knows RFC 8693, and the form of Entra ID.
	TokenExchange, OnBehalfOf bool
	// Tenants: one issuer for each tenant, see Config.Tenants.
	Tenants bool
	// Federated: its end-session also ends the session at the provider behind it if asked to.
	Federated bool

	// authParams are parameters that it always wants in the authorization request. Config.AuthParams and the request's own
	// come after them.
	authParams map[string]string
	// configured brings the configured issuer into the form that the provider has.
	configured func(issuer string) string
	// discovered reports whether the discovery document may name the issuer got; issuer says which check an authorization
	// response (claims is nil) or a token of the issuer got fails, or nothing.
	discovered func(c *Config, got string) bool
	issuer     func(c *Config, got string, claims map[string]any) (fails string)
	// endSession gives the address and parameters of a logout; an empty address means that there is none.
	endSession func(c *Config, md *metadata, req EndSession) (string, url.Values)
	// audienceIsEndpoint: client assertions are for the endpoint they are sent to instead of the issuer, and name the key by
	// the thumbprint of its certificate.
	audienceIsEndpoint bool
}

// Profiles are the providers whose ways we know. The first is generic, the standard to the letter; the others say what each does
// differently, and docs/providers says where that is documented.
func Profiles() []Profile {
	online := []string{"openid", "profile", "email"}
	offline := append(slices.Clone(online), "offline_access")
	return []Profile{
		{
			Name:   "generic",
			Scopes: offline, AuthMethod: AuthBasic, LogoutHint: "id_token",
			APIsBy: []string{ByAudience, ByResource, ByScopes}, TokenExchange: true, OnBehalfOf: true,
			Federated: true,
		},
		{
			Name:       "auth0",
			Scopes:     offline, // and "Allow Offline Access" of the API
			AuthMethod: AuthPost,
			LogoutHint: "id_token",
			APIsBy:     []string{ByAudience, ByScopes}, NeedsAudience: true, TokenExchange: true,
			Federated:  true,
			configured: withSlash,
			endSession: auth0Logout,
		},
		{
			Name:   "entra",
			Scopes: offline, AuthMethod: AuthPost,
			LogoutHint:           "logout_hint", // id_token_hint does not spare the user the choice of an account
			FrontchannelSIDAlone: true,          // and it has no back-channel
			APIsBy:               []string{ByScopes}, OnBehalfOf: true,
			Tenants: true, discovered: entraDiscovered, issuer: entraIssuer,
			audienceIsEndpoint: true,
		},
		{
			Name:   "identityserver",
			Scopes: offline, AuthMethod: AuthBasic,
			UserInfo:   true,
			LogoutHint: "id_token", LogoutNeedsIDToken: true,
			APIsBy: []string{ByResource, ByScopes}, TokenExchange: true,
		},
		{
			Name:       "keycloak",
			Scopes:     online, // gives a refresh token all the same; offline_access is for sessions that outlive the user's
			AuthMethod: AuthBasic, LogoutHint: "id_token",
			APIsBy: []string{ByAudience, ByScopes}, TokenExchange: true,
		},
		{
			Name:   "okta",
			Scopes: offline, AuthMethod: AuthBasic,
			LogoutHint: "id_token", LogoutNeedsIDToken: true,
			APIsBy: []string{ByScopes}, TokenExchange: true,
		},
		{
			Name:   "cognito",
			Scopes: online, NoOfflineScope: true, AuthMethod: AuthBasic, LogoutHint: "none",
			APIsBy:     []string{ByScopes},
			endSession: cognitoLogout,
		},
		{
			Name:   "google",
			Scopes: online, NoOfflineScope: true, AuthMethod: AuthBasic, LogoutHint: "none", // nor an end-session
			APIsBy: []string{ByScopes},
			// A refresh token is given with the consent alone, so each login asks for it.
			authParams: map[string]string{"access_type": "offline", "prompt": "consent"},
			issuer:     googleIssuer,
		},
	}
}

// ProfileOf gives a profile by its name; no name is generic.
func ProfileOf(name string) (Profile, bool) {
	all := Profiles()
	i := slices.IndexFunc(all, func(p Profile) bool { return p.Name == cmp.Or(name, "generic") })
	if i < 0 {
		return Profile{}, false
	}
	return all[i].standard(), true
}

// standard fills in the standard's rules.
func (p Profile) standard() Profile {
	if p.configured == nil {
		p.configured = func(issuer string) string { return issuer }
	}
	if p.discovered == nil {
		p.discovered = func(c *Config, got string) bool { return got == c.Issuer }
	}
	if p.issuer == nil {
		p.issuer = sameIssuer
	}
	if p.endSession == nil {
		p.endSession = standardLogout
	}
	return p
}
