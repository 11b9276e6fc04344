package demo_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vestibule.example/demo"
	"vestibule.example/demo/fault"
	"vestibule.example/demo/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	gateway  = "http://localhost:8080" // nobody listens: redirects to it are read, not followed
	verifier = "a-verifier-of-forty-three-characters-or-more-0123456789"
)

func start(t *testing.T, cfg demo.Config) *demo.World {
	t.Helper()
	cfg.PublicURL, cfg.Address = gateway, "127.0.0.1:0"
	w, err := demo.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return w
}

func newClient(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// answer is an answer, read whole.
type answer struct {
	status int
	header http.Header
	body   string
}

func do(t *testing.T, client *http.Client, method, target, token string, body url.Values) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// accessToken signs a user in as the gateway would.
func accessToken(t *testing.T, w *demo.World, client *http.Client, user string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {w.ClientID}, "redirect_uri": {gateway + "/auth/callback"}, "state": {"s"}, "nonce": {"n"},
		"scope":          {"openid profile email offline_access accounts:read accounts:write orders:read orders:write shipping:read"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "prompt": {"login"},
	}
	res := do(t, client, http.MethodGet, w.Issuer+"/authorize?"+query.Encode(), "", nil)
	page := do(t, client, http.MethodGet, w.Issuer+res.header.Get("Location"), "", nil)
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(page.body)
	if id == nil {
		t.Fatalf("no login page: %s", page.body)
	}
	res = do(t, client, http.MethodPost, w.Issuer+"/login", "", url.Values{"id": {id[1]}, "username": {user}, "password": {user}})
	to, err := url.Parse(res.header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		t.Fatalf("no code: %d to %q", res.status, to)
	}
	res = do(t, client, http.MethodPost, w.Issuer+"/oauth/token", "", url.Values{
		"grant_type": {"authorization_code"}, "code": {to.Query().Get("code")}, "redirect_uri": {gateway + "/auth/callback"},
		"code_verifier": {verifier}, "client_id": {w.ClientID}, "client_secret": {w.ClientSecret},
	})
	var tokens struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(res.body), &tokens); err != nil || tokens.Access == "" {
		t.Fatalf("no tokens: %s", res.body)
	}
	return tokens.Access
}

// The world is whole: a token of the provider opens each API, as the user's own.
func TestWorld(t *testing.T) {
	w := start(t, demo.Config{})
	if names := slices.Sorted(maps.Keys(w.APIs)); !slices.Equal(names, []string{"accounts", "catalog", "orders", "shipping"}) {
		t.Fatalf("APIs = %v", names)
	}
	if len(w.Users) != 3 || w.Users[0].Name != "alice" || w.Users[2].Role != "agent" || w.ClientSecret == "" || w.ControlURL != w.Issuer+"/" {
		t.Errorf("users %+v, control %s", w.Users, w.ControlURL)
	}
	for _, target := range append(slices.Collect(maps.Keys(w.APIs)), "provider") {
		if calls := w.Calls(target); len(calls) != 0 {
			t.Errorf("%s begins with %d calls", target, len(calls))
		}
	}
	client := newClient(t)
	token := accessToken(t, w, client, "alice")
	for _, row := range []struct {
		api, path, token string
		status           int
		has              string
	}{
		{"accounts", "/me", token, http.StatusOK, "c-alice"},
		{"accounts", "/me", "", http.StatusUnauthorized, ""},
		{"catalog", "/products", "", http.StatusOK, ""},
		{"orders", "/orders", token, http.StatusOK, "c-alice"},
		{"shipping", "/shipments?orderId=unheard-of", token, http.StatusOK, ""},
	} {
		if res := do(t, client, http.MethodGet, w.APIs[row.api]+row.path, row.token, nil); res.status != row.status || !strings.Contains(res.body, row.has) {
			t.Errorf("%s%s: %d %.200s", row.api, row.path, res.status, res.body)
		}
	}
	if calls := w.Calls("accounts"); len(calls) != 2 || calls[0].Path != "/me" || !calls[0].Bearer {
		t.Errorf("calls of accounts = %+v", calls)
	}
	w.ResetCalls()
	if len(w.Calls("")) != 0 || w.Provider.Counters().Logins != 0 {
		t.Error("calls after ResetCalls")
	}
}

func TestWrongAccessTokenIsRefused(t *testing.T) {
	w := start(t, demo.Config{})
	client := newClient(t)
	for _, wrong := range []provider.Fault{provider.WrongAudience, provider.WrongIssuer, provider.Expired, provider.BadSignature, provider.AlgNone, provider.AlgHS256, provider.UnknownKey} {
		if err := w.Provider.SetSettings(provider.Settings{Tampering: provider.Tampering{AccessToken: wrong}}); err != nil {
			t.Fatal(err)
		}
		if res := do(t, client, http.MethodGet, w.APIs["accounts"]+"/me", accessToken(t, w, client, "bob"), nil); res.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", wrong, res.status)
		}
	}
}

// What Config says reaches the provider.
func TestConfigReachesTheProvider(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	w := start(t, demo.Config{AccessTokenTTL: 7 * time.Second, ClientKey: &key.PublicKey})
	if got := w.Provider.Settings().AccessTokenTTL; got != 7*time.Second {
		t.Errorf("lifetime = %v", got)
	}
	if _, err := w.Provider.LogoutToken(demo.KeyClientID, "c-alice", ""); err != nil {
		t.Errorf("the second client: %v", err)
	}
	if _, err := start(t, demo.Config{}).Provider.LogoutToken(demo.KeyClientID, "c-alice", ""); err == nil {
		t.Error("a second client without a key")
	}
}

// A key that is new to the APIs is fetched; one that is old still opens them.
func TestKeyRotationReachesTheAPIs(t *testing.T) {
	w := start(t, demo.Config{})
	client := newClient(t)
	old := accessToken(t, w, client, "alice")
	for range 2 {
		for _, token := range []string{old, accessToken(t, w, client, "alice")} {
			if res := do(t, client, http.MethodGet, w.APIs["accounts"]+"/me", token, nil); res.status != http.StatusOK {
				t.Errorf("%d %s", res.status, res.body)
			}
		}
		if _, err := w.Provider.RotateKeys(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPages(t *testing.T) {
	w := start(t, demo.Config{})
	client := newClient(t)
	for _, row := range []struct{ path, has string }{
		{"/", "The demo world"},
		{"/control/", "provider"},
		{"/control/provider/", "Lifetime of access tokens"},
	} {
		res := do(t, client, http.MethodGet, w.Issuer+row.path, "", nil)
		if res.status != http.StatusOK || !strings.Contains(res.body, row.has) || !strings.Contains(res.header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d, policy %q", row.path, res.status, res.header.Get("Content-Security-Policy"))
		}
	}
	home := do(t, client, http.MethodGet, w.Issuer+"/", "", nil).body
	for _, want := range []string{"alice", "agent", w.APIs["orders"], gateway, `href="/control/provider/"`, "What to try", `href="` + gateway + `/account"`} {
		if !strings.Contains(home, want) {
			t.Errorf("the home page lacks %q", want)
		}
	}
	if strings.Contains(home, w.ClientSecret) {
		t.Error("the home page has the client's secret")
	}
}

// Faults reach the provider, and never the pages that end them.
func TestProviderDown(t *testing.T) {
	w := start(t, demo.Config{})
	client := newClient(t)
	if _, err := w.Faults.Add(fault.Rule{Target: "provider", Status: http.StatusServiceUnavailable}); err != nil {
		t.Fatal(err)
	}
	if res := do(t, client, http.MethodGet, w.Issuer+"/.well-known/openid-configuration", "", nil); res.status != http.StatusServiceUnavailable {
		t.Errorf("discovery: %d", res.status)
	}
	for _, path := range []string{"/", "/control/", "/control/provider/", "/provider.css"} {
		if res := do(t, client, http.MethodGet, w.Issuer+path, "", nil); res.status != http.StatusOK {
			t.Errorf("%s: %d", path, res.status)
		}
	}
}

func TestOtherHostIsRefused(t *testing.T) {
	w := start(t, demo.Config{})
	client := newClient(t)
	for _, target := range append(slices.Collect(maps.Values(w.APIs)), w.Issuer, w.ControlURL+"control/", w.ControlURL+"control/provider/settings") {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "rebound.example"
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s under another Host: %d", target, res.StatusCode)
		}
	}
}
