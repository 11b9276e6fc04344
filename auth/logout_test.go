package auth_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
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
	var body string
	post := func(origin, proof string) int {
		header := http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}
		if origin != "" {
			header.Set("Origin", origin)
		}
		res, err := other.Post(t.Context(), "/auth/logout", url.Values{"t": {proof}}, header)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = string(text)
		return res.StatusCode
	}
	for name, got := range map[string]int{"another origin": post("https://evil.test", proof), "null origin": post("null", proof), "no origin": post("", proof), "no proof": post(w.origin, "")} {
		if got != http.StatusForbidden || !signedIn(t, other) {
			t.Errorf("the form with %s = %d, want 403 and still in", name, got)
		}
	}
	if got := post(w.origin, proof); got != http.StatusOK || signedIn(t, other) {
		t.Errorf("the form = %d, want 200 and out", got)
	}
	onward := regexp.MustCompile(`<meta http-equiv="refresh" content="0; url=(/auth/logout/continue\?t=[\w-]+)">`).FindStringSubmatch(body)
	if onward == nil {
		t.Fatalf("the form's page leads nowhere: %s", body)
	}
	if res, err = other.Hop(t.Context(), onward[1], navigation("same-origin")); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, w.demo.Issuer) || !strings.Contains(to, "id_token_hint=") {
		t.Errorf("the page leads to %d %s, want 303 to the provider's end-session", res.StatusCode, to)
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

// RPL-4: back from the provider, with a state that is ours, another's or none, a person lands where she should.
func TestBackFromTheProvidersLogout(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	state := parse(t, get(t, v, logout(t, v)).Header.Get("Location")).Query().Get("state")
	noted := func() int { return strings.Count(w.log.String(), "logged_out_without_state") }
	for i, path := range []string{"/auth/logged-out?state=" + state, "/auth/logged-out?state=other", "/auth/logged-out?state=" + state[:len(state)-2] + "AA", "/auth/logged-out"} {
		if res := get(t, v, path); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" {
			t.Errorf("%s = %d to %q, want 303 to /", path, res.StatusCode, res.Header.Get("Location"))
		}
		if got := noted(); got != i {
			t.Errorf("%s: %d answers without our state are noted, want %d", path, got, i)
		}
	}
	w.clock.Advance(11 * time.Minute)
	get(t, v, "/auth/logged-out?state="+state)
	if got := noted(); got != 4 {
		t.Errorf("a state of eleven minutes is not noted (%d)", got)
	}
}

// RPL-3, RPL-5: what the provider is told of the user is the operator's choice, and a provider without end-session is told
// nothing.
func TestLogoutHints(t *testing.T) {
	for hint, want := range map[string]string{"id_token": "id_token_hint", "logout_hint": "", "none": ""} {
		w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) { cfg.LogoutHint = hint })
		v := w.signIn(t, "alice")
		query := parse(t, get(t, v, logout(t, v)).Header.Get("Location")).Query()
		if query.Has("id_token_hint") != (want == "id_token_hint") || query.Get("client_id") != w.demo.ClientID {
			t.Errorf("with %s the provider is told %v", hint, query)
		}
	}
}
