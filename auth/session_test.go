package auth_test

import (
	"net/http"
	"testing"
	"time"
)

// SES-7, SES-8, T-28
func TestLifetimes(t *testing.T) {
	w := newWorld(t, nil)
	used, polled := w.signIn(t, "alice"), w.signIn(t, "bob")
	for range 3 {
		w.clock.Advance(20 * time.Minute)
		call(t, used, "public")
		polled.Session(t.Context())
	}
	if !signedIn(t, used) {
		t.Error("a session in use ended")
	}
	if signedIn(t, polled) {
		t.Error("asking /auth/session keeps a session alive")
	}
	for range 40 {
		w.clock.Advance(20 * time.Minute)
		call(t, used, "public")
	}
	if signedIn(t, used) {
		t.Error("a session in use lives longer than its lifetime")
	}
}

// CK-3: a cookie whose session is over is taken away, by the answer that says so alone.
func TestADeadCookieIsTakenAway(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	name := sessionName(v.Cookies())
	w.demo.Provider.SignOut(t.Context(), "", "c-alice")
	res, err := v.Fetch(t.Context(), http.MethodGet, "/call/public", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.Header.Get("Set-Cookie") != "" {
		t.Error("a call wrote the session cookie")
	}
	if res, err = v.Fetch(t.Context(), http.MethodGet, "/auth/session", "", nil); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got, want := res.Header.Get("Set-Cookie"), name+"=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"; got != want {
		t.Errorf("Set-Cookie = %q, want %q", got, want)
	}
}

func TestAPageOfAnotherSessionIsTold(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	session, err := v.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ref, _ := session["ref"].(string)
	ask := func(ref string) int {
		res, err := v.FetchWith(t.Context(), http.MethodGet, "/call/public", http.Header{"Vestibule-Session": {ref}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if got := ask(ref); got != http.StatusOK {
		t.Errorf("its own page = %d, want 200", got)
	}
	if got := ask("another"); got != http.StatusConflict {
		t.Errorf("another session's page = %d, want 409", got)
	}
	logout(t, v)
	if got := ask(ref); got != http.StatusConflict {
		t.Errorf("the page of a session that ended = %d, want 409", got)
	}
}

// A page of one user's session does not sign out another, whose session the browser has by now.
func TestAPageOfAnotherSessionDoesNotSignOut(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	session, err := v.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ref, _ := session["ref"].(string)
	for _, c := range []struct {
		method, path, ref string
		want              int
	}{
		{"POST", "/auth/logout", "another", http.StatusConflict}, {"GET", "/auth/events", "another", http.StatusConflict}, {"DELETE", "/auth/sessions?scope=all", "another", http.StatusConflict},
		{"GET", "/auth/session", "another", http.StatusOK}, {"POST", "/auth/logout", ref, http.StatusOK},
	} {
		if !signedIn(t, v) {
			t.Errorf("before %s %s she is signed out", c.method, c.path)
		}
		res, err := v.FetchWith(t.Context(), c.method, c.path, http.Header{"Vestibule-Session": {c.ref}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s %s from a page of %.7s = %d, want %d", c.method, c.path, c.ref, res.StatusCode, c.want)
		}
	}
}
