package auth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/provider"
)

// CSRF-9, BCP-2, BCP-5, BCPU-3, T-1: only the browser that began can finish.
func TestTheCallbackRefusesWhatThisBrowserDidNotBegin(t *testing.T) {
	w := newWorld(t, nil)
	attacker, victim := w.visitor(t), w.visitor(t)
	page, _ := begin(t, attacker, "/auth/login")
	response, err := attacker.SubmitUntil(t.Context(), page, map[string]string{"username": "bob", "password": "bob"}, w.origin+"/auth/callback")
	if err != nil {
		t.Fatal(err)
	}
	w.demo.Provider.ResetCounters()
	for name, address := range map[string]string{
		"a stranger's response":      response,
		"no state":                   w.origin + "/auth/callback?code=x",
		"an empty state":             w.origin + "/auth/callback?code=x&state=",
		"a state nobody made":        w.origin + "/auth/callback?code=x&state=" + strings.Repeat("a", 43),
		"an error nobody waited for": w.origin + "/auth/callback?error=access_denied&state=x",
	} {
		if res := get(t, victim, address); res.StatusCode != http.StatusBadRequest || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d, Set-Cookie %q, want 400 and none", name, res.StatusCode, res.Header.Get("Set-Cookie"))
		}
	}
	if signedIn(t, victim) {
		t.Error("the victim is signed in")
	}
	if n := len(w.demo.Provider.Counters().Token); n != 0 {
		t.Errorf("%d token calls were made", n)
	}
	// The attacker's own browser could have finished; once.
	if res := get(t, attacker, response); res.StatusCode != http.StatusOK {
		t.Errorf("the browser that began gets %d, want 200", res.StatusCode)
	}
	if res := get(t, attacker, response); res.StatusCode != http.StatusBadRequest {
		t.Errorf("reloading the callback = %d, want 400", res.StatusCode)
	}
}

// BCP-2, T-5: even with its cookie brought back, a response is used once.
func TestAResponseIsUsedOnce(t *testing.T) {
	w := newWorld(t, nil)
	v := w.visitor(t)
	page, _ := begin(t, v, "/auth/login")
	cookies := v.Cookies()
	response, err := v.SubmitUntil(t.Context(), page, map[string]string{"username": "bob", "password": "bob"}, w.origin+"/auth/callback")
	if err != nil {
		t.Fatal(err)
	}
	if res := get(t, v, response); res.StatusCode != http.StatusOK {
		t.Fatalf("callback = %d", res.StatusCode)
	}
	v.SetCookies(cookies)
	w.demo.Provider.ResetCounters()
	if res := get(t, v, response); res.StatusCode != http.StatusBadRequest {
		t.Errorf("the same response again = %d, want 400", res.StatusCode)
	}
	if n := len(w.demo.Provider.Counters().Token); n != 0 {
		t.Error("the code was sent to the provider again")
	}
}

// OIDC-1 to OIDC-14, OIDC-27, ISS-1, ISS-2: a token or response that is wrong in any way signs nobody in, and says nothing
// of why.
func TestWrongTokensSignNobodyIn(t *testing.T) {
	w := newWorld(t, nil)
	try := func(t *testing.T, tampering provider.Tampering) {
		w.settings(t, provider.Settings{Tampering: tampering})
		v := w.visitor(t)
		page, err := v.SignIn(t.Context(), "alice", "alice", "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if page.Status < 400 || page.URL.Path != "/auth/callback" {
			t.Errorf("the login ended at %s with %d, want a refusal", page.URL.Path, page.Status)
		}
		if strings.Contains(string(page.Body), string(tampering.IDToken)) && tampering.IDToken != "" {
			t.Error("the page tells why")
		}
		if signedIn(t, v) {
			t.Error("somebody is signed in")
		}
	}
	for _, f := range provider.IDTokenFaults() {
		if f == provider.WrongSubject || f == provider.NoHash || f == provider.NoKeyID {
			continue // At a login there is no subject to compare with; at a refresh there is. The others are allowed.
		}
		t.Run("ID token "+string(f), func(t *testing.T) { try(t, provider.Tampering{IDToken: f}) })
	}
	for _, f := range provider.ResponseFaults() {
		t.Run("response "+string(f), func(t *testing.T) { try(t, provider.Tampering{Response: f}) })
	}
}

// OIDC-25
func TestARefusalAtTheProviderIsShownSafely(t *testing.T) {
	w := newWorld(t, nil)
	v := w.visitor(t)
	_, query := begin(t, v, "/auth/login?return_to=/here")
	res, err := v.Navigate(t.Context(), "/auth/callback?"+url.Values{
		"error": {"access_denied"}, "error_description": {"<script>alert(1)</script>"}, "state": {query.Get("state")}, "iss": {w.demo.Issuer},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	body := string(res.Body)
	if res.Status != http.StatusForbidden || strings.Contains(body, "alert(1)") || !strings.Contains(body, "/auth/login?return_to=%2Fhere") {
		t.Errorf("%d %s", res.Status, body)
	}
	for _, c := range v.Cookies() {
		if strings.Contains(c.Name, "-tx-") {
			t.Error("the transaction is still there")
		}
	}
}

// SFS-2, CK-8
func TestFormPost(t *testing.T) {
	w := newWorld(t, func(_ *auth.Config, party *rp.Config) { party.ResponseMode = "form_post" })
	v := w.visitor(t)
	page, _ := begin(t, v, "/auth/login?return_to=/posted")
	response, err := v.Submit(t.Context(), page, map[string]string{"username": "alice", "password": "alice"})
	if err != nil {
		t.Fatal(err)
	}
	if end, err := v.Submit(t.Context(), response, map[string]string{"code": "", "state": ""}); err == nil && end.URL.Path == "/posted" {
		t.Error("an empty response was accepted")
	}
	end, err := v.Submit(t.Context(), response, nil)
	if err != nil || end.URL.Path != "/posted" || !signedIn(t, v) {
		t.Errorf("form_post ended at %v, %v", end, err)
	}
	if res := get(t, v, "/auth/callback?code=x&state=y"); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET of a form_post callback = %d, want 405", res.StatusCode)
	}
}

// ISS-1, OIDC-25, RFC 9207 §2.4: an error answer of another issuer, or of none, is no answer of this login.
func TestErrorAnswersOfAnotherIssuer(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		name, login, iss, code string
		status                 int
		path                   string
	}{
		{"refused by the provider", "", w.demo.Issuer, "access_denied", http.StatusForbidden, "/auth/callback"},
		{"an error nobody knows", "", w.demo.Issuer, "<b>x", http.StatusBadRequest, "/auth/callback"},
		{"refused by another issuer", "", "https://evil.test", "access_denied", http.StatusBadRequest, "/auth/callback"},
		{"refused by nobody", "", "", "access_denied", http.StatusBadRequest, "/auth/callback"},
		{"silent: nobody is signed in", "&prompt=none", w.demo.Issuer, "login_required", http.StatusOK, "/here"},
		{"silent: the user must act", "&prompt=none", w.demo.Issuer, "interaction_required", http.StatusOK, "/here"},
		{"silent: another issuer", "&prompt=none", "https://evil.test", "login_required", http.StatusBadRequest, "/auth/callback"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := w.visitor(t)
			res := get(t, v, "/auth/login?return_to=/here"+c.login)
			state := parse(t, res.Header.Get("Location")).Query().Get("state")
			answer := url.Values{"error": {c.code}, "state": {state}}
			if c.iss != "" {
				answer.Set("iss", c.iss)
			}
			page, err := v.Navigate(t.Context(), "/auth/callback?"+answer.Encode())
			if err != nil || page.Status != c.status || page.URL.Path != c.path || signedIn(t, v) {
				t.Errorf("ended at %v, %v, want %d at %s", page, err, c.status, c.path)
			}
			if page.Status >= 400 && strings.Contains(string(page.Body), c.code) {
				t.Error("the page repeats the error")
			}
		})
	}
}

// RED-1, RED-3: the way back is the one that the login was begun with, whatever the callback's address says, and never
// elsewhere.
func TestTheWayBackIsTheLogins(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct{ login, callback, want string }{
		{"/orders?tab=lines", "&return_to=https://evil.test/", "/orders?tab=lines"},
		{"//evil.test", "", "/"},
		{"https://evil.test", "", "/"},
		{"/auth/logout", "", "/"},
	} {
		v := w.visitor(t)
		page, _ := begin(t, v, "/auth/login?return_to="+url.QueryEscape(c.login))
		response, err := v.SubmitUntil(t.Context(), page, map[string]string{"username": "alice", "password": "alice"}, w.origin+"/auth/callback")
		if err != nil {
			t.Fatal(err)
		}
		end, err := v.Navigate(t.Context(), response+c.callback)
		if err != nil || end.URL.RequestURI() != c.want || end.URL.Host != parse(t, w.origin).Host {
			t.Errorf("return_to %s with %q ended at %v, %v, want %s", c.login, c.callback, end, err, c.want)
		}
	}
}
