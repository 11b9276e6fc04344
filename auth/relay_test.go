package auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vestibule.example/demo/visitor"
)

// Design: relay patterns with browser_loads; CSRF-4, CSRF-8.
func TestBrowserLoad(t *testing.T) {
	w := newWorld(t, nil)
	reached := 0
	guarded := w.auth.BrowserLoad(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	for _, c := range []struct {
		name, method string
		header       http.Header
		want         int
	}{
		{"an image of our page", "GET", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 200},
		{"a HEAD of our page", "HEAD", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 200},
		{"a POST of our page", "POST", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 403},
		{"a browser that does not say", "GET", nil, 403},
		{"a script's header does not replace it", "GET", http.Header{"X-Csrf": {"1"}}, 403},
		{"another site", "GET", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"a sibling domain", "GET", http.Header{"Sec-Fetch-Site": {"same-site"}}, 403},
		{"a typed address", "GET", http.Header{"Sec-Fetch-Site": {"none"}}, 403},
		{"two sites", "GET", http.Header{"Sec-Fetch-Site": {"same-origin", "same-origin"}}, 403},
		{"a foreign origin", "GET", http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {"https://evil.test"}}, 403},
		{"a link of another site, which gets a page (PROB-2)", "GET", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}, 403},
	} {
		reached = 0
		r := httptest.NewRequestWithContext(t.Context(), c.method, w.origin+"/api/x/y", nil)
		for name, values := range c.header {
			r.Header[name] = values
		}
		out := httptest.NewRecorder()
		guarded.ServeHTTP(out, r)
		if out.Code != c.want || (reached == 1) != (c.want == 200) {
			t.Errorf("%s = %d, reached %d times, want %d", c.name, out.Code, reached, c.want)
		}
		media := map[bool]string{true: "text/html; charset=utf-8", false: "application/problem+json"}[c.header.Get("Sec-Fetch-Mode") == "navigate"]
		if got := out.Header().Get("Content-Type"); c.want == 403 && got != media {
			t.Errorf("%s is refused with %q, want %q", c.name, got, media)
		}
	}
}

// with runs work in the context of a visitor's request. The method may be "GET as websocket".
func (w *world) with(t *testing.T, v *visitor.Visitor, method string, wrap func(http.Handler) http.Handler, work func(context.Context)) int {
	t.Helper()
	method, upgrade, _ := strings.Cut(method, " as ")
	r := httptest.NewRequestWithContext(t.Context(), method, w.origin+"/api/x/y", nil)
	if upgrade != "" {
		r.Header.Set("Upgrade", upgrade)
	}
	for _, cookie := range v.Cookies() {
		r.AddCookie(cookie)
	}
	out := httptest.NewRecorder()
	w.auth.Middleware(wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { work(r.Context()) }))).ServeHTTP(out, r)
	return out.Code
}

func as(h http.Handler) http.Handler { return h }

// What somebody wants done who believes she is signed in is not done as anybody else.
func TestRefuseDead(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	kept := v.Cookies()
	for _, c := range []struct {
		name, method string
		dead         bool
		want         int
	}{
		{"a session that lives reads", "GET", false, 200}, {"a session that lives writes", "POST", false, 200},
		{"a session that lives opens a WebSocket", "GET as websocket", false, 200},
		{"a dead one reads", "GET", true, 200}, {"a dead one asks for a head", "HEAD", true, 200},
		{"a dead one writes", "POST", true, 401}, {"a dead one deletes", "DELETE", true, 401}, {"a dead one tries a new method", "QUERY", true, 401},
		{"a dead one opens a WebSocket", "GET as WebSocket", true, 401},
	} {
		if c.dead {
			if _, err := v.SignOut(t.Context()); err != nil && signedIn(t, v) {
				t.Fatal(err)
			}
			v.SetCookies(kept)
		}
		reached := false
		if got := w.with(t, v, c.method, w.auth.RefuseDead, func(context.Context) { reached = true }); got != c.want || reached != (c.want == 200) {
			t.Errorf("%s = %d, reached: %v, want %d", c.name, got, reached, c.want)
		}
	}
	if got := w.with(t, w.visitor(t), "POST", w.auth.RefuseDead, func(context.Context) {}); got != 200 {
		t.Errorf("somebody who never signed in writes = %d, want 200", got)
	}
}
