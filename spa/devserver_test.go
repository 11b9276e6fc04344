//go:build !nodemo

package spa_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"vestibule.example/spa"
)

// devServer starts a development server and the handler in front of it.
func devServer(t *testing.T, server http.HandlerFunc) *httptest.Server {
	t.Helper()
	behind := httptest.NewServer(server)
	t.Cleanup(behind.Close)
	target, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(spa.DevServer(target, nil))
	t.Cleanup(front.Close)
	return front
}

// The development server answers for the app, is shown no credential, and sets none.
func TestDevServer(t *testing.T) {
	var seen *http.Request
	front := devServer(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r
		http.SetCookie(w, &http.Cookie{Name: "dev", Value: "1"})
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, "export {}")
	})
	answer, body := ask(t, front, "GET", "/src/main.tsx?t=1", "Cookie: vestibule-8080=secret", "Authorization: Bearer secret", "Accept: */*")
	if answer.StatusCode != 200 || body != "export {}" || seen.URL.RequestURI() != "/src/main.tsx?t=1" {
		t.Errorf("GET = %d %q for %s", answer.StatusCode, body, seen.URL)
	}
	for _, name := range []string{"Cookie", "Authorization"} {
		if got := seen.Header.Get(name); got != "" {
			t.Errorf("the development server was shown %s: %s", name, got)
		}
	}
	if got := answer.Header.Values("Set-Cookie"); len(got) > 0 {
		t.Errorf("Set-Cookie: %v", got)
	}
	if csp := answer.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "connect-src 'self' ws:") {
		t.Errorf("Content-Security-Policy: %s", csp)
	}
	seen = nil
	if answer, _ := ask(t, front, "POST", "/"); answer.StatusCode != 405 || seen != nil {
		t.Errorf("POST = %d, and was passed on: %v", answer.StatusCode, seen != nil)
	}
}

// A development server that is not there is named, and what to do about it.
func TestDevServerIsAway(t *testing.T) {
	behind := httptest.NewServer(http.NotFoundHandler())
	target, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	behind.Close()
	front := httptest.NewServer(spa.DevServer(target, nil))
	defer front.Close()
	answer, body := ask(t, front, "GET", "/")
	if answer.StatusCode != 502 || !strings.Contains(body, behind.URL) || !strings.Contains(body, "npm run dev") {
		t.Errorf("GET / = %d %q", answer.StatusCode, body)
	}
}
