package auth_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/demo/provider"
	"vestibule.example/demo/visitor"
)

// RPL-1, RPL-3, RPL-4, REV-1, SES-10, T-27
func TestLogoutByFetch(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	kept := v.Cookies()
	next := logout(t, v)
	if signedIn(t, v) {
		t.Fatal("signed in after logout, before the provider is asked")
	}
	thief := w.visitor(t)
	thief.SetCookies(kept)
	if signedIn(t, thief) {
		t.Error("a kept cookie opens the session")
	}
	res := get(t, v, next)
	to := parse(t, res.Header.Get("Location"))
	query := to.Query()
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to.String(), w.demo.Issuer) || query.Get("id_token_hint") == "" || query.Get("state") == "" ||
		query.Get("client_id") != w.demo.ClientID || query.Get("post_logout_redirect_uri") != w.origin+"/auth/logged-out" {
		t.Errorf("continue leads to %s", to)
	}
	if again := get(t, v, next); again.Header.Get("Location") != "/" {
		t.Errorf("the ticket used twice leads to %s, want /", again.Header.Get("Location"))
	}
	w.auth.Close()
	if got := w.demo.Provider.Counters().Revocations; got != 1 {
		t.Errorf("%d revocations, want 1", got)
	}
	if strings.Contains(w.log.String(), query.Get("id_token_hint")) {
		t.Error("the hint is in the log")
	}
}

func logout(t *testing.T, v *visitor.Visitor) (next string) {
	t.Helper()
	res, err := v.Fetch(t.Context(), http.MethodPost, "/auth/logout", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Continue string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("logout = %d, %v", res.StatusCode, err)
	}
	return answer.Continue
}

func TestALogoutTicketLastsAMinute(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	next := logout(t, v)
	w.clock.Advance(61 * time.Second)
	if res := get(t, v, next); res.Header.Get("Location") != "/" {
		t.Errorf("an old ticket leads to %s, want /", res.Header.Get("Location"))
	}
	for _, bad := range []string{"", "x", strings.Repeat("A", 43), next[strings.Index(next, "=")+1:] + "A"} {
		if res := get(t, v, "/auth/logout/continue?t="+bad); res.Header.Get("Location") != "/" {
			t.Errorf("ticket %q leads to %s, want /", bad, res.Header.Get("Location"))
		}
	}
}

// RPL-2, CSRF-2, T-7
func TestLogoutByLinkAndForm(t *testing.T) {
	w := newWorld(t, nil)
	navigation := func(site string) http.Header {
		return http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {site}}
	}
	v := w.signIn(t, "alice")
	other := w.signIn(t, "alice")
	link, otherLink := logoutURL(t, v), logoutURL(t, other)
	for _, c := range []struct {
		name, path string
		header     http.Header
	}{
		{"without its secret", "/auth/logout", navigation("same-origin")},
		{"with a guess", "/auth/logout?t=" + strings.Repeat("A", 43), navigation("same-origin")},
		{"with another session's secret", otherLink, navigation("same-origin")},
		{"from another site", link, navigation("cross-site")},
		{"from a sibling domain", link, navigation("same-site")},
		{"typed in", link, navigation("none")},
		{"as an image", link, http.Header{"Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"image"}, "Sec-Fetch-Site": {"same-origin"}}},
		{"in a frame", link, http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}, "Sec-Fetch-Site": {"same-origin"}}},
		{"looked ahead", link, http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {"same-origin"}, "Sec-Purpose": {"prefetch"}}},
	} {
		res, err := v.Hop(t.Context(), c.path, c.header)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden || !signedIn(t, v) {
			t.Errorf("the link %s = %d, signed in %v, want 403 and still in", c.name, res.StatusCode, signedIn(t, v))
		}
	}
	res, err := v.Hop(t.Context(), link, navigation("same-origin"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusSeeOther || signedIn(t, v) {
		t.Errorf("the link = %d, signed in %v, want 303 and out", res.StatusCode, signedIn(t, v))
	}

	proof := otherLink[strings.Index(otherLink, "=")+1:]
	post := func(origin, proof string) int {
		res, err := other.Post(t.Context(), "/auth/logout", url.Values{"t": {proof}}, http.Header{"Origin": {origin}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	for name, got := range map[string]int{"another origin": post("https://evil.test", proof), "null origin": post("null", proof), "no proof": post(w.origin, "")} {
		if got != http.StatusForbidden || !signedIn(t, other) {
			t.Errorf("the form with %s = %d, want 403 and still in", name, got)
		}
	}
	if got := post(w.origin, proof); got != http.StatusSeeOther || signedIn(t, other) {
		t.Errorf("the form = %d, want 303 and out", got)
	}
}

func logoutURL(t *testing.T, v *visitor.Visitor) string {
	t.Helper()
	session, err := v.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	link, _ := session["logout_url"].(string)
	if !strings.HasPrefix(link, "/auth/logout?t=") {
		t.Fatalf("logout_url = %q", link)
	}
	return link
}

// BCL-1 to BCL-16
func TestBackchannelLogout(t *testing.T) {
	w := newWorld(t, nil)
	first, second, bob := w.signIn(t, "alice"), w.signIn(t, "alice"), w.signIn(t, "bob")
	sids := map[string]bool{}
	for _, s := range w.demo.Provider.Sessions() {
		sids[s.SID] = true
	}
	send := func(token string, contentType string) *http.Response {
		t.Helper()
		res, err := http.DefaultTransport.RoundTrip(newRequest(t, w.origin+"/auth/backchannel-logout", contentType, "logout_token="+url.QueryEscape(token)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			res.Body.Close()
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		})
		if res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("Cache-Control = %q, want no-store (BCL-15)", res.Header.Get("Cache-Control"))
		}
		return res
	}
	const form = "application/x-www-form-urlencoded"
	mint := func(sub, sid string) string {
		t.Helper()
		token, err := w.demo.Provider.LogoutToken(w.demo.ClientID, sub, sid)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for _, f := range provider.LogoutTokenFaults() {
		if f == provider.WrongSubject {
			continue // A token for another user is a good token.
		}
		w.settings(t, provider.Settings{Tampering: provider.Tampering{LogoutToken: f}})
		if res := send(mint("c-alice", ""), form); res.StatusCode != http.StatusBadRequest {
			t.Errorf("a logout token with %s = %d, want 400", f, res.StatusCode)
		}
	}
	w.settings(t, provider.Settings{})
	for name, res := range map[string]*http.Response{
		"no token": send("", form), "no JWT": send("x.y.z", form), "an ID token would do": send(strings.Repeat("a", 200), form), "a huge token": send(strings.Repeat("a", 20_000), form),
	} {
		if res.StatusCode != http.StatusBadRequest && res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s = %d, want 400 or 413", name, res.StatusCode)
		}
	}
	if res := send(mint("c-alice", ""), "application/json"); res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("as JSON = %d, want 415", res.StatusCode)
	}
	if !signedIn(t, first) || !signedIn(t, second) || !signedIn(t, bob) {
		t.Fatal("a refused token signed somebody out")
	}

	if res := send(mint("c-nobody", ""), form); res.StatusCode != http.StatusOK {
		t.Errorf("an unknown user = %d, want 200 (BCL-16)", res.StatusCode)
	}
	token := mint("c-alice", "")
	if res := send(token, form); res.StatusCode != http.StatusOK || signedIn(t, first) || signedIn(t, second) || !signedIn(t, bob) {
		t.Errorf("by sub = %d: alice %v %v, bob %v, want alice out everywhere", res.StatusCode, signedIn(t, first), signedIn(t, second), signedIn(t, bob))
	}
	w.clock.Advance(2 * time.Second)
	again := w.signIn(t, "alice")
	if res := send(token, form); res.StatusCode != http.StatusBadRequest || !signedIn(t, again) {
		t.Errorf("the same token again = %d, want 400 and no effect on a new session (BCL-9)", res.StatusCode)
	}
	for _, s := range w.demo.Provider.Sessions() {
		if s.Subject == "c-bob" {
			if res := send(mint("", s.SID), form); res.StatusCode != http.StatusOK || signedIn(t, bob) {
				t.Errorf("by sid = %d, bob in: %v (BCL-11, BCL-12)", res.StatusCode, signedIn(t, bob))
			}
		}
	}
	if !signedIn(t, again) {
		t.Error("bob's logout signed alice out")
	}
}

func newRequest(t *testing.T, address, contentType, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	return req
}

// BCL-14: what could not be done is not answered as done, and the next try is no replay.
func TestABackchannelLogoutThatFailsCanBeTriedAgain(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	cfg := w.config
	outage := &brokenStore{Store: w.store}
	cfg.Store = outage
	w.serve(t, cfg)
	token, err := w.demo.Provider.LogoutToken(w.demo.ClientID, "c-alice", "")
	if err != nil {
		t.Fatal(err)
	}
	send := func() int {
		res, err := v.Post(t.Context(), "/auth/backchannel-logout", url.Values{"logout_token": {token}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	outage.end = true
	if got := send(); got != http.StatusServiceUnavailable {
		t.Errorf("during the outage = %d, want 503", got)
	}
	outage.end = false
	if got := send(); got != http.StatusOK || signedIn(t, v) {
		t.Errorf("after it = %d, want 200 and out", got)
	}
}

// brokenStore fails where it is told to.
type brokenStore struct {
	auth.Store
	get, end bool
}

var errOutage = errors.New("the store is away")

func (s *brokenStore) Get(ctx context.Context, key string) (*auth.Record, error) {
	if s.get {
		return nil, errOutage
	}
	return s.Store.Get(ctx, key)
}

func (s *brokenStore) End(ctx context.Context, which auth.Selector, reason string) (int, error) {
	if s.end {
		return 0, errOutage
	}
	return s.Store.End(ctx, which, reason)
}

// SES-16: a store that is away makes nobody anonymous and takes no cookie; it recovers by itself.
func TestAStoreOutageMakesNobodyAnonymous(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	cfg := w.config
	outage := &brokenStore{Store: w.store, get: true}
	cfg.Store = outage
	w.serve(t, cfg)
	for _, path := range []string{"/auth/session", "/call/orders", "/call/public", "/auth/sessions", "/auth/events"} {
		res, err := v.Fetch(t.Context(), http.MethodGet, path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s = %d, Retry-After %q, Set-Cookie %q, want 503, a time, none", path, res.StatusCode, res.Header.Get("Retry-After"), res.Header.Get("Set-Cookie"))
		}
	}
	if res, err := v.Fetch(t.Context(), http.MethodPost, "/auth/logout", "", nil); err != nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("logout = %v, %v, want 503", res, err)
	} else {
		res.Body.Close()
	}
	if got := len(w.api.seen()); got != 0 {
		t.Errorf("an API was called %d times", got)
	}
	outage.get = false
	if !signedIn(t, v) {
		t.Error("she is not signed in after the outage")
	}
}

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
	cookie := res.Header.Get("Set-Cookie")
	for _, want := range []string{"Max-Age=0", "Path=/", "HttpOnly", "SameSite=Strict"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("Set-Cookie = %q, want %s", cookie, want)
		}
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

// BCL-19, WS-12: an open stream learns that its session ended, and why, and closes.
func TestEvents(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		reason string
		end    func(v *visitor.Visitor)
	}{
		{"logout", func(v *visitor.Visitor) { logout(t, v) }},
		{"backchannel", func(*visitor.Visitor) { w.demo.Provider.SignOut(t.Context(), "", "c-alice") }},
		{"elsewhere", func(*visitor.Visitor) {
			other := w.signIn(t, "alice")
			res, err := other.Fetch(t.Context(), http.MethodDelete, "/auth/sessions?scope=others", "", nil)
			if err != nil || res.StatusCode != http.StatusNoContent {
				t.Errorf("ending the others = %v, %v", res, err)
			}
		}},
	} {
		t.Run(c.reason, func(t *testing.T) {
			v := w.signIn(t, "alice")
			res, err := v.Fetch(t.Context(), http.MethodGet, "/auth/events", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			events := bufio.NewReader(res.Body)
			if first := nextEvent(t, events); first["type"] != "refreshed" || first["idle_expires_in"] == nil || first["expires_in"] == nil {
				t.Errorf("at connect came %v", first)
			}
			c.end(v)
			if last := nextEvent(t, events); last["type"] != "ended" || last["reason"] != c.reason {
				t.Errorf("at the end came %v, want ended, %s", last, c.reason)
			}
			if _, err := events.ReadString('\n'); !errors.Is(err, io.EOF) {
				t.Errorf("after the end: %v, want EOF", err)
			}
		})
	}
}

func nextEvent(t *testing.T, events *bufio.Reader) map[string]any {
	t.Helper()
	for {
		line, err := events.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream broke: %v", err)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var event map[string]any
			if err := json.Unmarshal([]byte(data), &event); err != nil {
				t.Fatal(err)
			}
			_, err = events.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			return event
		}
	}
}

func TestEventsAreBoundedAndDrain(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	for i := range 21 {
		res, err := v.Fetch(t.Context(), http.MethodGet, "/auth/events", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if want := map[bool]int{true: http.StatusOK, false: http.StatusServiceUnavailable}[i < 20]; res.StatusCode != want {
			t.Errorf("stream %d = %d, want %d", i+1, res.StatusCode, want)
		}
		if i == 0 {
			defer func() {
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					t.Errorf("the stream was cut, not ended: %v", err)
				}
			}()
		}
	}
	w.auth.Drain()
}
