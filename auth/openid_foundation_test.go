package auth_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/provider"
)

// foundationNames are the relying-party tests of the OpenID Foundation's conformance suite (12f2a4d), less the prefix
// that all of them have: the plans Basic, Config, Refresh, RP-initiated logout, back-channel, front-channel, session
// management, and the modules of no plan.
const foundationNames = `
 -invalid-iss -missing-sub -invalid-aud -missing-iat -kid-absent-single-jwks -kid-absent-multiple-jwks -idtoken-sig-rs256 -idtoken-sig-none
-invalid-sig-rs256 -userinfo-invalid-sub -nonce-invalid -scope-userinfo-claims -client-secret-basic
-discovery-openid-config -discovery-jwks-uri-keys -discovery-issuer-mismatch -signing-key-rotation-just-before-signing -signing-key-rotation
-refresh-token -refresh-token-invalid-issuer -refresh-token-invalid-sub
-rp-init-logout -rp-init-logout-other-state -rp-init-logout-no-state
-rp-backchannel-rpinitlogout -rp-backchannel-rpinitlogout-alg-none -rp-backchannel-rpinitlogout-no-event
-rp-backchannel-rpinitlogout-with-nonce -rp-backchannel-rpinitlogout-wrong-alg -rp-backchannel-rpinitlogout-wrong-aud
-rp-backchannel-rpinitlogout-wrong-event -rp-backchannel-rpinitlogout-wrong-iss
-rp-frontchannel-rpinitlogout -rp-frontchannel-opinitlogout -session-management
-missing-aud -invalid-athash -missing-athash -invalid-chash -missing-chash -invalid-sig-es256 -invalid-sig-hs256 -nonce-unless-code-flow
-userinfo-bearer-header -userinfo-bearer-body -userinfo-signed -aggregated-claims -distributed-claims -form-post-error -3rd-party-init-login
-mtls-endpoint-aliases -request-uri-signed-none -request-uri-signed-rs256 -dynamic-registration -discovery-webfinger-acct -discovery-webfinger-url`

const foundationPrefix = "oidcc-client-test"

// foundation is what the tests share: worlds are costly, so that tests which want the same have the same.
type foundation struct {
	plain, userInfo       *world
	plainSpy, userInfoSpy *spy
}

// foundationTest is one of the suite's tests. The name lacks the prefix.
type foundationTest struct {
	name string
	run  func(*testing.T, *foundation)
}

// OIDC-1 to OIDC-30, BCL-1 to BCL-15, RPL-1 to RPL-4, FCL-1: what the conformance suite asks of a relying party, name by
// name, each a whole login or logout at a provider that misbehaves as the suite's does. What we do not offer is in
// notOffered, with the reason.
func TestOpenIDFoundation(t *testing.T) {
	f := &foundation{}
	f.plain, f.plainSpy = newSpiedWorld(t, nil)
	f.userInfo, f.userInfoSpy = newSpiedWorld(t, foundationUserInfo)
	for _, row := range slices.Concat(foundationLogins(), foundationProviders(), foundationLogouts()) {
		t.Run(foundationPrefix+row.name, func(t *testing.T) {
			for _, w := range []*world{f.plain, f.userInfo} {
				w.settings(t, provider.Settings{})
				w.clock.Advance(11 * time.Second) // Keys may be fetched anew.
			}
			row.run(t, f)
		})
	}
}

// Every name is either tested or said not to be offered, and none is invented.
func TestOpenIDFoundationNamesAreComplete(t *testing.T) {
	names := append([]string{""}, strings.Fields(foundationNames)...)
	var have []string
	for _, row := range slices.Concat(foundationLogins(), foundationProviders(), foundationLogouts()) {
		have = append(have, row.name)
	}
	for _, row := range notOffered() {
		have = append(have, row.name)
	}
	slices.Sort(names)
	slices.Sort(have)
	if !slices.Equal(names, have) {
		t.Errorf("tested or not offered: %q,\nthe suite has %q", have, names)
	}
}

// accepted signs in at a provider of these settings, and wants it to succeed.
func (w *world) accepted(t *testing.T, s provider.Settings) {
	t.Helper()
	w.settings(t, s)
	v := w.visitor(t)
	page, err := v.SignIn(t.Context(), "alice", "alice", "/welcome", nil)
	if err != nil {
		t.Fatal(err)
	}
	if page.URL.Path != "/welcome" || !signedIn(t, v) {
		t.Errorf("the login ended at %s with %d, signed in: %v, want it accepted", page.URL.Path, page.Status, signedIn(t, v))
	}
}

// refused signs in at a provider of these settings, and wants it to fail: no session, and no call of an API.
func (w *world) refused(t *testing.T, s provider.Settings) {
	t.Helper()
	w.settings(t, s)
	v := w.visitor(t)
	page, err := v.SignIn(t.Context(), "alice", "alice", "/welcome", nil)
	if err != nil {
		t.Fatal(err)
	}
	if page.URL.Path != "/auth/callback" || page.Status < 400 || signedIn(t, v) {
		t.Errorf("the login ended at %s with %d, signed in: %v, want it refused", page.URL.Path, page.Status, signedIn(t, v))
	}
	if got := call(t, v, "orders"); got != http.StatusBadGateway {
		t.Errorf("a call = %d, want it refused", got)
	}
}

func idTokenIs(fault provider.Fault) provider.Settings {
	return provider.Settings{Tampering: provider.Tampering{IDToken: fault}}
}

func foundationLogins() []foundationTest {
	accepts := func(name string, fault provider.Fault) foundationTest {
		return foundationTest{name, func(t *testing.T, f *foundation) { f.plain.accepted(t, idTokenIs(fault)) }}
	}
	refuses := func(name string, fault provider.Fault) foundationTest {
		return foundationTest{name, func(t *testing.T, f *foundation) { f.plain.refused(t, idTokenIs(fault)) }}
	}
	return []foundationTest{
		accepts("", provider.Sound),
		refuses("-invalid-iss", provider.WrongIssuer),
		refuses("-missing-sub", provider.NoSubject),
		refuses("-invalid-aud", provider.WrongAudience),
		refuses("-missing-aud", provider.NoAudience),
		refuses("-missing-iat", provider.NoIssueTime),
		accepts("-kid-absent-single-jwks", provider.NoKeyID),
		{"-kid-absent-multiple-jwks", func(t *testing.T, f *foundation) {
			// The suite lets a relying party refuse; we try each key that may be the one.
			w := newWorld(t, nil)
			rotate(t, w)
			w.accepted(t, idTokenIs(provider.NoKeyID))
		}},
		accepts("-idtoken-sig-rs256", provider.Sound),
		refuses("-idtoken-sig-none", provider.AlgNone),
		refuses("-invalid-sig-rs256", provider.BadSignature),
		refuses("-invalid-sig-hs256", provider.AlgHS256),
		{"-invalid-sig-es256", func(t *testing.T, f *foundation) {
			key := newECSigner(t)
			f.plainSpy.rewrite("/keys", key.publish)
			defer f.plainSpy.rewrite("/keys", nil)
			f.plainSpy.rewrite("/oauth/token", key.resign)
			defer f.plainSpy.rewrite("/oauth/token", nil)
			f.plain.accepted(t, provider.Settings{})
			key.spoil = true
			f.plain.clock.Advance(11 * time.Second)
			f.plain.refused(t, provider.Settings{})
		}},
		refuses("-nonce-invalid", provider.WrongNonce),
		{"-nonce-unless-code-flow", func(t *testing.T, f *foundation) {
			// The code flow may do without; ours never does.
			if _, query := begin(t, f.plain.visitor(t), "/auth/login"); len(query.Get("nonce")) < 43 {
				t.Errorf("nonce = %q", query.Get("nonce"))
			}
			f.plain.refused(t, idTokenIs(provider.NoNonce))
		}},
		refuses("-invalid-athash", provider.WrongHash),
		accepts("-missing-athash", provider.NoHash),
		refuses("-invalid-chash", provider.WrongCodeHash),
		accepts("-missing-chash", provider.Sound), // which the code flow does not have
		{"-client-secret-basic", func(t *testing.T, f *foundation) {
			f.plainSpy.called("")
			f.plain.accepted(t, provider.Settings{})
			calls := f.plainSpy.called("/oauth/token")
			if len(calls) != 1 {
				t.Fatalf("%d token calls", len(calls))
			}
			id, secret, basic := calls[0].BasicAuth()
			if !basic || id != f.plain.demo.ClientID || unescaped(t, secret) != f.plain.demo.ClientSecret {
				t.Error("the client did not authenticate by Basic")
			}
		}},
		{"-scope-userinfo-claims", func(t *testing.T, f *foundation) {
			f.userInfoSpy.rewrite("/userinfo", func(claims map[string]any) { claims["locale"], claims["name"] = "de", "Another" })
			defer f.userInfoSpy.rewrite("/userinfo", nil)
			f.userInfo.accepted(t, provider.Settings{})
			v := f.userInfo.signIn(t, "alice")
			session, err := v.Session(t.Context())
			claims, _ := session["claims"].(map[string]any)
			if err != nil || claims["name"] == nil || claims["name"] == "Another" || claims["locale"] != "de" {
				t.Errorf("session = %v, %v, want the name of the ID token and the locale of UserInfo", session, err)
			}
		}},
		{"-userinfo-bearer-header", func(t *testing.T, f *foundation) {
			f.userInfoSpy.called("")
			f.userInfo.accepted(t, provider.Settings{})
			calls := f.userInfoSpy.called("/userinfo")
			if len(calls) != 1 || !strings.HasPrefix(calls[0].Header.Get("Authorization"), "Bearer ey") || calls[0].Method != http.MethodGet || calls[0].URL.RawQuery != "" {
				t.Errorf("calls of UserInfo: %v", calls)
			}
		}},
		{"-userinfo-invalid-sub", func(t *testing.T, f *foundation) {
			for _, fault := range []provider.Fault{provider.WrongSubject, provider.NoSubject} {
				f.userInfo.refused(t, provider.Settings{Tampering: provider.Tampering{UserInfo: fault}})
			}
		}},
		{"-userinfo-signed", func(t *testing.T, f *foundation) {
			f.userInfo.accepted(t, provider.Settings{SignedUserInfo: true})
			for _, fault := range provider.UserInfoFaults() {
				f.userInfo.refused(t, provider.Settings{SignedUserInfo: true, Tampering: provider.Tampering{UserInfo: fault}})
			}
		}},
		{"-form-post-error", func(t *testing.T, _ *foundation) {
			w := newWorld(t, func(_ *auth.Config, party *rp.Config) { party.ResponseMode = "form_post" })
			v := w.visitor(t)
			_, query := begin(t, v, "/auth/login")
			form := url.Values{"error": {"access_denied"}, "error_description": {"<script>alert(1)</script>"}, "state": {query.Get("state")}, "iss": {w.demo.Issuer}}
			res, err := v.Post(t.Context(), "/auth/callback", form, http.Header{"Origin": {w.demo.Issuer}})
			if err != nil {
				t.Fatal(err)
			}
			if body := read(t, res); res.StatusCode != http.StatusForbidden || strings.Contains(body, "alert(1)") || res.Header.Get("Location") != "" || signedIn(t, v) {
				t.Errorf("callback = %d %s", res.StatusCode, body)
			}
		}},
	}
}

func rotate(t *testing.T, w *world) {
	t.Helper()
	if _, err := w.demo.Provider.RotateKeys(); err != nil {
		t.Fatal(err)
	}
}

func unescaped(t *testing.T, s string) string {
	t.Helper()
	plain, err := url.QueryUnescape(s)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
