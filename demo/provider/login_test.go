package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The whole way: login, tokens, userinfo, refresh, reuse, revocation.
func TestLoginToRevocation(t *testing.T) {
	p := newParty(t)
	response := p.response()
	if got := response.Get("state"); got != "the state" {
		t.Errorf("state = %q", got)
	}
	if got := response.Get("iss"); got != p.issuer { // RFC 9207
		t.Errorf("iss = %q, want %q", got, p.issuer)
	}
	got := p.token(p.codeForm(response.Get("code")))
	if got.Status != http.StatusOK || got.Type != "Bearer" || got.Expires != 300 || got.Scope != allScopes {
		t.Fatalf("tokens = %+v", got)
	}

	typ, access := p.verify(got.Access)
	if typ != "at+jwt" {
		t.Errorf("typ of the access token = %q", typ)
	}
	want := map[string]any{"iss": p.issuer, "sub": "c-alice", "client_id": clientID, "scope": allScopes, "acr": "urn:demo:pwd"}
	for name, value := range want {
		if access[name] != value {
			t.Errorf("access token %s = %v, want %v", name, access[name], value)
		}
	}
	if aud := access["aud"].([]any); len(aud) != 2 || aud[0] != "https://accounts.demo.test" || aud[1] != "https://orders.demo.test" {
		t.Errorf("access token aud = %v", aud)
	}
	if access["jti"] == "" || access["exp"].(float64)-access["iat"].(float64) != 300 {
		t.Errorf("access token jti, exp, iat = %v %v %v", access["jti"], access["exp"], access["iat"])
	}

	typ, id := p.verify(got.ID)
	if typ != "JWT" {
		t.Errorf("typ of the ID token = %q", typ)
	}
	want = map[string]any{
		"iss": p.issuer, "sub": "c-alice", "azp": clientID, "nonce": "the nonce", "acr": "urn:demo:pwd", "at_hash": halfHash(got.Access),
		"name": "Alice Archer", "email": "alice@example.test", "preferred_username": "alice",
	}
	for name, value := range want {
		if id[name] != value {
			t.Errorf("ID token %s = %v, want %v", name, id[name], value)
		}
	}
	if aud := id["aud"].([]any); len(aud) != 1 || aud[0] != clientID {
		t.Errorf("ID token aud = %v", aud)
	}
	if roles := id["roles"].([]any); len(roles) != 1 || roles[0] != "customer" {
		t.Errorf("ID token roles = %v", roles)
	}
	if id["sid"] == nil || id["sid"] == "" || id["auth_time"] == nil {
		t.Errorf("ID token sid, auth_time = %v, %v", id["sid"], id["auth_time"])
	}

	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.issuer+"/userinfo", nil)
	req.Header.Set("Authorization", "Bearer "+got.Access)
	if info := p.do(p.back, req); info.StatusCode != http.StatusOK || !strings.Contains(info.body, `"sub":"c-alice"`) || !strings.Contains(info.body, "Alice Archer") {
		t.Errorf("userinfo: %d %s", info.StatusCode, info.body)
	}

	next := p.refresh(got.Refresh)
	if next.Status != http.StatusOK || next.Refresh == "" || next.Refresh == got.Refresh || next.Access == got.Access {
		t.Fatalf("refresh: %+v", next)
	}
	_, again := p.verify(next.ID)
	for _, name := range []string{"sub", "sid", "auth_time", "acr"} { // OpenID Connect Core 12.2
		if again[name] != id[name] {
			t.Errorf("after the refresh %s = %v, before %v", name, again[name], id[name])
		}
	}
	if again["nonce"] != nil {
		t.Errorf("after the refresh nonce = %v", again["nonce"])
	}

	if reuse := p.refresh(got.Refresh); reuse.Error != "invalid_grant" {
		t.Errorf("reuse: %+v", reuse)
	}
	if heir := p.refresh(next.Refresh); heir.Error != "invalid_grant" {
		t.Errorf("the family lives after the reuse: %+v", heir)
	}

	fresh := p.token(p.codeForm(p.query(p.get(p.authorizeURL())).Get("code"))) // single sign-on
	if fresh.Status != http.StatusOK {
		t.Fatalf("second login: %+v", fresh)
	}
	if status := p.revoke(fresh.Refresh, clientSecret); status != http.StatusOK {
		t.Errorf("revocation: %d", status)
	}
	if dead := p.refresh(fresh.Refresh); dead.Error != "invalid_grant" {
		t.Errorf("refresh after revocation: %+v", dead)
	}
	counters := p.provider.Counters()
	if counters.Token["refresh_token ok"] != 1 || counters.Token["refresh_token invalid_grant"] != 3 || counters.Token["authorization_code ok"] != 2 ||
		counters.Revocations != 1 || counters.UserInfo["200"] != 1 || counters.Logins != 2 {
		t.Errorf("counters = %+v", counters)
	}
}

func (p *party) revoke(token, secret string) int {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.issuer+"/revoke",
		strings.NewReader(url.Values{"token": {token}, "token_type_hint": {"refresh_token"}}.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secret))
	return p.do(p.back, req).StatusCode
}

// A spent token kills its family even when it is merely revoked, and nobody revokes without the secret.
func TestRevocation(t *testing.T) {
	p := newParty(t)
	first := p.signIn()
	second := p.refresh(first.Refresh)
	if status := p.revoke(first.Refresh, "wrong"); status != http.StatusUnauthorized {
		t.Errorf("with a wrong secret: %d", status)
	}
	if got := p.refresh(second.Refresh); got.Status != http.StatusOK {
		t.Fatalf("refresh after a refused revocation: %+v", got)
	}
	if status := p.revoke(first.Refresh, clientSecret); status != http.StatusOK {
		t.Errorf("revocation of a spent token: %d", status)
	}
	if status := p.revoke("never issued", clientSecret); status != http.StatusOK { // RFC 7009 §2.2
		t.Errorf("revocation of an unknown token: %d", status)
	}
	if got := p.refresh(second.Refresh); got.Error != "invalid_grant" {
		t.Errorf("refresh after revocation: %+v", got)
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	p := newParty(t)
	for _, row := range []struct {
		name  string
		pairs []string
		want  string
	}{
		{"PKCE missing", []string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request"},
		{"PKCE plain", []string{"code_challenge", verifier, "code_challenge_method", "plain"}, "invalid_request"},
		{"PKCE without a method, which is plain", []string{"code_challenge_method", ""}, "invalid_request"},
		{"a challenge that is no SHA-256", []string{"code_challenge", "short"}, "invalid_request"},
		{"implicit flow", []string{"response_type", "id_token"}, "unsupported_response_type"},
		{"fragment response", []string{"response_mode", "fragment"}, "invalid_request"},
		{"no openid", []string{"scope", "profile"}, "invalid_scope"},
		{"request object", []string{"request", "a.b.c"}, "request_not_supported"},
		{"prompt none and another", []string{"prompt", "none login"}, "invalid_request"},
		{"nobody signed in, prompt none", []string{"prompt", "none"}, "login_required"},
		{"a resource nobody granted", []string{"resource", "https://shipping.demo.test"}, "invalid_target"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := p.query(p.get(p.authorizeURL(row.pairs...)))
			if got.Get("error") != row.want || got.Get("state") != "the state" || got.Get("iss") != p.issuer || got.Has("code") {
				t.Errorf("response = %v, want error %s", got, row.want)
			}
		})
	}
	if got := p.query(p.get(p.authorizeURL() + "&state=twice")); got.Get("error") != "invalid_request" {
		t.Errorf("a parameter twice: %v", got)
	}
	for _, row := range []struct {
		name  string
		pairs []string
	}{
		{"unknown client", []string{"client_id", "stranger"}},
		{"unregistered redirect", []string{"redirect_uri", "http://localhost:1/callback"}},
		{"no redirect", []string{"redirect_uri", ""}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := p.get(p.authorizeURL(row.pairs...)); got.StatusCode != http.StatusBadRequest || got.Header.Get("Location") != "" {
				t.Errorf("status %d, Location %q, want a page", got.StatusCode, got.Header.Get("Location"))
			}
		})
	}
}

func TestTokenRefuses(t *testing.T) {
	p := newParty(t)
	with := func(pairs ...string) func(url.Values) {
		return func(form url.Values) {
			for i := 0; i < len(pairs); i += 2 {
				form.Set(pairs[i], pairs[i+1])
			}
		}
	}
	for _, row := range []struct {
		name   string
		change func(url.Values)
		want   string
		status int
	}{
		{"wrong verifier", with("code_verifier", verifier+"x"), "invalid_grant", 400},
		{"no verifier", with("code_verifier", ""), "invalid_request", 400},
		{"other redirect", with("redirect_uri", p.redirect+"x"), "invalid_grant", 400},
		{"unknown code", with("code", "unknown"), "invalid_grant", 400},
		{"wrong secret", with("client_id", clientID, "client_secret", "wrong"), "invalid_client", 401},
		{"unknown client", with("client_id", "stranger", "client_secret", "wrong"), "invalid_client", 401},
		{"grant not offered", with("grant_type", "password"), "unsupported_grant_type", 400},
		{"a resource nobody granted", with("resource", "https://shipping.demo.test"), "invalid_target", 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			form := p.codeForm(p.response("prompt", "login").Get("code"))
			row.change(form)
			if got := p.token(form); got.Error != row.want || got.Status != row.status || got.Access != "" {
				t.Errorf("got %+v, want %s", got, row.want)
			}
		})
	}

	t.Run("client_secret_post is taken", func(t *testing.T) {
		form := p.codeForm(p.response("prompt", "login").Get("code"))
		with("client_id", clientID, "client_secret", clientSecret)(form)
		if got := p.token(form); got.Status != http.StatusOK {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a code that comes again ends the grant", func(t *testing.T) { // RFC 6749 §4.1.2
		code := p.response("prompt", "login").Get("code")
		first := p.token(p.codeForm(code))
		if got := p.token(p.codeForm(code)); got.Error != "invalid_grant" {
			t.Errorf("second use: %+v", got)
		}
		if got := p.refresh(first.Refresh); got.Error != "invalid_grant" {
			t.Errorf("refresh after the second use: %+v", got)
		}
	})
	t.Run("a code is good for a minute", func(t *testing.T) {
		code := p.response("prompt", "login").Get("code")
		p.later(61 * time.Second)
		if got := p.token(p.codeForm(code)); got.Error != "invalid_grant" {
			t.Errorf("after 61 s: %+v", got)
		}
	})
	t.Run("parameters in the URL", func(t *testing.T) { // RFC 6749 §2.3.1
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, p.issuer+"/oauth/token?"+p.codeForm("x").Encode(), nil)
		req.SetBasicAuth(clientID, clientSecret)
		if res := p.do(p.back, req); res.StatusCode != http.StatusBadRequest || !strings.Contains(res.body, "invalid_request") {
			t.Errorf("%d %s", res.StatusCode, res.body)
		}
	})
}

func TestNoRefreshTokenWithoutOfflineAccess(t *testing.T) {
	p := newParty(t)
	got := p.signIn("scope", "openid unheard-of")
	if got.Refresh != "" || got.Scope != "openid" {
		t.Errorf("tokens = %+v", got)
	}
	_, access := p.verify(got.Access)
	if aud := access["aud"].([]any); len(aud) != 1 || aud[0] != p.issuer {
		t.Errorf("aud = %v, want the issuer alone", aud)
	}
	_, id := p.verify(got.ID)
	if id["name"] != nil || id["email"] != nil {
		t.Errorf("claims nobody asked for: %v", id)
	}
}

// RFC 6749 §6, RFC 8707 §2.2: an access token may have less than the grant, and the grant stays.
func TestRefreshNarrows(t *testing.T) {
	p := newParty(t)
	first := p.signIn()
	narrow := p.refresh(first.Refresh, "resource", "https://orders.demo.test")
	_, access := p.verify(narrow.Access)
	if aud := access["aud"].([]any); len(aud) != 1 || aud[0] != "https://orders.demo.test" {
		t.Errorf("aud = %v", aud)
	}
	if access["scope"] != "openid profile email offline_access orders:read orders:write" {
		t.Errorf("scope = %v", access["scope"])
	}
	scoped := p.refresh(narrow.Refresh, "scope", "openid accounts:read")
	if _, access = p.verify(scoped.Access); access["scope"] != "openid accounts:read" {
		t.Errorf("scope = %v", access["scope"])
	}
	if whole := p.refresh(scoped.Refresh); whole.Scope != allScopes {
		t.Errorf("scope of the next = %q", whole.Scope)
	}
	more := p.signIn("scope", "openid offline_access", "prompt", "login")
	if got := p.refresh(more.Refresh, "scope", "openid orders:read"); got.Error != "invalid_scope" {
		t.Errorf("more than was granted: %+v", got)
	}
}
