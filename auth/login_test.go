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
	if res := get(t, v, response); res.StatusCode != http.StatusBadRequest || !strings.Contains(w.log.String(), "no transaction of this browser") {
		t.Errorf("callback after 11 minutes = %d, want 400 before the provider is asked:\n%s", res.StatusCode, w.log)
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
	for _, bad := range []string{"prompt=dance", "max_age=-1", "max_age=x", "max_age=%2B1", "max_age=9223372036854775807", "prompt=login&prompt=none", "login_hint=%0d%0aX", "login_hint=" + strings.Repeat("a", 300)} {
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

// A method that these addresses do not have begins and ends nothing, HEAD among them.
func TestMethodsOfLoginAndLogout(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	link := strings.TrimPrefix(logoutURL(t, v), w.origin)
	_, query := begin(t, v, "/auth/login")
	for path, methods := range map[string][]string{
		"/auth/login": {"HEAD", "POST", "PUT"}, "/auth/callback?code=x&state=" + query.Get("state"): {"HEAD", "POST", "DELETE"}, link: {"HEAD", "PUT", "DELETE"},
		"/auth/logout/continue?t=x": {"HEAD", "POST"}, "/auth/logged-out": {"HEAD", "POST"},
	} {
		for _, method := range methods {
			res, err := v.FetchWith(t.Context(), method, path, http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}})
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if method == "POST" && path == link {
				continue
			}
			if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") == "" || res.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s %s = %d, Allow %q, want 405", method, path, res.StatusCode, res.Header.Get("Allow"))
			}
		}
	}
	if !signedIn(t, v) {
		t.Error("she is signed out")
	}
}
