package provider_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

func TestSingleSignOn(t *testing.T) {
	p := newParty(t)
	first := p.signIn("prompt", "consent")
	_, before := p.verify(first.ID)

	for _, row := range []struct {
		name  string
		after time.Duration
		pairs []string
		want  string // error, or nothing for a code
	}{
		{"signed in, prompt none", 0, []string{"prompt", "none"}, ""},
		{"signed in a minute ago, max_age 100", time.Minute, []string{"prompt", "none", "max_age", "100"}, ""},
		{"signed in two minutes ago, max_age 100", time.Minute, []string{"prompt", "none", "max_age", "100"}, "login_required"},
		{"max_age 0", 0, []string{"prompt", "none", "max_age", "0"}, "login_required"},
		{"a second factor is missing", 0, []string{"prompt", "none", "acr_values", "urn:demo:mfa"}, "interaction_required"},
		{"the ID token of the same user", 0, []string{"prompt", "none", "id_token_hint", first.ID}, ""},
		{"an ID token that is none", 0, []string{"prompt", "none", "id_token_hint", "a.b.c"}, "login_required"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p.later(row.after)
			got := p.query(p.get(p.authorizeURL(row.pairs...)))
			if got.Get("error") != row.want || got.Has("code") != (row.want == "") {
				t.Errorf("response = %v", got)
			}
		})
	}

	t.Run("prompt=login asks, and keeps the sid", func(t *testing.T) {
		again := p.signIn("prompt", "login")
		_, after := p.verify(again.ID)
		if after["sid"] != before["sid"] || after["auth_time"] == before["auth_time"] {
			t.Errorf("sid %v → %v, auth_time %v → %v", before["sid"], after["sid"], before["auth_time"], after["auth_time"])
		}
	})
	t.Run("max_age asks", func(*testing.T) {
		p.later(time.Hour)
		p.loginID("max_age", "60")
	})
	t.Run("another user in the same browser ends the session", func(t *testing.T) {
		got := p.token(p.codeForm(p.responseOf("bob", "prompt", "select_account").Get("code")))
		_, after := p.verify(got.ID)
		if after["sub"] != "c-bob" || after["sid"] == before["sid"] {
			t.Errorf("sub %v, sid %v", after["sub"], after["sid"])
		}
		if n := len(p.received()); n != 1 {
			t.Errorf("%d logout tokens, want 1 for alice's session", n)
		}
	})
	t.Run("another user's ID token as hint", func(t *testing.T) {
		if got := p.query(p.get(p.authorizeURL("prompt", "none", "id_token_hint", first.ID))); got.Get("error") != "login_required" {
			t.Errorf("response = %v", got)
		}
		id := p.loginID("id_token_hint", first.ID)
		got := p.query(p.postForm(p.issuer+"/login/as", url.Values{"id": {id}, "as": {"c-bob"}}))
		if got.Get("error") != "login_required" || got.Has("code") {
			t.Errorf("bob signed in for alice's hint: %v", got)
		}
	})
}

func TestSecondFactor(t *testing.T) {
	p := newParty(t)
	p.signIn()
	// The session has a password behind it; only the code is asked for.
	id := p.loginID("acr_values", "urn:demo:mfa")
	shown := p.get(p.issuer + "/login?id=" + id)
	if !contains(shown.body, "123456", `name="code"`, "Alice Archer") || contains(shown.body, `name="password"`) {
		t.Fatalf("page: %s", shown.body)
	}
	if got := p.postForm(p.issuer+"/login/code", url.Values{"id": {id}, "code": {"000000"}}); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("wrong code: %d", got.StatusCode)
	}
	got := p.token(p.codeForm(p.query(p.postForm(p.issuer+"/login/code", url.Values{"id": {id}, "code": {"123456"}})).Get("code")))
	for name, token := range map[string]string{"ID token": got.ID, "access token": got.Access, "ID token of a refresh": p.refresh(got.Refresh).ID} {
		if _, claims := p.verify(token); claims["acr"] != "urn:demo:mfa" {
			t.Errorf("%s: acr = %v", name, claims["acr"])
		}
	}

	// From nothing: password, then code; the code alone does not do.
	p.browser = p.newBrowser()
	id = p.loginID("acr_values", "urn:demo:mfa")
	if got := p.postForm(p.issuer+"/login/code", url.Values{"id": {id}, "code": {"123456"}}); got.StatusCode != http.StatusBadRequest {
		t.Errorf("code without a password: %d", got.StatusCode)
	}
	res := p.postForm(p.issuer+"/login", url.Values{"id": {id}, "username": {"bob"}, "password": {"bob"}})
	if res.Header.Get("Location") != "/login?id="+id {
		t.Fatalf("after the password: %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	p.query(p.postForm(p.issuer+"/login/code", url.Values{"id": {id}, "code": {"123456"}}))
	if sessions := p.provider.Sessions(); len(sessions) != 2 {
		t.Errorf("sessions = %+v", sessions)
	}
	p.browser.CloseIdleConnections()
}

func TestLoginPage(t *testing.T) {
	p := newParty(t)
	id := p.loginID("login_hint", `bob"><script>`)
	shown := p.get(p.issuer + "/login?id=" + id)

	t.Run("the hint is filled in, as text", func(t *testing.T) {
		if !contains(shown.body, `value="bob&#34;&gt;&lt;script&gt;"`) {
			t.Errorf("page: %s", shown.body)
		}
	})
	t.Run("the users are there, and what the provider is", func(t *testing.T) {
		if !contains(shown.body, "Alice Archer", "Bob Baker", "Ada Agent", "every customer", "not certified", ">Sign in</button>", ">Refuse</button>") {
			t.Errorf("page: %s", shown.body)
		}
	})
	t.Run("the policy holds by construction", func(t *testing.T) {
		assertPolicy(t, p, shown, "form-action 'self' "+p.home)
	})
	t.Run("a wrong password says so and keeps the name", func(t *testing.T) {
		got := p.postForm(p.issuer+"/login", url.Values{"id": {id}, "username": {"alice"}, "password": {"nope"}})
		if got.StatusCode != http.StatusUnprocessableEntity || !contains(got.body, `role="alert"`, `value="alice"`, `aria-invalid="true"`) || contains(got.body, "nope") {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("a form of another site is refused", func(t *testing.T) {
		for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "http://evil.example"}} {
			for _, path := range []string{"/login", "/login/as", "/login/code", "/login/refuse", "/end_session/confirm"} {
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, p.issuer+path+"?id="+id, nil)
				req.Header.Set(header[0], header[1])
				if got := p.do(p.browser, req); got.StatusCode != http.StatusForbidden {
					t.Errorf("%s with %v: %d", path, header, got.StatusCode)
				}
			}
		}
	})
	t.Run("another browser is refused", func(t *testing.T) {
		mine := p.browser
		p.browser = p.newBrowser()
		defer func() { p.browser.CloseIdleConnections(); p.browser = mine }()
		if got := p.postForm(p.issuer+"/login", url.Values{"id": {id}, "username": {"alice"}, "password": {"alice"}}); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("one click does", func(t *testing.T) {
		if got := p.query(p.postForm(p.issuer+"/login/as", url.Values{"id": {id}, "as": {"c-agent"}})); !got.Has("code") {
			t.Errorf("response = %v", got)
		}
	})
	t.Run("the form is good once", func(t *testing.T) {
		if got := p.postForm(p.issuer+"/login/as", url.Values{"id": {id}, "as": {"c-bob"}}); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("the user may refuse", func(t *testing.T) {
		id := p.loginID("prompt", "login")
		if got := p.query(p.postForm(p.issuer+"/login/refuse", url.Values{"id": {id}})); got.Get("error") != "access_denied" || got.Get("state") != "the state" || got.Get("iss") != p.issuer {
			t.Errorf("response = %v", got)
		}
	})
	t.Run("a sign-in ends after ten minutes", func(t *testing.T) {
		id := p.loginID("prompt", "login")
		p.later(11 * time.Minute)
		if got := p.postForm(p.issuer+"/login/as", url.Values{"id": {id}, "as": {"c-bob"}}); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%d", got.StatusCode)
		}
	})
}

func TestFormPost(t *testing.T) {
	p := newParty(t)
	id := p.loginID("response_mode", "form_post")
	shown := p.postForm(p.issuer+"/login/as", url.Values{"id": {id}, "as": {"c-alice"}})
	if shown.StatusCode != http.StatusOK || !contains(shown.body, `action="`+p.redirect+`"`, "<script>document.forms[0].submit()</script>") {
		t.Fatalf("%d %s", shown.StatusCode, shown.body)
	}
	assertPolicy(t, p, shown, "form-action 'self' "+p.home)
	values := hidden(shown.body)
	if values.Get("state") != "the state" || values.Get("iss") != p.issuer {
		t.Errorf("values = %v", values)
	}
	if got := p.token(p.codeForm(values.Get("code"))); got.Status != http.StatusOK {
		t.Errorf("exchange: %+v", got)
	}
	refused := hidden(p.get(p.authorizeURL("response_mode", "form_post", "prompt", "login none")).body)
	if refused.Get("error") != "invalid_request" || refused.Get("iss") != p.issuer {
		t.Errorf("an error by form_post: %v", refused)
	}
}
