package main

import (
	"slices"
	"strings"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
)

// profile fills in what identity.provider decides and the configuration leaves open.
func (l *loader) profile(id *IdentityConfig) {
	p, known := rp.ProfileOf(id.Provider)
	if !known {
		return // The check of listed values says so.
	}
	if id.AuthMethod == auto {
		id.AuthMethod = p.AuthMethod
	}
	if len(id.Scopes) == 0 {
		id.Scopes = p.Scopes
	}
	if id.UserInfo == auto {
		id.UserInfo = "false"
		// A token for one API is not good for UserInfo there.
		if p.UserInfo && len(id.Resources) == 0 {
			id.UserInfo = "true"
		}
	}
	if id.LogoutHint == auto {
		id.LogoutHint = p.LogoutHint
	}
	id.SIDAlone = id.SIDAlone || p.FrontchannelSIDAlone && id.Frontchannel
}

// auto is the value of a key that identity.provider decides.
const auto = "auto"

// checkProfile notes what the provider would not understand, or could not do without.
func (l *loader) checkProfile(cfg *Config) {
	id := cfg.Identity
	p, known := rp.ProfileOf(id.Provider)
	if !known {
		return
	}
	l.checkTenants(id, p)
	if id.FederatedLogout && !p.Federated {
		l.fault("identity.federated_logout", "true", id.Provider+" has no such thing", "false")
	}
	if p.LogoutNeedsIDToken && id.LogoutHint != "id_token" {
		l.fault("identity.logout_hint", id.LogoutHint, id.Provider+" does not lead back from its logout without the ID token", "id_token")
	}
	if p.NoOfflineScope && slices.Contains(id.Scopes, "offline_access") {
		l.fault("identity.scopes", "offline_access", id.Provider+" refuses this scope, and gives a refresh token without it", strings.Join(p.Scopes, ","))
	}
	l.asked("identity.audience", id.Audience, rp.ByAudience, p)
	l.asked("identity.resources", strings.Join(id.Resources, ","), rp.ByResource, p)
	needed := ""
	for _, name := range sortedKeys(cfg.APIs) {
		api, at := cfg.APIs[name], "apis."+name
		l.asked(at+".audience", api.Audience, rp.ByAudience, p)
		l.asked(at+".resource", api.Resource, rp.ByResource, p)
		if api.Token == auth.KindExchange && !p.TokenExchange || api.Token == auth.KindOnBehalfOf && !p.OnBehalfOf {
			rule := id.Provider + " knows no such exchange"
			if p.OnBehalfOf {
				rule += "; its own is on_behalf_of"
			}
			l.fault(at+".token", api.Token, rule, "user")
		}
		if api.Token != auth.KindNone && api.Token != auth.KindClient && api.Audience == "" {
			needed = name
		}
	}
	if p.NeedsAudience && needed != "" && id.Audience == "" && id.AuthParams["audience"] == "" {
		l.fault("identity.audience", "", id.Provider+" gives access tokens that no API can read without it, and apis."+needed+" has none of its own", "https://api.example.com")
	}
}

func (l *loader) checkTenants(id IdentityConfig, p rp.Profile) {
	several, ok := rp.SeveralTenants(id.Issuer)
	switch {
	case !p.Tenants:
		if len(id.Tenants) > 0 {
			l.fault("identity.tenants", "", "it is for provider entra, whose issuers may stand for several tenants", "")
		}
	case id.Issuer == "":
	case !ok:
		l.fault("identity.issuer", id.Issuer, "want the authority of the tenant, or of common, organizations or consumers", "https://login.microsoftonline.com/TENANT-ID/v2.0")
	case several && len(id.Tenants) == 0:
		l.fault("identity.tenants", "", "it is needed: this issuer stands for every tenant of the world, and only those listed may sign in", "11111111-2222-3333-4444-555555555555")
	case !several && len(id.Tenants) > 0:
		l.fault("identity.tenants", "", "the issuer stands for one tenant alone; with several it is https://login.microsoftonline.com/organizations/v2.0", "")
	}
}

// asked notes a setting that asks for a token in a way that the provider does not know.
func (l *loader) asked(key, value, by string, p rp.Profile) {
	if value != "" && !slices.Contains(p.APIsBy, by) {
		l.fault(key, value, p.Name+" takes no "+by+"; say what a token is for by "+strings.Join(p.APIsBy, " or "), "")
	}
}
