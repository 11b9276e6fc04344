package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/demo/provider"
)

func TestControlAPI(t *testing.T) {
	p := newParty(t)
	ctx := t.Context()

	res := p.control(ctx, http.MethodPatch, "settings", `{"accessTokenTTL":"2s","tampering":{"idToken":"wrong_aud"}}`)
	want := provider.Settings{AccessTokenTTL: 2 * time.Second, IDTokenTTL: 5 * time.Minute, Tampering: provider.Tampering{IDToken: provider.WrongAudience}}
	if got := p.provider.Settings(); res.StatusCode != http.StatusOK || got != want {
		t.Errorf("PATCH: %d %s: %+v", res.StatusCode, res.body, got)
	}
	p.control(ctx, http.MethodPatch, "settings", `{"tampering":{"accessToken":"expired"},"refresh":"hang"}`)
	if got := p.provider.Settings(); got.Tampering.IDToken != provider.WrongAudience || got.Tampering.AccessToken != provider.Expired || got.Refresh != provider.RefreshHang {
		t.Errorf("PATCH forgets what it does not name: %+v", got)
	}
	before := p.provider.Settings()
	for _, row := range []struct {
		name, body string
		status     int
	}{
		{"no JSON", `{`, http.StatusBadRequest},
		{"two values", `{} {}`, http.StatusBadRequest},
		{"unknown field", `{"accesTokenTTL":"2s"}`, http.StatusBadRequest},
		{"no duration", `{"accessTokenTTL":"2"}`, http.StatusUnprocessableEntity},
		{"too long", `{"idTokenTTL":"25h"}`, http.StatusUnprocessableEntity},
		{"negative", `{"accessTokenTTL":"-1s"}`, http.StatusUnprocessableEntity},
		{"unknown answer", `{"refresh":"sing"}`, http.StatusUnprocessableEntity},
		{"a fault that ID tokens don't have", `{"tampering":{"idToken":"no_events"}}`, http.StatusUnprocessableEntity},
		{"a fault that access tokens don't have", `{"tampering":{"accessToken":"wrong_nonce"}}`, http.StatusUnprocessableEntity},
		{"a fault that logout tokens don't have", `{"tampering":{"logoutToken":"wrong_at_hash"}}`, http.StatusUnprocessableEntity},
		{"a fault that responses don't have", `{"tampering":{"response":"expired"}}`, http.StatusUnprocessableEntity},
		{"a fault that UserInfo answers don't have", `{"tampering":{"userInfo":"no_events"}}`, http.StatusUnprocessableEntity},
		{"a fault that metadata don't have", `{"tampering":{"metadata":"expired"}}`, http.StatusUnprocessableEntity},
	} {
		t.Run(row.name, func(t *testing.T) {
			res := p.control(ctx, http.MethodPatch, "settings", row.body)
			if res.StatusCode != row.status || res.Header.Get("Content-Type") != "application/problem+json" || p.provider.Settings() != before {
				t.Errorf("%d %s", res.StatusCode, res.body)
			}
		})
	}
	res = p.control(ctx, http.MethodDelete, "settings", "")
	var set map[string]any
	if err := json.Unmarshal([]byte(res.body), &set); err != nil || set["accessTokenTTL"] != "5m0s" || set["refresh"] != "" {
		t.Errorf("DELETE settings: %s", res.body)
	}

	kid := p.keys().Keys[0].KeyID
	if res := p.control(ctx, http.MethodPost, "keys", ""); res.StatusCode != http.StatusOK || p.keys().Keys[0].KeyID == kid {
		t.Errorf("POST keys: %d %s", res.StatusCode, res.body)
	}

	first := p.signIn()
	if res := p.control(ctx, http.MethodPost, "backchannel", `{"client":"vestibule","sub":"c-alice"}`); res.StatusCode != http.StatusOK || len(p.received()) != 1 {
		t.Errorf("POST backchannel: %d %s", res.StatusCode, res.body)
	}
	if _, claims := p.verify(p.received()[0]); claims["sid"] != nil {
		t.Errorf("a sid that nobody asked for: %v", claims)
	}
	if res := p.control(ctx, http.MethodPost, "backchannel", `{"client":"stranger","sub":"c-alice"}`); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("POST backchannel for a stranger: %d", res.StatusCode)
	}
	if !p.signedIn() {
		t.Error("the session ended by a logout token alone")
	}
	if res := p.control(ctx, http.MethodGet, "sessions", ""); !strings.Contains(res.body, `"sub":"c-alice"`) || !strings.Contains(res.body, `"clients":["vestibule"]`) {
		t.Errorf("GET sessions: %s", res.body)
	}
	if res := p.control(ctx, http.MethodDelete, "sessions?sub=c-alice", ""); strings.TrimSpace(res.body) != `{"ended":1}` || p.signedIn() || len(p.received()) != 2 {
		t.Errorf("DELETE sessions: %s, %d logout tokens", res.body, len(p.received()))
	}
	if res := p.control(ctx, http.MethodDelete, "grants", ""); strings.TrimSpace(res.body) != `{"ended":1}` {
		t.Errorf("DELETE grants: %s", res.body)
	}
	if got := p.refresh(first.Refresh); got.Error != "invalid_grant" {
		t.Errorf("refresh after DELETE grants: %+v", got)
	}
	if res := p.control(ctx, http.MethodGet, "counters", ""); !strings.Contains(res.body, `"authorization_code ok":1`) || !strings.Contains(res.body, `"backChannel":{"200":2}`) {
		t.Errorf("GET counters: %s", res.body)
	}
	if res := p.control(ctx, http.MethodDelete, "counters", ""); res.StatusCode != http.StatusNoContent || p.provider.Counters().Logins != 0 {
		t.Errorf("DELETE counters: %d", res.StatusCode)
	}
}

func TestControlPage(t *testing.T) {
	p := newParty(t)
	p.signIn()
	shown := p.get(p.issuer + "/control/provider/")
	if shown.StatusCode != http.StatusOK || !contains(shown.body, "wrong_nonce", "c-alice", "authorization_code ok") {
		t.Fatalf("%d %s", shown.StatusCode, shown.body)
	}
	assertPolicy(t, p, shown, "form-action 'self'")
	form := p.issuer + "/control/provider/form"
	settings := url.Values{"do": {"settings"}, "accessTokenTTL": {"9s"}, "idTokenTTL": {"5m0s"}, "keepRefreshToken": {"1"}, "signedUserInfo": {"1"}, "idToken": {"no_nonce"}, "response": {"no_iss"}, "userInfo": {"wrong_sub"}, "metadata": {"wrong_iss"}}
	if res := p.postForm(form, settings); res.StatusCode != http.StatusSeeOther {
		t.Errorf("settings: %d %s", res.StatusCode, res.body)
	}
	want := provider.Settings{AccessTokenTTL: 9 * time.Second, IDTokenTTL: 5 * time.Minute, KeepRefreshToken: true, SignedUserInfo: true, Tampering: provider.Tampering{
		IDToken: provider.NoNonce, Response: provider.NoIssuer, UserInfo: provider.WrongSubject, Metadata: provider.WrongIssuer,
	}}
	if got := p.provider.Settings(); got != want {
		t.Errorf("settings = %+v", got)
	}
	settings.Set("accessTokenTTL", "soon")
	if res := p.postForm(form, settings); res.StatusCode != http.StatusUnprocessableEntity || !contains(res.body, `role="alert"`) {
		t.Errorf("a wrong lifetime: %d", res.StatusCode)
	}
	for _, do := range []string{"reset", "keys", "end-grants", "counters"} {
		if res := p.postForm(form, url.Values{"do": {do}}); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %d", do, res.StatusCode)
		}
	}
	if res := p.postForm(form, url.Values{"do": {"sign-out"}, "sid": {p.provider.Sessions()[0].SID}}); res.StatusCode != http.StatusSeeOther || p.signedIn() {
		t.Errorf("sign-out: %d", res.StatusCode)
	}
	if res := p.postForm(form, url.Values{"do": {"dance"}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown button: %d", res.StatusCode)
	}
}

func TestGuards(t *testing.T) {
	p := newParty(t)
	for _, path := range []string{"/.well-known/openid-configuration", "/keys", "/authorize", "/login", "/oauth/token", "/control/provider/settings"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.issuer+path, nil)
		req.Host = "rebound.example"
		if res := p.do(p.back, req); res.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s under another Host: %d", path, res.StatusCode)
		}
	}
	for _, row := range [][2]string{{http.MethodPatch, "settings"}, {http.MethodDelete, "sessions"}, {http.MethodPost, "keys"}, {http.MethodPost, "form"}} {
		req, _ := http.NewRequestWithContext(t.Context(), row[0], p.issuer+"/control/provider/"+row[1], nil)
		req.Header.Set("Origin", "http://evil.example")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if res := p.do(p.back, req); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s from another site: %d", row[0], row[1], res.StatusCode)
		}
	}
	huge := url.Values{"grant_type": {strings.Repeat("x", 100<<10)}}
	if got := p.token(huge); got.Error != "invalid_request" {
		t.Errorf("a huge body: %+v", got)
	}
}

func TestNewRefuses(t *testing.T) {
	good := provider.Client{ID: "c", Secret: "s", RedirectURIs: []string{"http://localhost:8080/auth/callback"}}
	change := func(change func(*provider.Client)) provider.Config {
		c := good
		change(&c)
		return provider.Config{Issuer: "http://127.0.0.1:1", Clients: []provider.Client{c}}
	}
	for _, row := range []struct {
		name string
		cfg  provider.Config
		want string
	}{
		{"a name", provider.Config{Issuer: "http://localhost:8081", Clients: []provider.Client{good}}, "loopback"},
		{"an address that others reach", provider.Config{Issuer: "http://192.0.2.1:8081", Clients: []provider.Client{good}}, "loopback"},
		{"every address", provider.Config{Issuer: "http://0.0.0.0:8081", Clients: []provider.Client{good}}, "loopback"},
		{"https", provider.Config{Issuer: "https://127.0.0.1:8081", Clients: []provider.Client{good}}, "http://127.0.0.1:8081"},
		{"a path", provider.Config{Issuer: "http://127.0.0.1:8081/x", Clients: []provider.Client{good}}, "http://127.0.0.1:8081"},
		{"no client", provider.Config{Issuer: "http://127.0.0.1:1"}, "client"},
		{"a client that cannot prove itself", change(func(c *provider.Client) { c.Secret = "" }), "secret or a public key"},
		{"a client without a redirect URI", change(func(c *provider.Client) { c.RedirectURIs = nil }), "redirect URI"},
		{"a redirect to the world", change(func(c *provider.Client) { c.RedirectURIs = []string{"https://shop.example/cb"} }), "loopback"},
		{"a back channel to the world", change(func(c *provider.Client) { c.BackChannelLogoutURI = "https://shop.example/" }), "loopback"},
		{"wrong settings", provider.Config{Issuer: "http://127.0.0.1:1", Clients: []provider.Client{good}, Settings: provider.Settings{AccessTokenTTL: time.Millisecond}}, "accessTokenTTL"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := provider.New(row.cfg); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("New: %v, want one about %s", err, row.want)
			}
		})
	}
}

func TestMetadata(t *testing.T) {
	p := newParty(t)
	var m map[string]any
	if err := json.Unmarshal([]byte(p.get(p.issuer+"/.well-known/openid-configuration").body), &m); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"issuer": p.issuer, "authorization_endpoint": p.issuer + "/authorize", "token_endpoint": p.issuer + "/oauth/token",
		"jwks_uri": p.issuer + "/keys", "userinfo_endpoint": p.issuer + "/userinfo", "revocation_endpoint": p.issuer + "/revoke",
		"end_session_endpoint": p.issuer + "/end_session", "authorization_response_iss_parameter_supported": true,
		"backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
	} {
		if m[name] != want {
			t.Errorf("%s = %v, want %v", name, m[name], want)
		}
	}
	for name, want := range map[string]string{
		"response_types_supported": "code", "response_modes_supported": "query form_post", "code_challenge_methods_supported": "S256",
		"grant_types_supported": "authorization_code refresh_token client_credentials", "acr_values_supported": "urn:demo:pwd urn:demo:mfa",
		"token_endpoint_auth_methods_supported": "client_secret_basic client_secret_post private_key_jwt",
		"id_token_signing_alg_values_supported": "RS256",
		"scopes_supported":                      "openid profile email offline_access accounts:read orders:read orders:write",
	} {
		var got []string
		for _, value := range m[name].([]any) {
			got = append(got, value.(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s = %v, want %s", name, got, want)
		}
	}
	for _, name := range []string{"introspection_endpoint", "device_authorization_endpoint", "check_session_iframe"} {
		if m[name] != nil {
			t.Errorf("%s = %v, but it is not offered", name, m[name])
		}
	}
}
