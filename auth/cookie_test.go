package auth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
)

// askWith asks with the cookies given, and gives the answer and the cookie that it sets.
func (w *world) askWith(t *testing.T, method, path string, cookies ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.origin+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-CSRF", "1")
	req.Header["Cookie"] = []string{strings.Join(cookies, "; ")}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res, res.Header.Get("Set-Cookie")
}

// sessionCookie is a visitor's session cookie as a header has it.
func sessionCookie(t *testing.T, cookies []*http.Cookie) string {
	t.Helper()
	for _, c := range cookies {
		if !strings.Contains(c.Name, "-tx-") && !strings.Contains(c.Name, "-given-") {
			return c.Name + "=" + c.Value
		}
	}
	t.Fatal("there is no session cookie")
	return ""
}

// CK-4, T-3: of two cookies that open, neither counts; those that do not open count for nothing, and none is taken away.
func TestSeveralSessionCookies(t *testing.T) {
	w := newWorld(t, nil)
	alice, bob := sessionCookie(t, w.signIn(t, "alice").Cookies()), sessionCookie(t, w.signIn(t, "bob").Cookies())
	name, _, _ := strings.Cut(alice, "=")
	for _, c := range []struct {
		name    string
		cookies []string
		want    int
	}{
		{"one", []string{alice}, http.StatusOK},
		{"one and a planted one", []string{name + "=planted", alice, name + "="}, http.StatusOK},
		{"two that open", []string{alice, bob}, http.StatusUnauthorized},
		{"two that open, the other way round", []string{bob, alice}, http.StatusUnauthorized},
		{"one that does not open", []string{name + "=planted"}, http.StatusUnauthorized},
	} {
		res, _ := w.askWith(t, http.MethodGet, "/auth/sessions", c.cookies...)
		if res.StatusCode != c.want {
			t.Errorf("%s: my sessions = %d, want %d", c.name, res.StatusCode, c.want)
		}
		for _, path := range []string{"/auth/session", "/auth/sessions", "/call/public"} {
			if _, set := w.askWith(t, http.MethodGet, path, c.cookies...); set != "" {
				t.Errorf("%s: %s sets %q, want nothing", c.name, path, set)
			}
		}
	}
	if _, set := w.askWith(t, http.MethodPost, "/auth/logout", alice, bob); set != "" {
		t.Errorf("logout with two sets %q, want nothing", set)
	}
	if res, _ := w.askWith(t, http.MethodGet, "/auth/login", alice, bob); res.StatusCode != http.StatusSeeOther {
		t.Errorf("login with two = %d, want 303", res.StatusCode)
	}
	if !strings.Contains(w.log.String(), `"event":"two_sessions"`) {
		t.Error("two sessions are not in the audit trail")
	}
}

// CK-9: a replica without the new key logs nobody out: the cookie stays, whatever is asked.
func TestACookieOfAnotherKeyIsKept(t *testing.T) {
	w := newWorld(t, nil)
	cookie := sessionCookie(t, w.signIn(t, "alice").Cookies())
	good := w.routes.Load()
	other := w.config
	other.Keys = []auth.Key{newKey()}
	w.serve(t, other)
	for path, method := range map[string]string{"/auth/session": http.MethodGet, "/auth/sessions": http.MethodGet, "/call/public": http.MethodGet, "/auth/logout": http.MethodPost} {
		if _, set := w.askWith(t, method, path, cookie); set != "" {
			t.Errorf("%s sets %q, want nothing", path, set)
		}
	}
	w.routes.Store(good)
	if res, _ := w.askWith(t, http.MethodGet, "/auth/sessions", cookie); res.StatusCode != http.StatusOK {
		t.Errorf("back at a replica with the key: %d, want 200", res.StatusCode)
	}
}

// CK-3: an answer that was under way with the old cookie must not take away the new one, which has the same name.
func TestACookieThatWasJustReplacedIsNotTakenAway(t *testing.T) {
	w := newWorld(t, nil)
	for name, end := range map[string]func(){
		"signed in again": func() {},
		"ended, then signed in again": func() {
			w.clock.Advance(time.Second)
			w.demo.Provider.SignOut(t.Context(), "", "c-alice")
			w.clock.Advance(time.Second)
		},
	} {
		v := w.signIn(t, "alice")
		old := sessionCookie(t, v.Cookies())
		end()
		if _, err := v.SignIn(t.Context(), "alice", "alice", "/", map[string][]string{"prompt": {"login"}}); err != nil {
			t.Fatal(err)
		}
		for path, method := range map[string]string{"/auth/session": http.MethodGet, "/auth/logout": http.MethodPost} {
			for range 2 {
				if res, set := w.askWith(t, method, path, old); set != "" || res.StatusCode != http.StatusOK {
					t.Errorf("%s: %s with the old cookie = %d, sets %q, want nothing", name, path, res.StatusCode, set)
				}
			}
		}
		w.clock.Advance(61 * time.Second)
		if _, set := w.askWith(t, http.MethodGet, "/auth/session", old); !strings.Contains(set, "Max-Age=0") {
			t.Errorf("%s: a minute later /auth/session sets %q, want the cookie taken away", name, set)
		}
		if !signedIn(t, v) {
			t.Errorf("%s: not signed in", name)
		}
	}
}

// SES-6: a session is named by its cookie alone.
func TestNoOtherPlaceNamesASession(t *testing.T) {
	w := newWorld(t, nil)
	name, value, _ := strings.Cut(sessionCookie(t, w.signIn(t, "alice").Cookies()), "=")
	for place, ask := range map[string]func(*http.Request){
		"the query":         func(r *http.Request) { r.URL.RawQuery = name + "=" + value },
		"a header":          func(r *http.Request) { r.Header.Set(name, value) },
		"Authorization":     func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+value) },
		"another cookie":    func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name + "x", Value: value}) },
		"a cookie of a tab": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name + "-tx-x", Value: value}) },
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.origin+"/auth/sessions", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-CSRF", "1")
		ask(req)
		res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("the session in %s = %d, want 401", place, res.StatusCode)
		}
	}
}
