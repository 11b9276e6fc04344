package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func (p *party) endSessionURL(pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return p.issuer + "/end_session?" + q.Encode()
}

func (p *party) signedIn() bool { return p.query(p.get(p.authorizeURL("prompt", "none"))).Has("code") }

func TestEndSession(t *testing.T) {
	p := newParty(t)
	for _, row := range []struct {
		name    string
		pairs   func(id string, sid string) []string
		confirm bool
	}{
		{"with the ID token", func(id, _ string) []string { return []string{"id_token_hint", id} }, false},
		{"with client and sid", func(_, sid string) []string { return []string{"client_id", clientID, "logout_hint", sid} }, false},
		{"with client and sub", func(_, _ string) []string { return []string{"client_id", clientID, "logout_hint", "c-alice"} }, false},
		{"with client and another user", func(_, _ string) []string { return []string{"client_id", clientID, "logout_hint", "c-bob"} }, true},
		{"with the client alone", func(_, _ string) []string { return []string{"client_id", clientID} }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := p.signIn("prompt", "login")
			_, id := p.verify(got.ID)
			sid := id["sid"].(string)
			before := len(p.received())
			res := p.get(p.endSessionURL(append(row.pairs(got.ID, sid), "post_logout_redirect_uri", p.loggedOut, "state", "s & t")...))
			if row.confirm {
				if res.StatusCode != http.StatusOK || !p.signedIn() {
					t.Fatalf("no confirmation: %d", res.StatusCode)
				}
				assertPolicy(t, p, res, "form-action 'self' "+p.home)
				res = p.postForm(p.issuer+"/end_session/confirm", hidden(res.body))
			}
			if want := p.loggedOut + "?state=s+%26+t"; res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != want {
				t.Errorf("%d to %q, want %q", res.StatusCode, res.Header.Get("Location"), want)
			}
			if p.signedIn() {
				t.Error("still signed in")
			}
			tokens := p.received()[before:]
			if len(tokens) != 1 {
				t.Fatalf("%d logout tokens, want 1", len(tokens))
			}
			typ, claims := p.verify(tokens[0])
			if typ != "logout+jwt" || claims["sid"] != sid || claims["sub"] != "c-alice" || claims["iss"] != p.issuer ||
				claims["jti"] == nil || claims["exp"] == nil || claims["iat"] == nil || claims["nonce"] != nil {
				t.Errorf("logout token: %s %v", typ, claims)
			}
			if aud := claims["aud"].([]any); len(aud) != 1 || aud[0] != clientID {
				t.Errorf("aud = %v", aud)
			}
			if events := claims["events"].(map[string]any); events["http://schemas.openid.net/event/backchannel-logout"] == nil {
				t.Errorf("events = %v", events)
			}
		})
	}
}

func TestEndSessionByPost(t *testing.T) {
	p := newParty(t)
	got := p.signIn()
	// A form of another site brings no cookie; the provider answers with a navigation that does.
	bare := &http.Client{Transport: p.back.Transport, CheckRedirect: stay}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, p.issuer+"/end_session",
		strings.NewReader(url.Values{"id_token_hint": {got.ID}, "post_logout_redirect_uri": {p.loggedOut}}.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res := p.do(bare, req)
	if strings.Contains(res.Header.Get("Location"), got.ID) {
		t.Fatal("the ID token went into a URL")
	}
	if res = p.get(p.issuer + res.Header.Get("Location")); res.Header.Get("Location") != p.loggedOut {
		t.Errorf("%d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	if p.signedIn() {
		t.Error("still signed in")
	}
}

func TestEndSessionRefuses(t *testing.T) {
	p := newParty(t)
	got := p.signIn()
	for _, row := range []struct {
		name  string
		pairs []string
	}{
		{"an address nobody registered", []string{"id_token_hint", got.ID, "post_logout_redirect_uri", "http://evil.example/"}},
		{"an address without client or hint", []string{"post_logout_redirect_uri", p.loggedOut}},
		{"a hint nobody signed", []string{"id_token_hint", got.ID + "x", "post_logout_redirect_uri", p.loggedOut}},
		{"a client that is not the hint's", []string{"id_token_hint", got.ID, "client_id", "stranger"}},
		{"an unknown client", []string{"client_id", "stranger"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			res := p.get(p.endSessionURL(row.pairs...))
			if res.StatusCode != http.StatusBadRequest || res.Header.Get("Location") != "" || !p.signedIn() {
				t.Errorf("%d to %q", res.StatusCode, res.Header.Get("Location"))
			}
		})
	}
	t.Run("the ID token of another session asks", func(t *testing.T) {
		mine := p.browser
		p.browser = p.newBrowser()
		p.signIn()
		defer func() { p.browser.CloseIdleConnections(); p.browser = mine }()
		if res := p.get(p.endSessionURL("id_token_hint", got.ID)); res.StatusCode != http.StatusOK || !p.signedIn() {
			t.Errorf("%d, signed in %v", res.StatusCode, p.signedIn())
		}
	})
	t.Run("nobody signed in goes on at once", func(t *testing.T) {
		p.provider.SignOut(t.Context(), "", "")
		if res := p.get(p.endSessionURL("id_token_hint", got.ID, "post_logout_redirect_uri", p.loggedOut)); res.Header.Get("Location") != p.loggedOut {
			t.Errorf("%d to %q", res.StatusCode, res.Header.Get("Location"))
		}
		if res := p.get(p.issuer + "/signed-out"); res.StatusCode != http.StatusOK {
			t.Errorf("/signed-out: %d", res.StatusCode)
		}
	})
}
