//go:build !nodemo

package spa_test

import (
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"testing"

	"vestibule.example/spa"
)

// Files whose name changes with their content are kept for a year; all others are asked for anew, which costs a 304 (CACHE-6).
func TestCaching(t *testing.T) {
	server := start(t, spa.Config{})
	asset := assetOf(t, server, ".js")
	for _, row := range []struct{ target, want string }{
		{"/", "no-cache"},
		{"/index.html", "no-cache"},
		{"/favicon.svg", "no-cache"},
		{"/orders/o-1", "no-cache"},
		{asset, "public, max-age=31536000, immutable"},
	} {
		for _, encoding := range []string{"", "gzip", "br"} {
			answer, _ := ask(t, server, "GET", row.target, navigation, "Accept-Encoding: "+encoding)
			tag := answer.Header.Get("ETag")
			if got := answer.Header.Get("Cache-Control"); got != row.want || len(tag) < 10 || strings.HasPrefix(tag, "W/") {
				t.Errorf("GET %s (%s): Cache-Control %q, ETag %q, want %q", row.target, encoding, got, tag, row.want)
			}
			again, body := ask(t, server, "GET", row.target, navigation, "Accept-Encoding: "+encoding, "If-None-Match: "+tag)
			if again.StatusCode != 304 || body != "" || again.Header.Get("Cache-Control") != row.want {
				t.Errorf("GET %s (%s) with its tag = %d, Cache-Control %q, want 304", row.target, encoding, again.StatusCode, again.Header.Get("Cache-Control"))
			}
			if other, _ := ask(t, server, "GET", row.target, navigation, "Accept-Encoding: "+encoding, `If-None-Match: "other"`); other.StatusCode != 200 {
				t.Errorf("GET %s (%s) with another tag = %d, want 200", row.target, encoding, other.StatusCode)
			}
			if len(answer.Header["Last-Modified"]) > 0 {
				t.Errorf("GET %s: Last-Modified, of a file that has no time", row.target)
			}
		}
	}
}

// The representation is the one that the client weighs most; of equals the smallest; and the plain file rather than a
// refusal (RFC 9110 §12.5.3).
func TestEncodings(t *testing.T) {
	server := start(t, spa.Config{})
	target := assetOf(t, server, ".js")
	tags := map[string]string{}
	for _, row := range []struct{ accept, want string }{
		{"", ""},
		{"br", "br"},
		{"gzip", "gzip"},
		{"GZIP", "gzip"},
		{"x-gzip", "gzip"},
		{"gzip, deflate, br, zstd", "br"},
		{"br;q=0.5, gzip;q=0.9", "gzip"},
		{"br ; q=0.5 , gzip ; Q=0.5", "br"},
		{"br;q=0", ""},
		{"br;q=0, gzip", "gzip"},
		{"*", "br"},
		{"*;q=0", ""},
		{"br;q=0, *;q=0.1", "gzip"},
		{"identity", ""},
		{"identity, br;q=0.5", ""},
		{"identity;q=0.5, br;q=0.5", "br"},
		{"identity;q=0, br", "br"},
		{"identity;q=0", ""},
		{"br;q=2, gzip;q=0.1", "gzip"},
		{"br;q=-1", ""},
		{"br;q=NaN", ""},
		{"br;q=", ""},
		{"br;q=nonsense, gzip", "gzip"},
		{"br;level=5;q=0.2, gzip;q=0.1", "br"},
		{"deflate, compress", ""},
		{",,;q=1,", ""},
		{strings.Repeat("x,", 32) + "br", ""},
		{strings.Repeat("x,", 31) + "br", "br"},
	} {
		answer, body := ask(t, server, "GET", target, "Accept-Encoding: "+row.accept)
		if got := answer.Header.Get("Content-Encoding"); got != row.want || answer.StatusCode != 200 {
			t.Errorf("Accept-Encoding %q: %d in %q, want %q", row.accept, answer.StatusCode, got, row.want)
		}
		if answer.Header.Get("Vary") != "Accept-Encoding" || answer.ContentLength != int64(len(body)) || answer.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("Accept-Encoding %q: headers %v", row.accept, answer.Header)
		}
		tags[row.want] = answer.Header.Get("ETag")
	}
	if len(tags) != 3 || tags[""] == tags["br"] || tags[""] == tags["gzip"] || tags["br"] == tags["gzip"] {
		t.Errorf("entity tags = %v, want one for each encoding", tags)
	}
	two, _ := ask(t, server, "GET", target, "Accept-Encoding: identity;q=0.1", "Accept-Encoding: br")
	if got := two.Header.Get("Content-Encoding"); got != "br" {
		t.Errorf("two headers: %q, want br", got)
	}
}

// A range of the plain file is answered as such; of a compressed one it would be of no use.
func TestRanges(t *testing.T) {
	server := start(t, spa.Config{})
	target := assetOf(t, server, ".js")
	if answer, body := ask(t, server, "GET", target, "Range: bytes=0-3"); answer.StatusCode != 206 || len(body) != 4 {
		t.Errorf("a range = %d with %d bytes, want 206 with 4", answer.StatusCode, len(body))
	}
	if answer, body := ask(t, server, "GET", target, "Range: bytes=0-3", "Accept-Encoding: br"); answer.StatusCode != 200 || len(body) <= 4 {
		t.Errorf("a range of a compressed file = %d with %d bytes, want 200 with all", answer.StatusCode, len(body))
	}
}

// A team's bundle replaces ours: its own twins, its own policy, its own place of hashed files, read anew each time.
func TestOwnBundle(t *testing.T) {
	dir := own(t, map[string]string{
		"index.html": "<p>ours", "static/app-1.js": "script", "static/app-1.js.gz": zipped(t, "script"), "staticelse/x.css": "style",
		"weird.bin": "bytes", "image.svg": "<svg/>",
	})
	server := start(t, spa.Config{Dir: dir, HashedDirs: []string{"static"}, CSP: "default-src 'self'"})
	for _, row := range []struct{ target, accept, body, kind, encoding, cache string }{
		{"/", "gzip", "<p>ours", "text/html; charset=utf-8", "", "no-cache"},
		{"/account", "gzip", "<p>ours", "text/html; charset=utf-8", "", "no-cache"},
		{"/static/app-1.js", "gzip", zipped(t, "script"), "text/javascript; charset=utf-8", "gzip", "public, max-age=31536000, immutable"},
		{"/static/app-1.js", "br", "script", "text/javascript; charset=utf-8", "", "public, max-age=31536000, immutable"},
		{"/staticelse/x.css", "", "style", "text/css; charset=utf-8", "", "no-cache"},
		{"/weird.bin", "", "bytes", "application/octet-stream", "", "no-cache"},
		{"/image.svg", "", "<svg/>", "image/svg+xml", "", "no-cache"},
	} {
		answer, body := ask(t, server, "GET", row.target, navigation, "Accept-Encoding: "+row.accept)
		h := answer.Header
		if answer.StatusCode != 200 || body != row.body || h.Get("Content-Type") != row.kind || h.Get("Content-Encoding") != row.encoding ||
			h.Get("Cache-Control") != row.cache || h.Get("Content-Security-Policy") != "default-src 'self'" {
			t.Errorf("GET %s (%s) = %d %q with %v", row.target, row.accept, answer.StatusCode, body, h)
		}
	}
	before, _ := ask(t, server, "GET", "/")
	if err := os.WriteFile(path.Join(dir, "index.html"), []byte("<p>newer"), 0o600); err != nil {
		t.Fatal(err)
	}
	after, body := ask(t, server, "GET", "/", "If-None-Match: "+before.Header.Get("ETag"))
	if after.StatusCode != 200 || body != "<p>newer" {
		t.Errorf("after a change: %d %q, want the new file", after.StatusCode, body)
	}
	zip, _ := ask(t, server, "GET", "/static/app-1.js", "Accept-Encoding: gzip")
	plain, _ := ask(t, server, "GET", "/static/app-1.js")
	if zip.Header.Get("ETag") == plain.Header.Get("ETag") {
		t.Error("one entity tag for two encodings")
	}
	// A bundle that loses its index loses its pages, not its process.
	if err := os.Remove(path.Join(dir, "index.html")); err != nil {
		t.Fatal(err)
	}
	if answer, _ := ask(t, server, "GET", "/", navigation); answer.StatusCode != 404 {
		t.Errorf("without an index = %d, want 404", answer.StatusCode)
	}
}

// What cannot work is said at start, all of it at once.
func TestConfigurationIsRefused(t *testing.T) {
	file := path.Join(own(t, map[string]string{"index.html": "x"}), "index.html")
	for _, row := range []struct {
		name string
		cfg  spa.Config
		want []string
	}{
		{"a directory that is not there", spa.Config{Dir: "/no/such/directory"}, []string{"bundle"}},
		{"a file instead of a directory", spa.Config{Dir: file}, []string{"bundle"}},
		{"a directory without an index", spa.Config{Dir: own(t, map[string]string{"main.html": "x"})}, []string{"bundle"}},
		{"an index that is a directory", spa.Config{Dir: own(t, map[string]string{"index.html/x": "x"})}, []string{"bundle"}},
		{"a policy of two lines", spa.Config{CSP: "default-src 'self'\nSet-Cookie: a=b"}, []string{"one line of ASCII"}},
		{"a policy in other letters", spa.Config{CSP: "default-src é"}, []string{"one line of ASCII"}},
		{"hashed files outside", spa.Config{HashedDirs: []string{"../assets"}}, []string{`"../assets"`}},
		{"all files hashed", spa.Config{HashedDirs: []string{"."}}, []string{`"."`}},
		{"three faults", spa.Config{Dir: "/no/such/directory", CSP: "\x00", HashedDirs: []string{"/a"}}, []string{"bundle", "ASCII", `"/a"`}},
	} {
		_, err := spa.NewHandler(row.cfg)
		if err == nil {
			t.Errorf("%s: no error", row.name)
			continue
		}
		for _, want := range row.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q does not name %s", row.name, err, want)
			}
		}
	}
}

// GraphiQL has a policy of its own, all from this origin, and no routes of its own; the app's policy stays strict (WEB-9).
func TestPlayground(t *testing.T) {
	mux := http.NewServeMux()
	app, err := spa.NewHandler(spa.Config{})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", app)
	mux.Handle("/playground", spa.Playground())
	mux.Handle("/playground/", spa.Playground())
	server := serve(t, mux)
	answer, index := ask(t, server, "GET", "/playground", navigation)
	csp := answer.Header.Get("Content-Security-Policy")
	if answer.StatusCode != 200 || csp == spa.DefaultCSP || !strings.Contains(csp, "script-src 'self';") || strings.Contains(csp, "http") {
		t.Errorf("GET /playground = %d with %q", answer.StatusCode, csp)
	}
	if strings.Contains(index, "//") && strings.Contains(index, "https://") {
		t.Errorf("the playground loads from elsewhere: %s", index)
	}
	if answer, _ := ask(t, server, "GET", "/", navigation); answer.Header.Get("Content-Security-Policy") != spa.DefaultCSP {
		t.Error("the app's policy is loosened for the playground")
	}
	var script string
	for _, part := range strings.Split(index, `"`) {
		if strings.HasPrefix(part, "/playground/assets/") && strings.HasSuffix(part, ".js") {
			script = part
		}
	}
	// Its files are kept compressed alone: who takes no gzip gets them unpacked.
	_, zip := ask(t, server, "GET", script, "Accept-Encoding: gzip")
	plain, text := ask(t, server, "GET", script)
	if plain.StatusCode != 200 || plain.Header.Get("Content-Encoding") != "" || len(zip) == 0 || len(text) <= len(zip) {
		t.Errorf("%s = %d with %d bytes, compressed %d", script, plain.StatusCode, len(text), len(zip))
	}
	for _, target := range []string{"/playground/elsewhere", "/playground/assets/x.js", "/playground/../index.html", "/playground/build.json"} {
		answer, err := server.Client().Transport.RoundTrip(request(t, server.URL, target))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode == 200 {
			t.Errorf("GET %s = 200 %.40s", target, body)
		}
	}
	// Mounted wrongly it serves nothing rather than the wrong thing.
	for _, target := range []string{"/playgrounds", "/playgroundindex.html", "/index.html", "/"} {
		if answer, _ := ask(t, serve(t, spa.Playground()), "GET", target, navigation); answer.StatusCode != 404 {
			t.Errorf("GET %s = %d, want 404", target, answer.StatusCode)
		}
	}
}

func request(t *testing.T, origin, target string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Opaque = "//" + r.URL.Host + target
	r.Header.Set("Sec-Fetch-Dest", "document")
	return r
}
