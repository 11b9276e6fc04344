package auth_test

import (
	"bufio"
	"context"
	"io"
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

// stepUp adds the second factor to a session, and gives a visitor that still has the cookie of before.
func (w *world) stepUp(t *testing.T, v *visitor.Visitor) (old *visitor.Visitor) {
	t.Helper()
	old = w.visitor(t)
	old.SetCookies(v.Cookies())
	page, _ := begin(t, v, "/auth/login?acr_values=urn:demo:mfa")
	if end, err := v.Submit(t.Context(), page, map[string]string{"code": "123456"}); err != nil || end.Status != http.StatusOK {
		t.Fatalf("the step-up ended at %v, %v", end, err)
	}
	return old
}

// status asks and gives the answer's status.
func status(t *testing.T, v *visitor.Visitor, method, path string) int {
	t.Helper()
	res, err := v.Fetch(t.Context(), method, path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func acrOf(t *testing.T, v *visitor.Visitor) any {
	t.Helper()
	session, err := v.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return session["acr"]
}

// SES-4, T-2: the id of before reads for ten seconds, as what it was, and changes nothing.
func TestAfterAStepUpTheOldIDReadsForTenSeconds(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	link := logoutURL(t, v)
	old := w.stepUp(t, v)
	if before, now := acrOf(t, old), acrOf(t, v); before != "urn:demo:pwd" || now != "urn:demo:mfa" {
		t.Errorf("acr = %v with the old id and %v with the new, want pwd and mfa", before, now)
	}
	for name, c := range map[string]struct {
		who          *visitor.Visitor
		method, path string
		want         int
	}{
		"the old id reads an API":             {old, "GET", "/relay/orders", http.StatusOK},
		"the old id writes to an API":         {old, "POST", "/relay/orders", http.StatusConflict},
		"the old id deletes at an API":        {old, "DELETE", "/relay/orders", http.StatusConflict},
		"the old id lists sessions":           {old, "GET", "/auth/sessions", http.StatusOK},
		"the old id ends the others":          {old, "DELETE", "/auth/sessions?scope=others", http.StatusConflict},
		"the old id ends all":                 {old, "DELETE", "/auth/sessions?scope=all", http.StatusConflict},
		"the old id ends one":                 {old, "DELETE", "/auth/sessions/" + sessionsOf(t, v)[0].ID, http.StatusConflict},
		"the old id signs out":                {old, "POST", "/auth/logout", http.StatusConflict},
		"the new id writes to an API":         {v, "POST", "/relay/orders", http.StatusOK},
		"the new id ends the others, of none": {v, "GET", "/auth/sessions", http.StatusOK},
	} {
		if got := status(t, c.who, c.method, c.path); got != c.want {
			t.Errorf("%s = %d, want %d", name, got, c.want)
		}
	}
	// What a WebSocket will say is not known when it begins (the relay's).
	for who, want := range map[*visitor.Visitor]int{old: http.StatusConflict, v: http.StatusOK} {
		if got := w.with(t, who, "GET as websocket", w.auth.RefuseReadOnly, func(context.Context) {}); got != want {
			t.Errorf("a WebSocket = %d, want %d", got, want)
		}
	}
	res, err := old.Hop(t.Context(), link, http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {"same-origin"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusConflict {
		t.Errorf("the old id's logout link = %d, want 409", res.StatusCode)
	}
	if got := sessionsOf(t, v); len(got) != 1 || !got[0].Current {
		t.Errorf("my sessions = %+v, want the new one alone", got)
	}
	for range 9 {
		w.clock.Advance(time.Second)
		call(t, old, "public") // Use, which must not prolong it.
	}
	if !signedIn(t, old) {
		t.Error("the old id is dead after nine seconds")
	}
	w.clock.Advance(time.Second)
	if signedIn(t, old) || !signedIn(t, v) {
		t.Errorf("after ten seconds: old %v, new %v, want the new one alone", signedIn(t, old), signedIn(t, v))
	}
}

// Only a stronger or more recent sign-in of the same user leaves the old id its moment.
func TestOtherSignInsLeaveTheOldIDNothing(t *testing.T) {
	for _, c := range []struct {
		name, user string
		params     url.Values
		lives      bool
	}{
		{"more recent, the same user", "alice", url.Values{"max_age": {"0"}}, true},
		{"signing in again", "alice", url.Values{"prompt": {"login"}}, false},
		{"more recent, another user", "bob", url.Values{"max_age": {"0"}, "prompt": {"login"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			v := w.signIn(t, "alice")
			old := w.visitor(t)
			old.SetCookies(v.Cookies())
			if _, err := v.SignIn(t.Context(), c.user, c.user, "/", c.params); err != nil {
				t.Fatal(err)
			}
			if !signedIn(t, v) {
				t.Fatalf("not signed in\n%s", w.log)
			}
			if got := signedIn(t, old); got != c.lives {
				t.Errorf("the old id lives: %v, want %v", got, c.lives)
			}
		})
	}
}

// The old id serves the token it has while that lives, and gets no other: not ahead of its end, not after it, not for an
// API's 401, not for an API it had none for.
func TestTheOldIDGetsNoNewToken(t *testing.T) {
	w := newWorld(t, nil)
	w.settings(t, provider.Settings{AccessTokenTTL: 8 * time.Second})
	v := w.signIn(t, "alice")
	old := w.stepUp(t, v)
	if got := call(t, old, "narrow"); got != http.StatusBadGateway {
		t.Errorf("a call that needs another token = %d, want 502", got)
	}
	w.clock.Advance(7 * time.Second)
	if got := call(t, old, "orders"); got != http.StatusOK {
		t.Errorf("a call close to the token's end = %d, want 200", got)
	}
	w.api.refuses(func(string) bool { return true })
	if got := call(t, old, "orders"); got != http.StatusUnauthorized {
		t.Errorf("a call whose token the API refuses = %d, want 401", got)
	}
	w.api.refuses(nil)
	w.clock.Advance(2 * time.Second)
	if got := call(t, old, "orders"); got != http.StatusBadGateway {
		t.Errorf("a call after the token's end = %d, want 502", got)
	}
	if got := w.refreshes(); got != 0 || !signedIn(t, old) {
		t.Errorf("%d refreshes, old id in: %v, want none and in", got, signedIn(t, old))
	}
}

// The moment is never longer than what the session had left anyway.
func TestAStepUpProlongsNothing(t *testing.T) {
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) { cfg.IdleTimeout, cfg.Lifetime = time.Minute, time.Minute })
	v := w.signIn(t, "alice")
	w.clock.Advance(55 * time.Second)
	old := w.stepUp(t, v)
	w.clock.Advance(5 * time.Second)
	if signedIn(t, old) || !signedIn(t, v) {
		t.Errorf("at the end of its lifetime: old %v, new %v, want the new one alone", signedIn(t, old), signedIn(t, v))
	}
}

// BCL-18: a refresh of the old id that is under way stores nothing, and what it got is given back.
func TestAStepUpDuringARefresh(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	old := w.visitor(t)
	old.SetCookies(v.Cookies())
	w.clock.Advance(6 * time.Minute)
	fast := w.routes.Load()
	reached, release := make(chan bool, 1), make(chan bool)
	slow := w.config
	slow.Store = &pausingStore{Store: w.store, reached: reached, release: release}
	held := w.serve(t, slow)
	done := make(chan int, 1)
	go func() {
		res, err := old.Fetch(context.Background(), http.MethodGet, "/call/orders", "", nil)
		if err != nil {
			done <- 0
			return
		}
		res.Body.Close()
		done <- res.StatusCode
	}()
	<-reached
	w.routes.Store(fast)
	w.stepUp(t, v)
	close(release)
	if got := <-done; got != http.StatusBadGateway {
		t.Errorf("the call with the old id = %d, want 502", got)
	}
	held.Close()
	if got := w.demo.Provider.Counters().Revocations; got != 1 {
		t.Errorf("%d revocations, want that of the token nobody has", got)
	}
	if got := call(t, v, "orders"); got != http.StatusOK || acrOf(t, v) != "urn:demo:mfa" || acrOf(t, old) != "urn:demo:pwd" {
		t.Errorf("a call with the new id = %d, acr %v and %v", got, acrOf(t, v), acrOf(t, old))
	}
}

// Two step-ups at once, as two tabs do: both end well, and the second gives the old id no second moment.
func TestTwoStepUpsAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	old := w.visitor(t)
	old.SetCookies(v.Cookies())
	first, _ := begin(t, v, "/auth/login?acr_values=urn:demo:mfa&return_to=/first")
	second, _ := begin(t, v, "/auth/login?acr_values=urn:demo:mfa&return_to=/second")
	for _, c := range []struct {
		page *visitor.Page
		path string
	}{{first, "/first"}, {second, "/second"}} {
		end, err := v.Submit(t.Context(), c.page, map[string]string{"code": "123456"})
		if err != nil || end.URL.Path != c.path || acrOf(t, v) != "urn:demo:mfa" {
			t.Errorf("the step-up ended at %v, %v, want %s", end, err, c.path)
		}
		w.clock.Advance(6 * time.Second)
	}
	if signedIn(t, old) || !signedIn(t, v) {
		t.Errorf("old %v, new %v, want the new one alone", signedIn(t, old), signedIn(t, v))
	}
}

// SES-10: signing out of the new session leaves nothing of the old one, whoever does it.
func TestTheOldIDDoesNotOutliveTheNewSession(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *world, *visitor.Visitor){
		"logout": func(t *testing.T, _ *world, v *visitor.Visitor) { logout(t, v) },
		"back-channel logout": func(t *testing.T, w *world, _ *visitor.Visitor) {
			w.demo.Provider.SignOut(t.Context(), "", "c-alice")
		},
		"from another device": func(t *testing.T, w *world, _ *visitor.Visitor) {
			other := w.signIn(t, "alice")
			for _, s := range sessionsOf(t, other) {
				if !s.Current {
					if got := status(t, other, "DELETE", "/auth/sessions/"+s.ID); got != http.StatusNoContent {
						t.Errorf("DELETE = %d", got)
					}
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			v := w.signIn(t, "alice")
			old := w.stepUp(t, v)
			end(t, w, v)
			if signedIn(t, old) || signedIn(t, v) {
				t.Errorf("old %v, new %v, want neither", signedIn(t, old), signedIn(t, v))
			}
		})
	}
}

// What a step-up left is gone after its ten seconds; signing out of the new session does not miss it.
func TestALogoutWhenTheOldIDHasGone(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *world, *visitor.Visitor){
		"logout": func(t *testing.T, _ *world, v *visitor.Visitor) { logout(t, v) },
		"an operator": func(t *testing.T, w *world, _ *visitor.Visitor) {
			if n, err := w.auth.EndUser(t.Context(), "", "c-alice", ""); n != 1 || err != nil {
				t.Errorf("EndUser = %d, %v, want 1", n, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			v := w.signIn(t, "alice")
			w.stepUp(t, v)
			w.clock.Advance(11 * time.Second)
			if end(t, w, v); signedIn(t, v) {
				t.Error("she is still signed in")
			}
		})
	}
}

// The browser goes on with the new session: a page of the old one is not told that anything ended, but its stream closes at
// once, and when it connects again, with the old cookie or the new, it is told that the session has changed.
func TestPagesOfTheOldSessionAreTold(t *testing.T) {
	for name, replace := range map[string]func(*testing.T, *world, *visitor.Visitor){
		"a step-up": func(t *testing.T, w *world, v *visitor.Visitor) { w.stepUp(t, v) },
		"signing in again": func(t *testing.T, _ *world, v *visitor.Visitor) {
			if _, err := v.SignIn(t.Context(), "alice", "alice", "/", url.Values{"prompt": {"login"}}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			v := w.signIn(t, "alice")
			old := w.visitor(t)
			old.SetCookies(v.Cookies())
			session, err := v.Session(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ref, _ := session["ref"].(string)
			res, err := v.Fetch(t.Context(), http.MethodGet, "/auth/events", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			events := bufio.NewReader(res.Body)
			nextEvent(t, events)
			replace(t, w, v)
			if rest, err := io.ReadAll(events); strings.Contains(string(rest), "data:") || err != nil {
				t.Errorf("the open stream said %q, %v, want an end in order and no more", rest, err)
			}
			for who, page := range map[string]*visitor.Visitor{"the browser": v, "what was under way with the old cookie": old} {
				if who != "the browser" && name != "a step-up" {
					continue // Its session is gone: 401.
				}
				late, err := page.FetchWith(t.Context(), http.MethodGet, "/auth/events", http.Header{"Vestibule-Session": {ref}})
				if err != nil {
					t.Fatal(err)
				}
				late.Body.Close()
				if late.StatusCode != http.StatusConflict {
					t.Errorf("%s connects again: %d, want 409", who, late.StatusCode)
				}
			}
		})
	}
}
