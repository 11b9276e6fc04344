package auth_test

import (
	"context"
	"errors"
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

// begin goes as far as the provider's login page and gives the authorization request.
func begin(t *testing.T, v *visitor.Visitor, path string) (*visitor.Page, url.Values) {
	t.Helper()
	res := get(t, v, path)
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s = %d, want 303", path, res.StatusCode)
	}
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := v.Navigate(t.Context(), to.String())
	if err != nil {
		t.Fatal(err)
	}
	return page, to.Query()
}

// get navigates one hop, with the visitor's cookies.
func get(t *testing.T, v *visitor.Visitor, path string) *http.Response {
	t.Helper()
	res, err := v.Hop(t.Context(), path, http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {"none"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// BBA-2, BCP-3, BCP-4, BCP-6, PKCE-1, PKCE-2, BBA-19
func TestEachLoginHasItsOwnStateNonceAndChallenge(t *testing.T) {
	w := newWorld(t, nil)
	v := w.visitor(t)
	seen := map[string]bool{}
	for range 4 {
		_, query := begin(t, v, "/auth/login")
		for _, name := range []string{"state", "nonce", "code_challenge"} {
			value := query.Get(name)
			if len(value) < 43 || seen[value] {
				t.Errorf("%s = %q: want it long and fresh", name, value)
			}
			seen[value] = true
		}
		if query.Get("response_type") != "code" || query.Get("code_challenge_method") != "S256" || query.Get("redirect_uri") != w.origin+"/auth/callback" {
			t.Errorf("authorization request = %v", query)
		}
	}
}

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

// CK-8: what came too late is refused.
func TestALoginMayNotTakeLongerThanTenMinutes(t *testing.T) {
	w := newWorld(t, nil)
	v := w.visitor(t)
	page, _ := begin(t, v, "/auth/login")
	response, err := v.SubmitUntil(t.Context(), page, map[string]string{"username": "bob", "password": "bob"}, w.origin+"/auth/callback")
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(11 * time.Minute)
	if res := get(t, v, response); res.StatusCode != http.StatusBadRequest {
		t.Errorf("callback after 11 minutes = %d, want 400", res.StatusCode)
	}
}

// CK-8, T-5: tabs do not disturb each other, and an abandoned flood stays small.
func TestParallelTabs(t *testing.T) {
	w := newWorld(t, nil)
	v := w.visitor(t)
	var pages []*visitor.Page
	for range 8 {
		page, _ := begin(t, v, "/auth/login?return_to=/tab")
		pages = append(pages, page)
	}
	under := 0
	for _, c := range v.Cookies() {
		if strings.Contains(c.Name, "-tx-") {
			under++
			if len(c.Value) > 1024 {
				t.Errorf("a transaction cookie has %d bytes", len(c.Value))
			}
		}
	}
	if under != 5 {
		t.Errorf("%d logins are under way, want the newest 5", under)
	}
	for _, page := range pages[6:] {
		end, err := v.Submit(t.Context(), page, map[string]string{"username": "alice", "password": "alice"})
		if err != nil || end.URL.Path != "/tab" {
			t.Errorf("a tab's login ended at %v, %v, want /tab", end, err)
		}
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

// SES-3, SES-4, T-2: a new id at each login; the one before ends.
func TestSigningInAgainEndsTheSessionBefore(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	before := v.Cookies()
	if _, err := v.SignIn(t.Context(), "alice", "alice", "/", url.Values{"prompt": {"login"}}); err != nil {
		t.Fatal(err)
	}
	if !signedIn(t, v) {
		t.Fatal("signed out by signing in again")
	}
	old := w.visitor(t)
	old.SetCookies(before)
	if signedIn(t, old) {
		t.Error("the session before still lives")
	}
}

// SES-3: an id that the server did not make is no session, and is never adopted.
func TestAChosenIDIsNoSession(t *testing.T) {
	w := newWorld(t, nil)
	v := w.visitor(t)
	name := "vestibule-" + parse(t, w.origin).Port()
	v.SetCookies([]*http.Cookie{{Name: name, Value: "chosen", Path: "/"}})
	if signedIn(t, v) {
		t.Fatal("a chosen cookie is a session")
	}
	if _, err := v.SignIn(t.Context(), "alice", "alice", "/", nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Cookies() {
		if c.Name == name && c.Value == "chosen" {
			t.Error("the chosen cookie was adopted")
		}
	}
}

// CSRF-10, STEP-2
func TestLoginParameters(t *testing.T) {
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) { cfg.AuthParams = []string{"connection"} })
	v := w.visitor(t)
	_, query := begin(t, v, "/auth/login?prompt=login&login_hint=alice&acr_values=urn:demo:mfa&max_age=60&connection=x&redirect_uri=https://evil.test&scope=admin&state=mine&nonce=mine&response_type=token")
	for name, want := range map[string]string{
		"prompt": "login", "login_hint": "alice", "acr_values": "urn:demo:mfa", "max_age": "60", "connection": "x",
		"redirect_uri": w.origin + "/auth/callback", "response_type": "code",
	} {
		if got := query[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s = %v, want %q", name, got, want)
		}
	}
	if query.Get("state") == "mine" || query.Get("nonce") == "mine" || strings.Contains(query.Get("scope"), "admin") {
		t.Errorf("the browser chose what is not its to choose: %v", query)
	}
	for _, bad := range []string{"prompt=dance", "max_age=-1", "max_age=x", "prompt=login&prompt=none", "login_hint=%0d%0aX", "login_hint=" + strings.Repeat("a", 300)} {
		if res := get(t, v, "/auth/login?"+bad); res.StatusCode != http.StatusBadRequest {
			t.Errorf("login?%.30s = %d, want 400", bad, res.StatusCode)
		}
	}
}

// OIDC-13, OIDC-14, STEP-1: what was asked of the sign-in is demanded of its token.
func TestStepUpIsDemanded(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	session, err := v.Session(t.Context())
	if err != nil || session["acr"] != "urn:demo:pwd" {
		t.Fatalf("session = %v, %v", session, err)
	}
	// The provider is signed in with a password alone; acr_values makes it ask for the second step.
	page, err := v.Navigate(t.Context(), "/auth/login?return_to=/&acr_values=urn:demo:mfa")
	if err != nil {
		t.Fatal(err)
	}
	if page, err = v.Submit(t.Context(), page, map[string]string{"code": "123456"}); err != nil {
		t.Fatal(err)
	}
	if session, err = v.Session(t.Context()); err != nil || session["acr"] != "urn:demo:mfa" {
		t.Errorf("after the step-up the session is %v, %v (%s)", session, err, page.URL)
	}
}

// SES-12: asking whether the provider knows the browser is no loop and no error.
func TestSilentLogin(t *testing.T) {
	w := newWorld(t, nil)
	v := w.visitor(t)
	page, err := v.Navigate(t.Context(), "/auth/login?prompt=none&return_to=/quiet")
	if err != nil || page.URL.Path != "/quiet" || signedIn(t, v) {
		t.Errorf("nobody's silent login ended at %v, %v", page, err)
	}
	w.signInWith(t, v)
	if page, err = v.Navigate(t.Context(), "/auth/login?prompt=none&return_to=/quiet"); err != nil || page.URL.Path != "/quiet" || !signedIn(t, v) {
		t.Errorf("somebody's silent login ended at %v, %v", page, err)
	}
}

func (w *world) signInWith(t *testing.T, v *visitor.Visitor) {
	t.Helper()
	if _, err := v.SignIn(t.Context(), "alice", "alice", "/", nil); err != nil {
		t.Fatal(err)
	}
}

func TestTheHookAfterLoginMayRefuse(t *testing.T) {
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) {
		cfg.AfterLogin = func(_ context.Context, l auth.Login) error {
			if l.Subject == "c-bob" {
				return errors.New("bob owes us money")
			}
			return nil
		}
	})
	w.signIn(t, "alice")
	v := w.visitor(t)
	page, err := v.SignIn(t.Context(), "bob", "bob", "/", nil)
	if err != nil || page.Status != http.StatusForbidden || strings.Contains(string(page.Body), "money") || signedIn(t, v) {
		t.Errorf("bob: %v, %v", page, err)
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

// OIDC-29: a provider that is away is an outage of signing in, not of what is signed in.
func TestTheProviderIsAway(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	if err := w.demo.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got := call(t, v, "orders"); got != http.StatusOK {
		t.Errorf("a call with a living token = %d, want 200", got)
	}
	w.clock.Advance(4*time.Minute + 30*time.Second) // Close to the token's end: a refresh is due, and fails.
	if got := call(t, v, "orders"); got != http.StatusOK {
		t.Errorf("a call with a token that still lives = %d, want 200", got)
	}
	w.clock.Advance(time.Minute)
	if got := call(t, v, "orders"); got != http.StatusBadGateway {
		t.Errorf("a call with a dead token = %d, want 502", got)
	}
	if !signedIn(t, v) {
		t.Error("the outage signed her out")
	}
}
