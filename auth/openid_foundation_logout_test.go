package auth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/provider"
	"vestibule.example/demo/visitor"
)

func foundationUserInfo(cfg *auth.Config, party *rp.Config) {
	cfg.Claims, party.UserInfo = []string{"name", "locale"}, true
}

// foundationLogouts are the tests of signing out: begun here, by the back channel, by the front channel.
func foundationLogouts() []foundationTest {
	backChannel := func(name string, fault provider.Fault) foundationTest {
		return foundationTest{"-rp-backchannel-rpinitlogout-" + name, func(t *testing.T, f *foundation) {
			v := f.plain.signIn(t, "alice")
			if res := f.plain.sendLogoutToken(t, fault); res.StatusCode != http.StatusBadRequest || !strings.Contains(res.Header.Get("Cache-Control"), "no-store") {
				t.Errorf("a logout token with %s = %d, Cache-Control %q, want 400, no-store", fault, res.StatusCode, res.Header.Get("Cache-Control"))
			}
			if !signedIn(t, v) {
				t.Error("a token that is not valid ended the session")
			}
		}}
	}
	return []foundationTest{
		{"-rp-init-logout", func(t *testing.T, f *foundation) {
			v := f.plain.signIn(t, "alice")
			before := f.plain.demo.Provider.Counters().EndSessions
			to := f.plain.endSession(t, v)
			if query := to.Query(); query.Get("id_token_hint") == "" || query.Get("state") == "" || query.Get("post_logout_redirect_uri") != f.plain.origin+"/auth/logged-out" {
				t.Errorf("end-session request = %v", query)
			}
			page, err := v.Navigate(t.Context(), to.String())
			if err != nil || page.URL.String() != f.plain.origin+"/" || signedIn(t, v) {
				t.Errorf("the logout ended at %v, %v", page, err)
			}
			if got := f.plain.demo.Provider.Counters().EndSessions; got != before+1 {
				t.Errorf("%d sessions ended at the provider, want 1", got-before)
			}
		}},
		{"-rp-init-logout-other-state", func(t *testing.T, f *foundation) { f.returnWith(t, "?state=another-state") }},
		{"-rp-init-logout-no-state", func(t *testing.T, f *foundation) { f.returnWith(t, "") }},

		{"-rp-backchannel-rpinitlogout", func(t *testing.T, f *foundation) {
			// Begun here, the provider tells us in turn.
			v, other := f.plain.signIn(t, "alice"), f.plain.signIn(t, "bob")
			f.plain.demo.Provider.ResetCounters()
			if _, err := v.SignOut(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := f.plain.demo.Provider.Counters().BackChannel; got["200"] != 1 || len(got) != 1 {
				t.Errorf("back channel = %v, want one 200", got)
			}
			// Begun at the provider, it is all there is.
			v = f.plain.signIn(t, "alice")
			f.plain.clock.Advance(time.Second)
			if res := f.plain.sendLogoutToken(t, provider.Sound); res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Cache-Control"), "no-store") {
				t.Errorf("a good logout token = %d, Cache-Control %q, want 200, no-store", res.StatusCode, res.Header.Get("Cache-Control"))
			}
			if signedIn(t, v) || !signedIn(t, other) {
				t.Errorf("signed in: she %v, another %v, want the other alone", signedIn(t, v), signedIn(t, other))
			}
		}},
		backChannel("alg-none", provider.AlgNone),
		backChannel("no-event", provider.NoEvents),
		backChannel("with-nonce", provider.WithNonce),
		backChannel("wrong-alg", provider.AlgHS256),
		backChannel("wrong-aud", provider.WrongAudience),
		backChannel("wrong-event", provider.WrongEvent),
		backChannel("wrong-iss", provider.WrongIssuer),

		{"-rp-frontchannel-rpinitlogout", func(t *testing.T, _ *foundation) {
			w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) { cfg.Frontchannel = true })
			v := w.signIn(t, "alice")
			frame := w.frontChannel(t)
			if _, err := v.SignOut(t.Context()); err != nil {
				t.Fatal(err)
			}
			if res := get(t, w.visitor(t), frame); res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Cache-Control"), "no-store") {
				t.Errorf("front channel = %d, Cache-Control %q", res.StatusCode, res.Header.Get("Cache-Control"))
			}
		}},
		{"-rp-frontchannel-opinitlogout", func(t *testing.T, f *foundation) {
			w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) { cfg.Frontchannel = true })
			v := w.signIn(t, "alice")
			frame := w.frontChannel(t)
			for _, bad := range []string{strings.Replace(frame, "sid=", "sid=x", 1), "/auth/frontchannel-logout", strings.Replace(frame, "iss=", "iss=x", 1)} {
				get(t, w.visitor(t), bad)
				if !signedIn(t, v) {
					t.Fatalf("%s ended a session", bad)
				}
			}
			// In the provider's frame there is no cookie of ours.
			if res := get(t, w.visitor(t), frame); res.StatusCode != http.StatusOK || signedIn(t, v) {
				t.Errorf("front channel = %d, signed in: %v", res.StatusCode, signedIn(t, v))
			}
			if res := get(t, f.plain.visitor(t), frame); res.StatusCode != http.StatusNotFound {
				t.Errorf("front channel where it is not configured = %d, want 404", res.StatusCode)
			}
		}},
	}
}

// sendLogoutToken sends a logout token for every session of alice.
func (w *world) sendLogoutToken(t *testing.T, fault provider.Fault) *http.Response {
	t.Helper()
	w.settings(t, provider.Settings{Tampering: provider.Tampering{LogoutToken: fault}})
	token, err := w.demo.Provider.LogoutToken(w.demo.ClientID, "c-alice", "")
	if err != nil {
		t.Fatal(err)
	}
	res, err := w.visitor(t).Post(t.Context(), "/auth/backchannel-logout", url.Values{"logout_token": {token}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// endSession signs out here and gives the address at the provider.
func (w *world) endSession(t *testing.T, v *visitor.Visitor) *url.URL {
	t.Helper()
	res := get(t, v, logout(t, v))
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("continue = %d, want 303", res.StatusCode)
	}
	return parse(t, res.Header.Get("Location"))
}

// returnWith comes back from the provider's logout with another state than was sent, or none: nobody is the worse for it.
func (f *foundation) returnWith(t *testing.T, query string) {
	t.Helper()
	v, other := f.plain.signIn(t, "alice"), f.plain.signIn(t, "bob")
	f.plain.endSession(t, v)
	res := get(t, v, "/auth/logged-out"+query)
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" {
		t.Errorf("logged-out%s = %d to %q, want 303 to /", query, res.StatusCode, res.Header.Get("Location"))
	}
	if signedIn(t, v) {
		t.Error("still signed in")
	}
	if get(t, other, "/auth/logged-out"+query); !signedIn(t, other) {
		t.Error("who did not sign out is signed out")
	}
}

// frontChannel is the address that the provider has in its frame.
func (w *world) frontChannel(t *testing.T) string {
	t.Helper()
	for _, s := range w.demo.Provider.Sessions() {
		return "/auth/frontchannel-logout?" + url.Values{"iss": {w.demo.Issuer}, "sid": {s.SID}}.Encode()
	}
	t.Fatal("nobody is signed in at the provider")
	return ""
}
