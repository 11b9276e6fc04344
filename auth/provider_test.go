package auth_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/provider"
)

// line is the way to the provider, which can be cut, and leads an endpoint that moved to where it is.
type line struct {
	next http.RoundTripper
	cut  atomic.Bool
}

// RoundTrip passes the call on while there is a line.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.cut.Load() {
		return nil, errors.New("no route to host")
	}
	if path, moved := strings.CutPrefix(r.URL.Path, "/moved"); moved {
		r = r.Clone(r.Context())
		r.URL.Path = path
	}
	return l.next.RoundTrip(r)
}

// newDistantWorld starts a world whose provider is at the other end of a line.
func newDistantWorld(t *testing.T) (*world, *spy, *line) {
	t.Helper()
	l := &line{}
	w, s := newSpiedWorld(t, func(_ *auth.Config, party *rp.Config) { party.HTTPClient.Transport.(*spy).next = l })
	l.next = &http.Transport{DisableKeepAlives: true}
	return w, s, l
}

// OIDC-29: a provider that is not there yet stops nobody from starting; signing in is not possible until it is, and needs
// no restart then.
func TestTheProviderIsNotThereYet(t *testing.T) {
	w, _, l := newDistantWorld(t)
	l.cut.Store(true)
	v := w.visitor(t)
	for range 3 {
		page, err := v.Navigate(t.Context(), "/auth/login?return_to=/here")
		if err != nil || page.Status != http.StatusServiceUnavailable || !strings.Contains(string(page.Body), "Signing in is not possible just now") {
			t.Errorf("login = %v, %v, want 503 and a page that says so", page, err)
		}
	}
	if res := get(t, v, "/auth/login"); res.Header.Get("Retry-After") == "" || res.Header.Get("Set-Cookie") != "" {
		t.Errorf("Retry-After %q, Set-Cookie %q", res.Header.Get("Retry-After"), res.Header.Get("Set-Cookie"))
	}
	if signedIn(t, v) {
		t.Error("signed in")
	}
	if got := call(t, v, "public"); got != http.StatusOK {
		t.Errorf("a call that needs nobody = %d, want 200", got)
	}
	// A logout token cannot be checked: the provider may send it again.
	if res := w.sendLogoutToken(t, provider.Sound); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("back channel = %d, want 503", res.StatusCode)
	}
	l.cut.Store(false)
	w.clock.Advance(11 * time.Second)
	w.accepted(t, provider.Settings{})
}

// OIDC-29: a provider that goes away in the midst of a login is told from a login that failed.
func TestTheProviderGoesAwayDuringALogin(t *testing.T) {
	w, s, l := newDistantWorld(t)
	w.accepted(t, provider.Settings{})
	s.first("/oauth/token", func() { l.cut.Store(true) })
	v := w.visitor(t)
	page, err := v.SignIn(t.Context(), "alice", "alice", "/", nil)
	if err != nil || page.Status != http.StatusBadGateway || signedIn(t, v) {
		t.Errorf("the login ended with %v, %v, want 502", page, err)
	}
	l.cut.Store(false)
	w.accepted(t, provider.Settings{})
}

// BCP-14: endpoints that move are followed within the hour, without a restart, and nobody waits for it.
func TestEndpointsMove(t *testing.T) {
	w, s, _ := newDistantWorld(t)
	w.accepted(t, provider.Settings{})
	s.rewrite("/.well-known/openid-configuration", func(md map[string]any) {
		md["token_endpoint"] = w.demo.Issuer + "/moved/oauth/token"
		md["jwks_uri"] = w.demo.Issuer + "/moved/keys"
	})
	w.clock.Advance(time.Hour)
	s.called("")
	for _, path := range []string{"/moved/oauth/token", "/moved/keys"} {
		// The old ones serve until the new document is there; each login asks for it, one gets it.
		for logins := 0; len(s.called(path)) == 0; logins++ {
			w.accepted(t, provider.Settings{})
			if logins > 20 {
				t.Fatalf("%s is not called", path)
			}
			w.clock.Advance(time.Hour)
		}
	}
}

// OIDC-16, BCL-4: a logout token signed by a key that is new to us ends the session all the same.
func TestALogoutTokenOfANewKey(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	rotate(t, w)
	w.clock.Advance(time.Second)
	if res := w.sendLogoutToken(t, provider.Sound); res.StatusCode != http.StatusOK || signedIn(t, v) {
		t.Errorf("back channel = %d, signed in: %v, want 200 and out", res.StatusCode, signedIn(t, v))
	}
}

// OIDC-8, OIDC-9: clocks may differ by the leeway, and by no more.
func TestTheProvidersClockIsWrong(t *testing.T) {
	for ahead, ok := range map[time.Duration]bool{0: true, 20 * time.Second: true, 2 * time.Minute: false, -4 * time.Minute: true, -6 * time.Minute: false} {
		w := newWorld(t, func(_ *auth.Config, party *rp.Config) { party.Now = func() time.Time { return time.Now().Add(-ahead) } })
		if ok {
			w.accepted(t, provider.Settings{})
		} else {
			w.refused(t, provider.Settings{})
		}
	}
}

// T-11: that this client is refused is an operator's alarm and signs nobody out.
func TestARefusedClientSignsNobodyOut(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	party := w.config
	broken, err := rp.New(rp.Config{
		Issuer: w.demo.Issuer, ClientID: w.demo.ClientID, ClientSecret: newKey().Secret, RedirectURI: w.origin + "/auth/callback",
		HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, Now: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	party.Provider = broken
	w.serve(t, party)
	w.clock.Advance(4*time.Minute + 30*time.Second)
	if got := call(t, v, "orders"); got != http.StatusOK {
		t.Errorf("call while the token lives = %d, want 200", got)
	}
	w.clock.Advance(2 * time.Minute)
	if got := call(t, v, "orders"); got != http.StatusBadGateway {
		t.Errorf("call with a dead token = %d, want 502", got)
	}
	if !signedIn(t, v) {
		t.Error("she was signed out")
	}
	if !strings.Contains(w.log.String(), "ALARM") {
		t.Error("no alarm was raised")
	}
	// Nor does it look like a fault of whoever signs in.
	alarms := strings.Count(w.log.String(), "ALARM")
	page, err := w.visitor(t).SignIn(t.Context(), "bob", "bob", "/", nil)
	if err != nil || page.Status != http.StatusBadGateway || !strings.Contains(string(page.Body), "whose operators have to mend that") || strings.Count(w.log.String(), "ALARM") != alarms+1 {
		t.Errorf("a sign-in = %v, %v, with %d alarms, want 502, a page that says so, and one alarm more", page, err, strings.Count(w.log.String(), "ALARM")-alarms)
	}
}
