//go:build !nodemo

package main

import (
	"strings"
	"testing"

	faults "vestibule.example/demo/fault"
	"vestibule.example/demo/provider"
)

const (
	accountsAudience = "https://accounts.demo.test"
	ordersAudience   = "https://orders.demo.test"
	otherTenant      = "99999999-2222-3333-4444-555555555555"
)

// tenants: alice and the agent are of a tenant that may sign in, bob of one that may not.
func tenants() map[string]string {
	return map[string]string{"c-alice": tenant, "c-agent": tenant, "c-bob": otherTenant}
}

// What docs/providers/README.md says of each provider that is emulated: login, an API's token, refresh, sign-out here, at
// the provider, and from there.
func TestAuth0Emulated(t *testing.T) {
	t.Parallel()
	const identity = "provider: auth0\n  audience: " + accountsAudience
	apis := map[string]string{"orders": ", audience: " + ordersAudience}
	for name, old := range map[string]bool{"with an end-session endpoint": false, "of a tenant made before": true} {
		t.Run(name, func(t *testing.T) {
			e := emulate(t, provider.Auth0(old), identity, apis)
			e.mustHold(t, login, tokens, backChannel, signOut)
			e.mustRefreshAndRevoke(t)
		})
	}
}

func TestIdentityServerEmulated(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		identity string
		apis     map[string]string
	}{
		"with scopes": {"provider: identityserver", map[string]string{"orders": ", scopes: ['orders:read']"}},
		"with resources": {
			"provider: identityserver\n  userinfo: true\n  resources: ['" + accountsAudience + "', '" + ordersAudience + "']", map[string]string{"orders": ", resource: " + ordersAudience},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := emulate(t, provider.IdentityServer(), row.identity, row.apis)
			e.mustHold(t, login, named, tokens, backChannel, signOut)
			e.mustRefreshAndRevoke(t)
		})
	}
}

func TestEntraEmulated(t *testing.T) {
	t.Parallel()
	const scopes = "\n  scopes: [" + apiScopes + "]\n  frontchannel_logout: true"
	apis := map[string]string{"accounts": ", scopes: ['accounts:read']", "orders": ", scopes: ['orders:read']"}
	first := provider.Entra(tenants())
	first.Version1 = true
	for name, row := range map[string]struct {
		quirks   provider.Quirks
		identity string
	}{
		"one tenant":      {provider.Entra(tenants()), "provider: entra\n  issuer: '{origin}/" + tenant + "/v2.0'"},
		"several tenants": {provider.Entra(tenants()), "provider: entra\n  issuer: '{origin}/organizations/v2.0'\n  tenants: [" + tenant + "]"},
		"version 1":       {first, "provider: entra\n  issuer: '{origin}/common'\n  tenants: [" + tenant + "]"},
	} {
		t.Run(name, func(t *testing.T) {
			e := emulate(t, row.quirks, row.identity+scopes, apis)
			e.mustHold(t, login, named, tokens, frontChannel, signOut)
			if got := e.world.Provider.Counters(); got.Token["refresh_token ok"] == 0 || got.Revocations > 0 {
				t.Errorf("token requests = %v, %d revocations, want refreshes and none", got.Token, got.Revocations)
			}
		})
	}
}

// A tenant that is not on the list: the person learns that she may not, the operator which key decides.
func TestForeignTenantEmulated(t *testing.T) {
	t.Parallel()
	e := emulate(t, provider.Entra(tenants()), "provider: entra\n  issuer: '{origin}/organizations/v2.0'\n  tenants: ["+tenant+"]", nil)
	if _, wrong := e.signInAs(t, "bob"); wrong != "signed in at /auth/callback: 403" {
		t.Errorf("bob: %q, want 403 at the callback", wrong)
	}
	if !strings.Contains(e.log.String(), "identity.tenants") {
		t.Errorf("the log does not name identity.tenants:\n%s", e.log)
	}
	if wrong := login(t, e); wrong != "" {
		t.Errorf("alice: %s", wrong)
	}
}

// Every quirk alone: what goes wrong when nobody minds it, and that nothing does when the provider is named.
func TestQuirks(t *testing.T) {
	t.Parallel()
	perAPI := map[string]string{"accounts": ", scopes: ['accounts:read']", "orders": ", scopes: ['orders:read']"}
	for name, row := range map[string]struct {
		quirks      provider.Quirks
		check       func(*testing.T, *emulated) string
		without     string
		apisWithout map[string]string
		goesWrong   string
		with        string
		apisWith    map[string]string
	}{
		"an issuer with a slash": {
			quirks: provider.Quirks{Slash: true}, check: login,
			without: "provider: generic", goesWrong: "did not begin: 503", with: "provider: auth0\n  audience: a\n  auth_method: client_secret_basic",
		},
		"a secret in the form alone": {
			quirks: provider.Quirks{FormSecretAlone: true, Slash: true}, check: login,
			without: "issuer: '{origin}/'", goesWrong: "502", with: "provider: auth0\n  audience: a",
		},
		"an audience or no JWT": {
			quirks: provider.Quirks{ByAudience: true, Slash: true}, check: tokens,
			without: "issuer: '{origin}/'", goesWrong: "UNAUTHENTICATED",
			with: "provider: auth0\n  audience: " + accountsAudience, apisWith: map[string]string{"orders": ", audience: " + ordersAudience},
		},
		"no end-session endpoint": {
			quirks: provider.Quirks{NoEndSession: true, Slash: true}, check: signOut,
			without: "issuer: '{origin}/'", goesWrong: "still signed in at the provider", with: "provider: auth0\n  audience: a",
		},
		"an issuer for each tenant": {
			quirks: provider.Quirks{Tenants: tenants()}, check: login,
			without: "issuer: '{origin}/common/v2.0'", goesWrong: "did not begin: 503",
			with: "provider: entra\n  issuer: '{origin}/common/v2.0'\n  tenants: [" + tenant + "]",
		},
		"issuers of the first version": {
			quirks: provider.Quirks{Tenants: tenants(), Version1: true}, check: login,
			without: "issuer: '{origin}/" + tenant + "'", goesWrong: "did not begin: 503", with: "provider: entra\n  issuer: '{origin}/" + tenant + "'",
		},
		"no parameter resource": {
			quirks: provider.Quirks{NoResource: true, Tenants: tenants()}, check: login,
			without:   "issuer: '{origin}/" + tenant + "/v2.0'\n  resources: ['" + ordersAudience + "']",
			goesWrong: "did not begin: 400", with: "provider: entra\n  issuer: '{origin}/" + tenant + "/v2.0'",
		},
		"a token for one API": {
			quirks: provider.Quirks{OneAPI: true}, check: tokens,
			without: "provider: generic", goesWrong: "UNAUTHENTICATED", with: "provider: generic", apisWith: perAPI,
		},
		"front-channel logout by sid alone": {
			quirks: provider.Quirks{FrontChannelAlone: true, Tenants: tenants()}, check: frontChannel,
			without:   "issuer: '{origin}/" + tenant + "/v2.0'\n  frontchannel_logout: true",
			goesWrong: "the frame got 400", with: "provider: entra\n  issuer: '{origin}/" + tenant + "/v2.0'\n  frontchannel_logout: true",
		},
		"a question at sign-out without logout_hint": {
			quirks: provider.Quirks{LogoutByHintAlone: true, Tenants: tenants()}, check: signOut,
			without:   "issuer: '{origin}/" + tenant + "/v2.0'",
			goesWrong: "left at", with: "provider: entra\n  issuer: '{origin}/" + tenant + "/v2.0'",
		},
		"an exchange of its own": {
			quirks: provider.Quirks{OnBehalfOf: true, OneAPI: true}, check: tokens,
			without:     "scopes: [openid, offline_access, 'gateway:access']",
			apisWithout: map[string]string{"accounts": ", token: exchange, audience: " + accountsAudience, "orders": ", token: exchange, audience: " + ordersAudience},
			goesWrong:   "at [me]",
			with:        "scopes: [openid, offline_access, 'gateway:access']",
			apisWith:    map[string]string{"accounts": ", token: on_behalf_of, scopes: ['accounts:read']", "orders": ", token: on_behalf_of, scopes: ['orders:read']"},
		},
		"claims at UserInfo alone": {
			quirks: provider.Quirks{ClaimsAtUserInfo: true}, check: named,
			without: "provider: generic", goesWrong: "nameless", with: "provider: identityserver",
		},
		"no way back without the ID token": {
			quirks: provider.Quirks{LogoutNeedsIDToken: true}, check: signOut,
			without: "logout_hint: none", goesWrong: "left at", with: "provider: identityserver",
		},
		// What follows is minded whatever the provider is called: it goes wrong when the handling is taken away.
		"one resource in a token request": {
			quirks: provider.Quirks{OneResource: true}, check: tokens,
			with:     "resources: ['" + accountsAudience + "', '" + ordersAudience + "']",
			apisWith: map[string]string{"orders": ", resource: " + ordersAudience},
		},
		"access tokens that nobody can read":  {quirks: provider.Quirks{ReferenceTokens: true}, check: named, with: "userinfo: true"},
		"old refresh tokens that live on":     {quirks: provider.Quirks{OldRefreshTokensLive: true}, check: tokens, with: "provider: generic", apisWith: perAPI},
		"an ID token with what is needed":     {quirks: provider.Quirks{Spare: true}, check: tokens, with: "provider: generic"},
		"endpoints at other paths, and moved": {quirks: provider.Quirks{Paths: provider.IdentityServer().Paths}, check: signOut, with: "provider: generic"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if row.without != "" {
				if got := row.check(t, emulate(t, row.quirks, row.without, row.apisWithout)); !strings.Contains(got, row.goesWrong) || got == "" {
					t.Errorf("without our handling: %q, want %q", got, row.goesWrong)
				}
			}
			if got := row.check(t, emulate(t, row.quirks, row.with, row.apisWith)); got != "" {
				t.Errorf("with it: %s", got)
			}
		})
	}
}

// mustHold makes each check.
func (e *emulated) mustHold(t *testing.T, checks ...func(*testing.T, *emulated) string) {
	t.Helper()
	for i, check := range checks {
		if wrong := check(t, e); wrong != "" {
			t.Errorf("check %d: %s", i, wrong)
		}
		e.world.Provider.SignOut(t.Context(), "", "")
	}
}

// mustRefreshAndRevoke: tokens were refreshed, and the refresh tokens of who signed out were revoked.
func (e *emulated) mustRefreshAndRevoke(t *testing.T) {
	t.Helper()
	v, wrong := e.signIn(t)
	if wrong == "" {
		wrong = useAPIs(t, v)
	}
	if wrong == "" {
		wrong = e.leave(t, v)
	}
	if wrong != "" {
		t.Fatal(wrong)
	}
	if err := e.stop(); err != nil { // What runs in the background has come to its end.
		t.Fatal(err)
	}
	if got := e.world.Provider.Counters(); got.Token["refresh_token ok"] == 0 || got.Revocations == 0 {
		t.Errorf("token requests = %v, %d revocations, want some of both", got.Token, got.Revocations)
	}
}

// A provider that answers with a web page, or as somebody else: nobody can sign in, and the log names the key.
func TestABrokenProviderIsNamed(t *testing.T) {
	for name, row := range map[string]struct {
		rule     faults.Rule
		settings provider.Settings
		says     string
	}{
		"a web page":     {rule: faults.Rule{Target: "provider", PathPrefix: "/.well-known", Body: "<!doctype html>", ContentType: "text/html"}, says: "no JSON document; see identity.issuer"},
		"somebody else":  {settings: provider.Settings{Tampering: provider.Tampering{Metadata: provider.WrongIssuer}}, says: "stranger.example"},
		"out of service": {rule: faults.Rule{Target: "provider", PathPrefix: "/.well-known", Status: 503}, says: "answered 503; see identity.issuer"},
	} {
		t.Run(name, func(t *testing.T) {
			e := emulate(t, provider.Quirks{}, "provider: generic", nil)
			must(e.world.Provider.SetSettings(row.settings))
			if row.rule.Target != "" {
				_, err := e.world.Faults.Add(row.rule)
				must(err)
			}
			if wrong := login(t, e); wrong != "the login did not begin: 503" {
				t.Errorf("login: %q, want 503", wrong)
			}
			if log := e.log.String(); !strings.Contains(log, row.says) || !strings.Contains(log, "identity.issuer") {
				t.Errorf("the log does not say %q and identity.issuer:\n%s", row.says, log)
			}
		})
	}
}

// A provider that wants to see the user before it gives a token for one API (Entra ID's conditional access): that API's fields
// ask her to sign in, the others answer, and nobody is signed out.
func TestAProviderThatWantsToSeeTheUser(t *testing.T) {
	e := emulate(t, provider.Quirks{}, "provider: generic", map[string]string{"orders": ", scopes: ['orders:read']"})
	v, wrong := e.signIn(t)
	if wrong != "" {
		t.Fatal(wrong)
	}
	must(e.world.Provider.SetSettings(provider.Settings{Refresh: provider.RefreshInteraction}))
	for range 2 { // The second time the provider is not even asked.
		answer := ask(t, v, `{ me { id orders(first: 1) { totalCount } } }`, nil)
		if len(answer.Errors) != 1 || answer.Errors[0].Code() != "UNAUTHENTICATED" || !strings.Contains(string(answer.Data), "c-alice") {
			t.Errorf("answer = %s, want orders alone to ask for a sign-in", answer.Body)
		}
	}
	if got := e.world.Provider.Counters().Token["refresh_token interaction_required"]; got != 1 {
		t.Errorf("the provider was asked %d times, want once", got)
	}
	if in, err := v.SignedIn(t.Context()); !in || err != nil {
		t.Errorf("signed in = %v, %v, want her to stay", in, err)
	}
	must(e.world.Provider.SetSettings(provider.Settings{}))
	again, wrong := e.signIn(t)
	if wrong == "" {
		wrong = useAPIs(t, again)
	}
	if wrong != "" {
		t.Errorf("after another sign-in: %s", wrong)
	}
}
