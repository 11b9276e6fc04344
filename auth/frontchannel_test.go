package auth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/visitor"
)

// frame loads an address as a frame of the provider's page does: from another site, without the Strict cookie.
func frame(t *testing.T, v *visitor.Visitor, method, query string) *http.Response {
	t.Helper()
	res, err := v.FetchWith(t.Context(), method, "/auth/frontchannel-logout?"+query, http.Header{
		"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}, "X-Csrf": nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// FCL-1, FCL-2, FCL-4: what names the provider's session in full ends it, and nothing else does. ISS and SID stand for
// those of alice.
func TestFrontchannelLogout(t *testing.T) {
	for _, c := range []struct {
		name      string
		on, alone bool
		method    string
		query     string
		status    int
		out       bool
	}{
		{"unless configured", false, false, "GET", "iss=ISS&sid=SID", 404, false},
		{"nothing", true, false, "GET", "", 400, false},
		{"nothing, where sid may be alone", true, true, "GET", "", 400, false},
		{"sid alone", true, false, "GET", "sid=SID", 400, false},
		{"iss alone", true, true, "GET", "iss=ISS", 400, false},
		{"another issuer", true, false, "GET", "iss=https://evil.test&sid=SID", 400, false},
		{"another issuer, where sid may be alone", true, true, "GET", "iss=https://evil.test&sid=SID", 400, false},
		{"an empty issuer, where sid may be alone", true, true, "GET", "iss=&sid=SID", 400, false},
		{"an empty sid", true, true, "GET", "iss=ISS&sid=", 400, false},
		{"sid twice", true, false, "GET", "iss=ISS&sid=SID&sid=SID", 400, false},
		{"iss twice", true, false, "GET", "iss=ISS&iss=ISS&sid=SID", 400, false},
		{"a huge sid", true, false, "GET", "iss=ISS&sid=" + strings.Repeat("a", 2000), 400, false},
		{"a guess", true, false, "GET", "iss=ISS&sid=guess", 200, false},
		{"HEAD", true, false, "HEAD", "iss=ISS&sid=SID", 405, false},
		{"iss and sid", true, false, "GET", "iss=ISS&sid=SID", 200, true},
		{"sid alone, where it may be", true, true, "GET", "sid=SID", 200, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) { cfg.Frontchannel, cfg.FrontchannelSIDAlone = c.on, c.alone })
			alice := w.signIn(t, "alice")
			sid := w.demo.Provider.Sessions()[0].SID
			bob := w.signIn(t, "bob")
			res := frame(t, w.visitor(t), c.method, strings.NewReplacer("ISS", url.QueryEscape(w.demo.Issuer), "SID", sid).Replace(c.query))
			if res.StatusCode != c.status || signedIn(t, alice) == c.out || !signedIn(t, bob) {
				t.Errorf("%d, alice in %v, bob in %v, want %d, %v, true", res.StatusCode, signedIn(t, alice), signedIn(t, bob), c.status, !c.out)
			}
		})
	}
}

// FCL-3: the provider alone may frame the answer, and nobody keeps it.
func TestFrontchannelLogoutIsFramedByTheProviderAlone(t *testing.T) {
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) { cfg.Frontchannel = true })
	for _, query := range []string{"", "iss=" + w.demo.Issuer + "&sid=x"} {
		res := frame(t, w.visitor(t), "GET", query)
		policy := res.Header.Get("Content-Security-Policy")
		if !strings.HasSuffix(policy, "frame-ancestors "+w.demo.Issuer) || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d: policy %q, Cache-Control %q", res.StatusCode, policy, res.Header.Get("Cache-Control"))
		}
	}
}
