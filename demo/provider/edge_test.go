package provider_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"vestibule.example/demo/provider"
)

// One of many wins, whatever their order, and what it won is worth nothing: somebody else had the token too.
func TestManyRefreshWithOneToken(t *testing.T) {
	p := newParty(t)
	first := p.signIn()
	won := p.race(func() tokens { return p.refresh(first.Refresh) })
	if len(won) != 1 {
		t.Fatalf("%d refreshes succeeded, want 1", len(won))
	}
	if got := p.refresh(won[0].Refresh); got.Error != "invalid_grant" {
		t.Errorf("the winner's refresh token lives: %+v", got)
	}
}

func TestManyExchangeOneCode(t *testing.T) {
	p := newParty(t)
	form := p.codeForm(p.response().Get("code"))
	won := p.race(func() tokens { return p.token(form) })
	if len(won) > 1 {
		t.Fatalf("%d exchanges succeeded, want 1 at most", len(won))
	}
	for _, got := range won {
		if next := p.refresh(got.Refresh); next.Error != "invalid_grant" {
			t.Errorf("the winner's refresh token lives: %+v", next)
		}
	}
}

// race makes the same call many times at once and returns what succeeded.
func (p *party) race(call func() tokens) (won []tokens) {
	var wg sync.WaitGroup
	results := make([]tokens, 24)
	for i := range results {
		wg.Go(func() { results[i] = call() })
	}
	wg.Wait()
	for _, got := range results {
		if got.Status == http.StatusOK {
			won = append(won, got)
		}
	}
	return won
}

func TestOtherMethods(t *testing.T) {
	p := newParty(t)
	first := p.signIn()
	t.Run("POST /authorize", func(t *testing.T) { // OpenID Connect Core 3.1.2.1
		target, query, _ := strings.Cut(p.authorizeURL("prompt", "none"), "?")
		form, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.query(p.postForm(target, form)); !got.Has("code") {
			t.Errorf("response = %v", got)
		}
	})
	t.Run("POST /userinfo", func(t *testing.T) { // RFC 6750 §2.2
		if got := p.postForm(p.issuer+"/userinfo", url.Values{"access_token": {first.Access}}); got.StatusCode != http.StatusOK {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("/userinfo without a token", func(t *testing.T) {
		if got := p.get(p.issuer + "/userinfo"); got.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%d", got.StatusCode)
		}
	})
	t.Run("/userinfo with an ID token", func(t *testing.T) {
		if got := p.postForm(p.issuer+"/userinfo", url.Values{"access_token": {first.ID}}); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("%d", got.StatusCode)
		}
	})
	t.Run("two ways of client authentication", func(t *testing.T) { // RFC 6749 §2.3
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}, "client_id": {clientID}, "client_secret": {clientSecret}}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, p.issuer+"/oauth/token", strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.SetBasicAuth(clientID, url.QueryEscape(clientSecret))
		if got := p.do(p.back, req); got.StatusCode != http.StatusBadRequest || !contains(got.body, "invalid_request") {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("a refresh for a resource nobody granted", func(t *testing.T) {
		if got := p.refresh(first.Refresh, "resource", "https://shipping.demo.test"); got.Error != "invalid_target" {
			t.Errorf("got %+v", got)
		}
		if got := p.refresh(first.Refresh); got.Status != http.StatusOK {
			t.Errorf("the refresh token was spent by a refused refresh: %+v", got)
		}
	})
}

func TestMalformed(t *testing.T) {
	p := newParty(t)
	id := p.loginID()
	for _, row := range []struct {
		name string
		got  page
		want int
	}{
		{"max_age that is no number", p.get(p.authorizeURL("max_age", "soon")), http.StatusBadRequest},
		{"a login nobody began", p.get(p.issuer + "/login?id=unheard-of"), http.StatusBadRequest},
		{"one click for nobody", p.postForm(p.issuer+"/login/as", url.Values{"id": {id}, "as": {"c-nobody"}}), http.StatusUnprocessableEntity},
		{"a sign-out nobody began", p.postForm(p.issuer+"/end_session/confirm", url.Values{"id": {"unheard-of"}}), http.StatusBadRequest},
		{"a sign-out nobody began, going on", p.get(p.issuer + "/end_session/continue?id=unheard-of"), http.StatusBadRequest},
		{"a query that is none", p.get(p.issuer + "/end_session?%zz"), http.StatusBadRequest},
	} {
		if row.got.StatusCode != row.want || !contains(row.got.body, `role="alert"`) {
			t.Errorf("%s: %d, want %d", row.name, row.got.StatusCode, row.want)
		}
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPatch, p.issuer+"/control/provider/settings", strings.NewReader(`{"refresh":"hang"}`))
	req.Header.Set("Content-Type", "text/plain")
	if got := p.do(p.back, req); got.StatusCode != http.StatusUnsupportedMediaType || p.provider.Settings().Refresh != "" {
		t.Errorf("settings as text: %d", got.StatusCode)
	}
}

// A client that cannot be told does not keep the user signed in.
func TestBackChannelDown(t *testing.T) {
	p := newParty(t)
	got := p.signIn()
	p.stopHome()
	if res := p.get(p.endSessionURL("id_token_hint", got.ID, "post_logout_redirect_uri", p.loggedOut)); res.Header.Get("Location") != p.loggedOut || p.signedIn() {
		t.Errorf("%d, signed in: %v", res.StatusCode, p.signedIn())
	}
	if _, err := p.provider.BackChannelLogout(t.Context(), clientID, "c-alice", ""); err == nil {
		t.Error("no error")
	}
	if counts := p.provider.Counters().BackChannel; counts["failed"] != 2 {
		t.Errorf("counts = %v", counts)
	}
	if _, err := p.provider.LogoutToken("stranger", "c-alice", ""); err == nil {
		t.Error("a logout token for a stranger")
	}
}

// RFC 7523: the second client proves itself by its key, and only by its key.
func TestPrivateKeyJWT(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := newParty(t, provider.Client{ID: "by-key", Key: &jose.JSONWebKey{Key: &key.PublicKey, KeyID: "k1", Algorithm: "RS256", Use: "sig"}})
	kid := "k1"
	assertion := func(change func(*jwt.Claims)) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		now := p.now()
		claims := jwt.Claims{Issuer: "by-key", Subject: "by-key", Audience: jwt.Audience{p.issuer}, ID: "1", IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute))}
		change(&claims)
		text, err := jwt.Signed(signer).Claims(claims).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, row := range []struct {
		name   string
		change func(*jwt.Claims)
		want   string
	}{
		{"a good assertion", func(*jwt.Claims) {}, ""},
		{"for another audience", func(c *jwt.Claims) { c.Audience = jwt.Audience{"https://other.example"} }, "invalid_client"},
		{"of the client with the secret", func(c *jwt.Claims) { c.Issuer, c.Subject = clientID, clientID }, "invalid_client"},
		{"under a kid nobody registered", func(*jwt.Claims) { kid = "k2" }, "invalid_client"},
		{"expired", func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(p.now().Add(-time.Hour)) }, "invalid_client"},
	} {
		t.Run(row.name, func(t *testing.T) {
			form := p.codeForm(p.response("client_id", "by-key", "prompt", "login").Get("code"))
			form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
			kid = "k1"
			row.change(&jwt.Claims{})
			form.Set("client_assertion", assertion(row.change))
			got := p.token(form)
			if got.Error != row.want {
				t.Fatalf("got %+v, want %q", got, row.want)
			}
			if row.want != "" {
				return
			}
			again := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Refresh}, "client_assertion_type": form["client_assertion_type"], "client_assertion": {assertion(row.change)}}
			if got := p.token(again); got.Status != http.StatusOK {
				t.Errorf("refresh: %+v", got)
			}
		})
	}
	t.Run("somebody else's code", func(t *testing.T) {
		form := p.codeForm(p.response("client_id", "by-key", "prompt", "login").Get("code"))
		if got := p.token(form); got.Error != "invalid_grant" {
			t.Errorf("got %+v", got)
		}
	})
}

// A client's own token is for the APIs that it names, and for nobody's user.
func TestClientCredentials(t *testing.T) {
	p := newParty(t)
	for name, row := range map[string]struct {
		form      url.Values
		err, want string
	}{
		"scopes of an API":          {url.Values{"scope": {"orders:read"}}, "", "https://orders.demo.test orders:read"},
		"an API without its scopes": {url.Values{"resource": {"https://orders.demo.test"}}, "", "https://orders.demo.test orders:read orders:write"},
		"a scope nobody has":        {url.Values{"scope": {"nothing"}}, "invalid_scope", ""},
		"another API's scopes":      {url.Values{"scope": {"orders:read"}, "resource": {"https://accounts.demo.test"}}, "invalid_target", ""},
	} {
		row.form.Set("grant_type", "client_credentials")
		got := p.token(row.form)
		if got.Error != row.err {
			t.Errorf("%s: %+v, want %q", name, got, row.err)
			continue
		}
		if row.err != "" {
			continue
		}
		_, claims := p.verify(got.Access)
		if audience, _ := claims["aud"].([]any); len(audience) != 1 || audience[0].(string)+" "+claims["scope"].(string) != row.want || claims["sub"] != clientID || got.Refresh != "" {
			t.Errorf("%s: claims = %v, want %s", name, claims, row.want)
		}
	}
}
