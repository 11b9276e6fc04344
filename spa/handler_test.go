//go:build !nodemo

package spa_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"testing"

	"vestibule.example/spa"
)

// start serves a bundle over the wire.
func start(t *testing.T, cfg spa.Config) *httptest.Server {
	t.Helper()
	h, err := spa.NewHandler(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, h)
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	server.Client().Transport.(*http.Transport).DisableCompression = true
	return server
}

// ask sends a request whose path is taken literally, with headers as "Name: value", and gives the answer with its body.
func ask(t *testing.T, server *httptest.Server, method, target string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Opaque = "//" + r.URL.Host + target
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

const navigation = "Sec-Fetch-Dest: document"

// own is a team's bundle in a directory of its own.
func own(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		full := path.Join(dir, name)
		if err := os.MkdirAll(path.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// assetOf names a hashed file that the embedded index.html loads.
func assetOf(t *testing.T, server *httptest.Server, extension string) string {
	t.Helper()
	_, index := ask(t, server, "GET", "/")
	for _, part := range strings.Split(index, `"`) {
		if strings.HasPrefix(part, "/assets/") && path.Ext(part) == extension {
			return part
		}
	}
	t.Fatalf("index.html loads no %s", extension)
	return ""
}

// Every answer, refusals included, carries the headers that keep a page to itself (WEB-2 to WEB-7).
func TestSecurityHeaders(t *testing.T) {
	server := start(t, spa.Config{})
	for _, row := range []struct {
		name, method, target, header string
		status                       int
	}{
		{"the index", "GET", "/", navigation, 200},
		{"a hashed file", "GET", assetOf(t, server, ".js"), "Accept: */*", 200},
		{"a route of the app", "GET", "/orders/o-1", navigation, 200},
		{"a missing asset", "GET", "/assets/gone.js", "Accept: */*", 404},
		{"a missing page", "GET", "/gone.html", navigation, 404},
		{"another method", "POST", "/", "Accept: */*", 405},
	} {
		answer, _ := ask(t, server, row.method, row.target, row.header)
		if answer.StatusCode != row.status {
			t.Errorf("%s: status = %d, want %d", row.name, answer.StatusCode, row.status)
		}
		csp := answer.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %q", row.name, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q admits what is unsafe", row.name, csp)
		}
		if row.status == 200 && csp != spa.DefaultCSP {
			t.Errorf("%s: policy = %q, want DefaultCSP", row.name, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := answer.Header.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", row.name, name, got, want)
			}
		}
		if got := answer.Header.Get("Permissions-Policy"); !strings.Contains(got, "camera=()") {
			t.Errorf("%s: Permissions-Policy = %q", row.name, got)
		}
		if len(answer.Header["Set-Cookie"]) > 0 {
			t.Errorf("%s: sets a cookie", row.name)
		}
	}
}

// The index falls back for navigations to paths of the app, and for nothing else: neither a missing asset nor an unknown
// API path may answer HTML (WEB-10, cache deception).
func TestFallback(t *testing.T) {
	server := start(t, spa.Config{})
	const index, page, problem = "index", "page", "problem"
	for _, row := range []struct {
		name, target, header, want string
	}{
		{"a navigation to a route", "/orders/o-1", navigation, index},
		{"with a slash at its end", "/orders/", navigation, index},
		{"with a query", "/orders?after=x.y", navigation, index},
		{"with letters of other languages", "/stra%C3%9Fe", navigation, index},
		{"from a client that marks nothing", "/account", "Accept: text/html,*/*;q=0.8", index},
		{"that takes XHTML", "/account", "Accept: application/xhtml+xml", index},
		{"a script's fetch", "/account", "Accept: */*", problem},
		{"a script's fetch that says it takes HTML, marked by the browser", "/account", "Sec-Fetch-Dest: empty", problem},
		{"a client that refuses HTML", "/account", "Accept: text/html;q=0, */*", problem},
		{"an image", "/account", "Sec-Fetch-Dest: image", problem},
		{"a frame", "/account", "Sec-Fetch-Dest: iframe", problem},
		{"a missing asset", "/assets/x.js", navigation, page},
		{"a missing asset without an extension", "/assets/x", navigation, page},
		{"the directory of the assets", "/assets", navigation, page},
		{"a directory of the assets with a slash", "/assets/", navigation, page},
		{"a name with an extension", "/orders/x.css", navigation, page},
		{"below the GraphQL route", "/graphql/x", navigation, page},
		{"an API that is not there", "/api/none", navigation, page},
		{"in other letters", "/API/none", navigation, page},
		{"below auth", "/auth/none", navigation, page},
		{"the playground in production", "/playground", navigation, page},
		{"a well-known document", "/.well-known/none", navigation, page},
		{"the check of freshness", "/build.json", navigation, page},
		{"a compressed twin by its own name", "/index.html.gz", navigation, page},
	} {
		answer, body := ask(t, server, "GET", row.target, row.header)
		got := problem
		if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
			got = page
			if strings.Contains(body, `id="app"`) {
				got = index
			}
		}
		if got != row.want {
			t.Errorf("%s: %s answers the %s, want the %s", row.name, row.target, got, row.want)
		}
		if want := map[string]int{index: 200}[row.want]; want == 0 && answer.StatusCode != 404 || want != 0 && answer.StatusCode != want {
			t.Errorf("%s: status = %d", row.name, answer.StatusCode)
		}
		if vary := answer.Header.Get("Vary"); !strings.Contains(vary, "Accept") || !strings.Contains(vary, "Sec-Fetch-Dest") {
			t.Errorf("%s: Vary = %q, which lets a cache mix up navigations and fetches", row.name, vary)
		}
		if got == index && answer.Header.Get("Cache-Control") != "no-cache" || got != index && answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control = %q", row.name, answer.Header.Get("Cache-Control"))
		}
	}
}

// Whatever can be read in two ways is not there, and nothing outside of the bundle or hidden in it is handed out (WEB-11).
func TestPathsThatAreRefused(t *testing.T) {
	dir := own(t, map[string]string{
		"index.html": "index", "app.js": "script", "app.js.map": "source map", ".env": "hidden", ".git/config": "hidden",
		"a/.hidden": "hidden", ".well-known/security.txt": "contact", "a/b.txt": "text", "a;b": "stream", "a%b.txt": "percent",
		"c:d.txt": "drive",
	})
	if err := os.WriteFile(dir+".txt", []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir+".txt", path.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	server := start(t, spa.Config{Dir: dir})
	if answer, body := ask(t, server, "GET", "/a/b.txt"); answer.StatusCode != 200 || body != "text" {
		t.Fatalf("a file that is there: %d %q", answer.StatusCode, body)
	}
	if answer, body := ask(t, server, "GET", "/.well-known/security.txt"); answer.StatusCode != 200 || body != "contact" {
		t.Errorf("/.well-known/security.txt: %d %q, want 200", answer.StatusCode, body)
	}
	outside := path.Base(dir) + ".txt"
	for _, target := range []string{
		"/../" + outside, "/a/../../" + outside, "/..%2f" + outside, "/%2e%2e/" + outside, "/..%5c" + outside, "/%252e%252e/" + outside,
		"/link.txt", "/.env", "/.git/config", "/a/.hidden", "/app.js.map", "/app.js%00", "/app.js%00.png", "/a//b.txt", "/a/./b.txt",
		"//a/b.txt", "/a%2fb.txt", "/a%5Cb.txt", `/a\b.txt`, "/app.js/", "/app.js/x", "/%61pp%2ejs", "/app.js%0d%0aX:%20y", "/%7f",
		"/a;b", "/c:d.txt", "/a%25b.txt", "/a/", "/a", "/.", "/..",
	} {
		// Without the mark of a navigation: a route that is none of ours would be the app's.
		answer, body := ask(t, server, "GET", target, "Accept: */*")
		if answer.StatusCode != 404 && answer.StatusCode != 400 {
			t.Errorf("GET %s = %d %q, want 404", target, answer.StatusCode, body)
		}
		for _, secret := range []string{"hidden", "outside", "source map", "stream", "drive", "percent"} {
			if strings.Contains(body, secret) {
				t.Errorf("GET %s shows what is %s", target, secret)
			}
		}
	}
	for _, target := range []string{"/.env", "/.git/config", "/..%2fx", "/%2e%2e/x", "/a%5cb", "/a%0ab", "/.well-known/.x", "/a//b"} {
		if answer, _ := ask(t, server, "GET", target, navigation); answer.StatusCode != 404 {
			t.Errorf("navigation to %s = %d, want 404", target, answer.StatusCode)
		}
	}
}

// GET and HEAD alone, and HEAD says what GET would.
func TestMethods(t *testing.T) {
	server := start(t, spa.Config{})
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
		answer, _ := ask(t, server, method, "/", navigation)
		if answer.StatusCode != 405 || answer.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s / = %d, Allow %q, want 405", method, answer.StatusCode, answer.Header.Get("Allow"))
		}
	}
	for _, target := range []string{"/", "/favicon.svg", "/orders/o-1", "/assets/gone.js", assetOf(t, server, ".css")} {
		for _, encoding := range []string{"", "gzip", "br"} {
			get, body := ask(t, server, "GET", target, navigation, "Accept-Encoding: "+encoding)
			head, nothing := ask(t, server, "HEAD", target, navigation, "Accept-Encoding: "+encoding)
			get.Header.Del("Date")
			head.Header.Del("Date")
			if nothing != "" || head.StatusCode != get.StatusCode || head.ContentLength != int64(len(body)) {
				t.Errorf("HEAD %s (%s) = %d with %d bytes of %d, want %d", target, encoding, head.StatusCode, len(nothing), head.ContentLength, get.StatusCode)
			}
			for name := range get.Header {
				if head.Header.Get(name) != get.Header.Get(name) {
					t.Errorf("HEAD %s: %s = %q, want %q", target, name, head.Header.Get(name), get.Header.Get(name))
				}
			}
		}
	}
}

// A refusal is a page for people and a problem for programs, and repeats nothing of the request (PROB-1, PROB-2).
func TestRefusals(t *testing.T) {
	server := start(t, spa.Config{})
	answer, body := ask(t, server, "GET", "/canary.html?canary", navigation)
	if got := answer.Header.Get("Content-Type"); got != "text/html; charset=utf-8" || strings.Contains(body, "canary") || !strings.Contains(body, "<h1>Not Found</h1>") {
		t.Errorf("a navigation is refused with %s: %s", got, body)
	}
	answer, body = ask(t, server, "POST", "/canary", "Accept: application/json")
	if got := answer.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type = %q", got)
	}
	var problem struct {
		Type, Title, Detail string
		Status              int
	}
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		t.Fatal(err)
	}
	if problem.Status != 405 || problem.Type != "about:blank" || problem.Title != "Method Not Allowed" || !strings.Contains(problem.Detail, "GET and HEAD") {
		t.Errorf("problem = %+v", problem)
	}
}
