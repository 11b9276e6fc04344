package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// identity is the minimal configuration with more settings of the provider, and APIs.
func withIdentity(issuer, settings, apis string) string {
	text := strings.Replace(minimal, "client_id", settings+"\n  client_id", 1)
	text = strings.Replace(text, "https://login.example.com/", issuer, 1)
	if apis != "" {
		text += "apis: {" + apis + "}\n"
	}
	return text
}

const tenant = "11111111-2222-3333-4444-555555555555"

// What a provider's profile decides, and the configuration overrides.
func TestProfilesFillIn(t *testing.T) {
	for settings, want := range map[string]string{
		"provider: generic":                                "client_secret_basic false id_token false [openid profile email offline_access]",
		"provider: auth0":                                  "client_secret_post false id_token false [openid profile email offline_access]",
		"provider: identityserver":                         "client_secret_basic true id_token false [openid profile email offline_access]",
		"provider: identityserver\n  resources: ['urn:a']": "client_secret_basic false id_token false [openid profile email offline_access]",
		"provider: identityserver\n  userinfo: false":      "client_secret_basic false id_token false [openid profile email offline_access]",
		"provider: keycloak":                               "client_secret_basic false id_token false [openid profile email]",
		"provider: okta":                                   "client_secret_basic false id_token false [openid profile email offline_access]",
		"provider: cognito":                                "client_secret_basic false none false [openid profile email]",
		"provider: google":                                 "client_secret_basic false none false [openid profile email]",
		"provider: auth0\n  auth_method: client_secret_basic\n  userinfo: true\n  logout_hint: none\n  scopes: [openid]": "client_secret_basic true none false [openid]",
	} {
		cfg, err := load(t, withIdentity("https://login.example.com/", settings, ""), nil)
		if err != nil {
			t.Errorf("%s: %v", settings, err)
			continue
		}
		id := cfg.Identity
		if got := fmt.Sprint(id.AuthMethod, " ", id.UserInfo, " ", id.LogoutHint, " ", id.SIDAlone, " ", id.Scopes); got != want {
			t.Errorf("%s: %s, want %s", settings, got, want)
		}
	}
	cfg, err := load(t, withIdentity("https://login.microsoftonline.com/"+tenant+"/v2.0", "provider: entra\n  frontchannel_logout: true", ""), nil)
	if err != nil || !cfg.Identity.SIDAlone || cfg.Identity.LogoutHint != "logout_hint" || cfg.Identity.AuthMethod != "client_secret_post" {
		t.Errorf("entra: %+v, %v", cfg.Identity, err)
	}
}

// Issue "a profile with missing settings": each is a fault that names its key.
func TestFaultsOfProfiles(t *testing.T) {
	const entra = "https://login.microsoftonline.com/" + tenant + "/v2.0"
	const every = "https://login.microsoftonline.com/organizations/v2.0"
	const orders = "orders: {base_url: 'https://x.test'"
	for name, c := range map[string]struct{ issuer, settings, apis, key, says string }{
		"a provider nobody knows":            {"https://x.test/", "provider: auth1", "", "identity.provider", "auth0, entra"},
		"every tenant of the world":          {every, "provider: entra", "", "identity.tenants", "is needed"},
		"tenants of one tenant":              {entra, "provider: entra\n  tenants: [" + tenant + "]", "", "identity.tenants", "one tenant alone"},
		"tenants of another provider":        {"https://x.test/", "provider: okta\n  tenants: [" + tenant + "]", "", "identity.tenants", "provider entra"},
		"an issuer that is no authority":     {"https://login.microsoftonline.com/", "provider: entra", "", "identity.issuer", "authority"},
		"no audience where one is needed":    {"https://x.test/", "provider: auth0", orders + "}", "identity.audience", "apis.orders"},
		"a resource where none is known":     {entra, "provider: entra", orders + ", resource: 'https://a.test'}", "apis.orders.resource", "by scopes"},
		"resources where none are known":     {"https://x.test/", "provider: keycloak\n  resources: ['https://a.test']", "", "identity.resources", "by audience or scopes"},
		"an audience where none is known":    {"https://x.test/", "provider: identityserver\n  audience: a", "", "identity.audience", "by resource or scopes"},
		"an API's audience":                  {"https://x.test/", "provider: google", orders + ", audience: a}", "apis.orders.audience", "by scopes"},
		"an exchange by another name":        {entra, "provider: entra", orders + ", token: exchange, audience: a}", "apis.orders.token", "on_behalf_of"},
		"on behalf of, elsewhere":            {"https://x.test/", "provider: keycloak", orders + ", token: on_behalf_of, scopes: [a]}", "apis.orders.token", "knows no such"},
		"a scope that is refused":            {"https://x.test/", "provider: google\n  scopes: [openid, offline_access]", "", "identity.scopes", "refuses"},
		"a logout that does not lead back":   {"https://x.test/", "provider: identityserver\n  logout_hint: none", "", "identity.logout_hint", "lead back"},
		"okta's logout without the ID token": {"https://x.test/", "provider: okta\n  logout_hint: logout_hint", "", "identity.logout_hint", "lead back"},
		"a federated logout nobody knows":    {"https://x.test/", "provider: okta\n  federated_logout: true", "", "identity.federated_logout", "no such thing"},
	} {
		_, err := load(t, withIdentity(c.issuer, c.settings, c.apis), nil)
		var faults *configError
		if !errors.As(err, &faults) || !slices.ContainsFunc(faults.faults, func(f fault) bool { return f.key == c.key && strings.Contains(f.rule, c.says) }) {
			t.Errorf("%s: %v, want a fault of %s: %s", name, err, c.key, c.says)
		}
	}
	for name, c := range map[string]struct{ issuer, settings, apis string }{
		"an audience in the parameters":  {"https://x.test/", "provider: auth0\n  authorization_params: {audience: a}", orders + "}"},
		"an audience of the API's own":   {"https://x.test/", "provider: auth0", orders + ", audience: a}"},
		"an API that gets no token":      {"https://x.test/", "provider: auth0", orders + ", token: none}"},
		"several tenants, and who":       {every, "provider: entra\n  tenants: [" + tenant + "]", ""},
		"on behalf of":                   {entra, "provider: entra", orders + ", token: on_behalf_of, scopes: ['api://a/.default']}"},
		"a federated logout where it is": {"https://x.test/", "provider: auth0\n  federated_logout: true", ""},
	} {
		if _, err := load(t, withIdentity(c.issuer, c.settings, c.apis), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
