package canary_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"vestibule.example/demo/canary"
)

const (
	planted = `refresh/token+with "odd" <characters> and Z9_-`
	jwt     = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJjLWFsaWNlIiwianRpIjoiMSJ9.dGhlLXNpZ25hdHVyZS1vZi10aGlzLXRva2Vu"
)

func leaks(kind, value, text string) []string {
	c := canary.New()
	c.Secret(kind, value)
	c.Saw("a text", []byte(text))
	return c.Leaks()
}

// LOG-2, BBA-3, GQL-5: a secret is found in whatever dress.
func TestEveryEncodingIsSeenThrough(t *testing.T) {
	std, web := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	inJSON, err := json.Marshal(planted)
	if err != nil {
		t.Fatal(err)
	}
	var everyByte, everyRune, everyEntity strings.Builder
	for _, b := range []byte(planted) {
		fmt.Fprintf(&everyByte, "%%%02x", b)
		fmt.Fprintf(&everyRune, `\u%04X`, b)
		fmt.Fprintf(&everyEntity, "&#%d;", b)
	}
	for _, c := range []struct{ name, text string }{
		{"as it is", "before " + planted + " after"},
		{"its first sixteen characters", "…" + planted[:16] + "…"},
		{"base64", std([]byte(planted))},
		{"base64 behind one byte", std([]byte("x" + planted))},
		{"base64 behind two bytes", std([]byte("xy" + planted))},
		{"base64 in Basic authentication", "Basic " + std([]byte("vestibule:"+planted))},
		{"base64url", web([]byte(planted))},
		{"base64url behind two bytes", web([]byte("::" + planted))},
		{"base64, percent-encoded", url.QueryEscape(std([]byte(planted)))},
		{"hex", hex.EncodeToString([]byte(planted))},
		{"hex in capitals", strings.ToUpper(hex.EncodeToString([]byte(planted)))},
		{"percent-encoding of a query", url.QueryEscape(strings.ReplaceAll(planted, " ", "%20"))},
		{"percent-encoding of a path", url.PathEscape(planted)},
		{"percent-encoding of every byte", everyByte.String()},
		{"percent-encoding twice", url.PathEscape(url.PathEscape(planted))},
		{"a JSON string", string(inJSON)},
		{"JSON escapes of every character", everyRune.String()},
		{"a JSON string in a JSON string", fmt.Sprintf("%q", inJSON)},
		{"a Go string", fmt.Sprintf("%q", planted)},
		{"HTML entities", everyEntity.String()},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := leaks("a refresh token", planted, c.text); !slices.Equal(got, []string{"a refresh token in a text"}) {
				t.Errorf("leaks = %q, want the one that was planted", got)
			}
		})
	}
}

func TestATokenIsFoundByPayloadAndSignature(t *testing.T) {
	parts := strings.Split(jwt, ".")
	for name, text := range map[string]string{
		"whole": jwt, "payload": parts[1], "signature": parts[2], "base64 of all": base64.StdEncoding.EncodeToString([]byte(jwt)), "hex of the signature": hex.EncodeToString([]byte(parts[2])),
	} {
		if got := leaks("a token", jwt, text); len(got) != 1 {
			t.Errorf("%s: leaks = %q, want one", name, got)
		}
	}
	if got := leaks("a token", jwt, parts[0]); len(got) != 0 {
		t.Errorf("the header, which all tokens share: %q", got)
	}
}

func TestWhatIsNoLeak(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "another secret": "refresh/t0ken+with", "fifteen characters": planted[:15], "a broken escape": `%zz \u12 \`,
	} {
		if got := leaks("a refresh token", planted, text); len(got) != 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := leaks("a password", "alice", "alice"); len(got) != 0 {
		t.Errorf("what is too short to look for: %q", got)
	}
}

// browse asks a server whose answers the canary watches.
func browse(t *testing.T, c *canary.Canary, path string, h http.HandlerFunc) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	watching := &canary.Browser{Canary: c, Origin: server.URL, Base: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	client := &http.Client{Transport: watching, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	method, path, _ := strings.Cut(path, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		if _, err := io.ReadFull(res.Body, make([]byte, len(planted)+6)); err != nil {
			t.Fatal(err)
		}
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
}

// BBA-3: headers and bodies of every kind, compressed ones, streams that never end, and bodies that nobody read.
func TestEveryPartOfAnAnswerIsWatched(t *testing.T) {
	packed := func(encoding string, pack func(io.Writer) io.WriteCloser) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			var body bytes.Buffer
			packer := pack(&body)
			io.WriteString(packer, "before "+planted)
			packer.Close()
			w.Header().Set("Content-Encoding", encoding)
			w.Write(body.Bytes())
		}
	}
	raw := func(w io.Writer) io.WriteCloser {
		packer, err := flate.NewWriter(w, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		return packer
	}
	for _, c := range []struct {
		name, where string
		answer      http.HandlerFunc
	}{
		{"a body", "body", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, planted) }},
		{"a header", "header X-Debug", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Debug", base64.StdEncoding.EncodeToString([]byte(planted)))
		}},
		{"gzip", "body", packed("gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })},
		{"deflate", "body", packed("deflate", func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })},
		{"deflate without wrapping", "body", packed("deflate", raw)},
		{"Brotli", "body", packed("br", func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) })},
		{"an encoding that it does not know", "body", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "zstd")
			io.WriteString(w, planted)
		}},
		{"a stream that never ends", "body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprintf(w, "data: %s\n\n", planted)
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}},
		{"a redirect elsewhere", "header Location", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://login.test/authorize?state="+url.QueryEscape(planted))
			w.WriteHeader(http.StatusSeeOther)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			watcher := canary.New()
			watcher.Secret("a refresh token", planted)
			browse(t, watcher, "GET /somewhere", c.answer)
			if got, want := watcher.Leaks(), []string{"a refresh token in GET /somewhere, " + c.where}; !slices.Equal(got, want) {
				t.Errorf("leaks = %q, want %q", got, want)
			}
		})
	}
}

// What an answer is there to carry is no leak there, and is one everywhere else.
func TestWhatAnAnswerIsThereToCarry(t *testing.T) {
	for _, c := range []struct {
		name, request, secret string
		answer                http.HandlerFunc
	}{
		{"a cookie", "GET /auth/callback", "cookie-0123456789abcdef", func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "cookie-0123456789abcdef", Path: "/"})
		}},
		{"a part of a cookie", "GET /auth/callback", "part-0123456789abcdef", func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: base64.URLEncoding.EncodeToString([]byte("1|part-0123456789abcdef|mac"))})
		}},
		{"the state of a login", "GET /auth/login", "state-0123456789abcdef", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://login.test/authorize?client_id=x&state=state-0123456789abcdef")
			w.WriteHeader(http.StatusSeeOther)
		}},
		{"the hint of a logout", "GET /auth/logout/continue", jwt, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://login.test/end_session?id_token_hint="+jwt)
			w.WriteHeader(http.StatusSeeOther)
		}},
		{"the ticket of a logout", "POST /auth/logout", "ticket-0123456789abcdef", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"continue":"/auth/logout/continue?t=ticket-0123456789abcdef"}`)
		}},
		{"the proof for a logout", "GET /auth/session", "proof-0123456789abcdef", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"logout_url":"/auth/logout?t=proof-0123456789abcdef"}`)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			watcher := canary.New()
			watcher.Secret("it", c.secret)
			browse(t, watcher, c.request, c.answer)
			if got := watcher.Leaks(); len(got) != 0 {
				t.Errorf("where it belongs: %q", got)
			}
			// The answer taught it the secret: it is one without having been told.
			taught := canary.New()
			browse(t, taught, c.request, c.answer)
			taught.Saw("a log line", []byte(c.secret))
			if got := taught.Leaks(); len(got) != 1 || !strings.HasSuffix(got[0], " in a log line") {
				t.Errorf("in a log: %q, want one leak", got)
			}
			elsewhere := canary.New()
			elsewhere.Secret("it", c.secret)
			browse(t, elsewhere, "GET /elsewhere", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, c.secret) })
			if got := elsewhere.Leaks(); len(got) != 1 {
				t.Errorf("in another answer: %q, want one leak", got)
			}
		})
	}
}

// A failure must not be the leak.
func TestALeakDoesNotShowItsSecret(t *testing.T) {
	watcher := canary.New()
	watcher.Secret("a refresh token", planted)
	browse(t, watcher, "GET /path?x="+url.QueryEscape(planted), func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, planted) })
	got := watcher.Leaks()
	if len(got) != 1 || strings.Contains(got[0], planted[:8]) {
		t.Errorf("leaks = %q, want one that shows nothing", got)
	}
	if !watcher.Knows(planted) || watcher.Knows(jwt) || watcher.Knows("") {
		t.Error("it does not know what it knows")
	}
}

func TestOtherOriginsAreNotWatched(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, planted) }))
	defer server.Close()
	watcher := canary.New()
	watcher.Secret("a refresh token", planted)
	client := &http.Client{Transport: &canary.Browser{Canary: watcher, Origin: "http://localhost:1", Base: &http.Transport{DisableKeepAlives: true}}}
	res, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got := watcher.Leaks(); len(got) != 0 {
		t.Errorf("leaks = %q, want none", got)
	}
}
