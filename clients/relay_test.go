package clients_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/clients"
)

// relaying is a relay on the wire before an API on the wire.
type relaying struct {
	api   *upstream
	calls *clients.API
	relay *clients.Relay
	*httptest.Server
}

const relayOrigin = "https://shop.example.test"

func routes() []clients.RelayRoute {
	return []clients.RelayRoute{
		{Methods: []string{"GET", "POST"}, Path: "/things"},
		{Methods: []string{"GET"}, Path: "/things/*"},
		{Methods: []string{"DELETE", "PUT"}, Path: "/things/*"},
		{Methods: []string{"GET"}, Path: "/files/**", BrowserLoads: true},
		{Methods: []string{"GET"}, Path: "/things/*/events"},
		{Methods: []string{"GET"}, Path: "/socket", WebSocket: true},
		{Methods: []string{"GET"}, Path: "/"},
	}
}

func newRelaying(t testing.TB, answer http.HandlerFunc, changeAPI func(*clients.Config), change func(*clients.RelayConfig)) *relaying {
	t.Helper()
	r := &relaying{api: newUpstream(t, answer)}
	r.calls = r.api.api(t, func(cfg *clients.Config) {
		base, err := url.Parse(r.api.server.URL + "/v1/")
		if err != nil {
			t.Fatal(err)
		}
		cfg.BaseURL = base
		if changeAPI != nil {
			changeAPI(cfg)
		}
	})
	cfg := clients.RelayConfig{Origin: relayOrigin, APIs: []clients.RelayAPI{{API: r.calls, Routes: routes(), MaxUpload: 1000}}}
	if change != nil {
		change(&cfg)
	}
	var err error
	if r.relay, err = clients.NewRelay(cfg); err != nil {
		t.Fatal(err)
	}
	r.Server = httptest.NewServer(r.relay)
	t.Cleanup(r.Close)
	return r
}

// send sends a request line as it is written, which no client library would do for the bad ones.
func (r *relaying) send(t testing.TB, method, target string, header http.Header, body string) (*http.Response, string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: shop.example.test\r\nConnection: close\r\nContent-Length: %d\r\n", method, target, len(body))
	header.Write(conn)
	io.WriteString(conn, "\r\n"+body)
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return res, string(text)
}

// BBA-14, BBA-15, T-18: one canonical path, below the API's own base, by an allow-list.
func TestRelayPaths(t *testing.T) {
	r := newRelaying(t, says(200, jsonType, `{}`), nil, nil)
	for _, c := range []struct {
		name, target string
		status       int
		want         string // what the API is asked for
	}{
		{"a list", "/api/orders/things", 200, "/v1/things"},
		{"with a query", "/api/orders/things?a=b%20c&d", 200, "/v1/things?a=b%20c&d"},
		{"one of them", "/api/orders/things/t-1", 200, "/v1/things/t-1"},
		{"the top", "/api/orders", 200, "/v1"},
		{"the top with a slash", "/api/orders/", 200, "/v1"},
		{"deep below", "/api/orders/files/2026/a.pdf", 200, "/v1/files/2026/a.pdf"},
		{"letters beyond ASCII", "/api/orders/things/%C3%A4", 200, "/v1/things/%C3%A4"},
		{"hexadecimal digits in small letters", "/api/orders/things/%c3%a4", 200, "/v1/things/%C3%A4"},
		{"a space", "/api/orders/things/a%20b", 200, "/v1/things/a%20b"},
		{"a comma, written plainly", "/api/orders/things/a,b", 200, "/v1/things/a%2Cb"},
		{"three dots", "/api/orders/things/...", 200, "/v1/things/..."},

		{"an unknown API", "/api/none/things", 404, ""},
		{"no API", "/api/", 404, ""},
		{"another path", "/api/orders/admin", 404, ""},
		{"too short a path", "/api/orders/files", 404, ""},
		{"too long a path", "/api/orders/things/1/2", 404, ""},
		{"a pattern is not a path", "/api/orders/things/*/events2", 404, ""},

		{"dots", "/api/orders/../admin", 400, ""},
		{"dots further down", "/api/orders/things/..", 400, ""},
		{"dots out of the API", "/api/orders/files/../../admin", 400, ""},
		{"one dot", "/api/orders/./things", 400, ""},
		{"encoded dots", "/api/orders/%2e%2e/admin", 400, ""},
		{"half encoded dots", "/api/orders/files/.%2e/admin", 400, ""},
		{"an encoded dot in a name", "/api/orders/things/a%2eb", 400, ""},
		{"an encoded letter", "/api/orders/things/%61", 400, ""},
		{"an encoded letter at the end", "/api/orders/things/x%41", 400, ""},
		{"an encoded slash", "/api/orders/things/a%2Fb", 400, ""},
		{"an encoded slash in small letters", "/api/orders/files/..%2fadmin", 400, ""},
		{"an encoded slash before the API", "/api%2Forders/things", 400, ""},
		{"an encoded slash behind the API", "/api/orders%2Fthings", 400, ""},
		{"a backslash behind the API", `/api/orders\things`, 400, ""},
		{"an empty segment before the API", "/api//orders/things", 400, ""},
		{"a dot before the API", "/api/./orders/things", 400, ""},
		{"a backslash", `/api/orders/things/a\b`, 400, ""},
		{"an encoded backslash", "/api/orders/files/..%5Cadmin", 400, ""},
		{"an empty segment", "/api/orders//things", 400, ""},
		{"an empty segment at the end", "/api/orders/things/", 400, ""},
		{"two slashes for a host", "/api/orders//evil.test/", 400, ""},
		{"a path parameter", "/api/orders/things;x=1", 400, ""},
		{"an encoded semicolon", "/api/orders/things/a%3Bb", 400, ""},
		{"an encoded question mark", "/api/orders/things/a%3Fb", 400, ""},
		{"an encoded number mark", "/api/orders/things/a%23b", 400, ""},
		{"NUL", "/api/orders/things/a%00b", 400, ""},
		{"a line end", "/api/orders/things/a%0d%0ab", 400, ""},
		{"DEL", "/api/orders/things/a%7f", 400, ""},
		{"double encoding", "/api/orders/things/%252e%252e", 400, ""},
		{"double encoding of a slash", "/api/orders/things/a%252Fb", 400, ""},
		{"no UTF-8", "/api/orders/things/%ff", 400, ""},
		{"an overlong dot", "/api/orders/files/%c0%ae%c0%ae/admin", 400, ""},
		{"too long a segment", "/api/orders/things/" + strings.Repeat("x", 513), 400, ""},
		{"too long a path once it is encoded", "/api/orders/files" + strings.Repeat("/"+strings.Repeat(",", 500), 20), 400, ""},
		{"too long a query", "/api/orders/things?" + strings.Repeat("x", 17<<10), 400, ""},
		{"a semicolon in the query", "/api/orders/things?a;b", 400, ""},
		{"a broken escape in the query", "/api/orders/things?a=%zz", 400, ""},
		{"letters beyond ASCII in the query", "/api/orders/things?a=\xc3\xa4", 400, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(r.api.requests())
			res, body := r.send(t, "GET", c.target, http.Header{}, "")
			if res.StatusCode != c.status {
				t.Errorf("GET %s = %d %s, want %d", c.target, res.StatusCode, body, c.status)
			}
			asked := r.api.requests()[before:]
			if c.want == "" {
				if len(asked) > 0 {
					t.Errorf("the API was asked for %s", asked[0].RequestURI)
				}
				if res.Header.Get("Content-Type") != "application/problem+json" || strings.Contains(body, "admin") {
					t.Errorf("refused with %s %s, want a problem that repeats nothing (PROB-1)", res.Header.Get("Content-Type"), body)
				}
			} else if len(asked) != 1 || asked[0].RequestURI != c.want {
				t.Errorf("the API was asked %d times, want for %s", len(asked), c.want)
			}
		})
	}
}

// BBA-16
func TestRelayMethods(t *testing.T) {
	r := newRelaying(t, says(200, jsonType, `{}`), nil, nil)
	for _, c := range []struct {
		method, target string
		status         int
		allow          string
	}{
		{"GET", "/api/orders/things", 200, ""},
		{"HEAD", "/api/orders/things", 200, ""},
		{"POST", "/api/orders/things", 200, ""},
		{"DELETE", "/api/orders/things/1", 200, ""},
		{"PUT", "/api/orders/things/1", 200, ""},
		{"DELETE", "/api/orders/things", 405, "GET, HEAD, POST"},
		{"POST", "/api/orders/things/1", 405, "DELETE, GET, HEAD, PUT"},
		{"OPTIONS", "/api/orders/things", 405, "GET, HEAD, POST"},
		{"TRACE", "/api/orders/things", 405, "GET, HEAD, POST"},
		{"get", "/api/orders/things", 405, "GET, HEAD, POST"},
		{"DELETE", "/api/orders/none", 404, ""},
	} {
		before := len(r.api.requests())
		res, _ := r.send(t, c.method, c.target, http.Header{}, "")
		if res.StatusCode != c.status || res.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s = %d, Allow %q, want %d, %q", c.method, c.target, res.StatusCode, res.Header.Get("Allow"), c.status, c.allow)
		}
		if asked := r.api.requests()[before:]; (c.status == 200) != (len(asked) == 1) || len(asked) == 1 && asked[0].Method != c.method {
			t.Errorf("%s %s: the API got %d requests", c.method, c.target, len(asked))
		}
	}
}

type relayProblem struct {
	Type, Title, Detail, Code, API, LoginURL string
	Status, RetryAfter                       int
	Retryable                                bool
}

// PROB-1, WEB-15, GQL-5: what the relay answers itself.
func TestRelayRefusals(t *testing.T) {
	known := errors.New("nobody is signed in")
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		change func(*clients.Config)
		want   relayProblem
	}{
		{"401", says(401, "text/html", canary, "WWW-Authenticate", "Basic"), nil, relayProblem{Status: 401, Code: "UNAUTHENTICATED", LoginURL: "/auth/login"}},
		{"401 that wants a stronger sign-in", says(401, "", "", "WWW-Authenticate", "Bearer "+insufficient+`, acr_values="a b", max_age=60`), nil,
			relayProblem{Status: 401, Code: "STEP_UP_REQUIRED", LoginURL: "/auth/login?acr_values=a+b&max_age=60"}},
		{"401 that wants just another", says(401, "", "", "WWW-Authenticate", "Bearer "+insufficient), nil, relayProblem{Status: 401, Code: "STEP_UP_REQUIRED", LoginURL: "/auth/login?prompt=login"}},
		{"500 with a page", says(500, "text/html", canary), nil, relayProblem{Status: 500, Code: "UPSTREAM_UNAVAILABLE", Retryable: true}},
		{"503 that says when", says(503, problemType, `{"detail":"`+canary+`"}`, "Retry-After", "7"), nil, relayProblem{Status: 503, Code: "UPSTREAM_UNAVAILABLE", Retryable: true, RetryAfter: 7}},
		{"504", says(504, "", canary), nil, relayProblem{Status: 504, Code: "UPSTREAM_TIMEOUT", Retryable: true}},
		{"no connection", drop, nil, relayProblem{Status: 503, Code: "UPSTREAM_UNAVAILABLE", Retryable: true}},
		{"nobody signed in", nil, func(cfg *clients.Config) {
			cfg.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, known })
			cfg.Classify = func(error) *clients.Error { return &clients.Error{Code: clients.CodeUnauthenticated} }
		}, relayProblem{Status: 401, Code: "UNAUTHENTICATED", LoginURL: "/auth/login"}},
		{"no token to be had", nil, func(cfg *clients.Config) {
			cfg.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, known })
			cfg.Classify = func(error) *clients.Error {
				return &clients.Error{Code: clients.CodeUnavailable, Retryable: true, RetryAfter: time.Second}
			}
		}, relayProblem{Status: 503, Code: "UNAVAILABLE", Retryable: true, RetryAfter: 1}},
		{"a protocol switched unasked", nil, func(cfg *clients.Config) {
			cfg.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return fakeAnswer(101, http.Header{}, ""), nil })
		}, relayProblem{Status: 502, Code: "UPSTREAM_INVALID"}},
		{"silence", func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }, func(cfg *clients.Config) { cfg.Timeout = 20 * time.Millisecond },
			relayProblem{Status: 504, Code: "UPSTREAM_TIMEOUT", Retryable: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRelaying(t, c.answer, c.change, nil)
			res, body := r.send(t, "GET", "/api/orders/things", http.Header{}, "")
			var got relayProblem
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatalf("answer %d %q: %v", res.StatusCode, body, err)
			}
			if !strings.HasPrefix(got.Type, "urn:vestibule:problem:") || got.Title == "" || got.Detail == "" || got.API != "orders" || res.StatusCode != got.Status {
				t.Errorf("problem = %+v with status %d", got, res.StatusCode)
			}
			got.Type, got.Title, got.Detail, got.API = "", "", "", ""
			if got != c.want {
				t.Errorf("problem = %+v, want %+v", got, c.want)
			}
			if res.Header.Get("Www-Authenticate") != "" || strings.Contains(body, canary) || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("the answer tells too much: %v %s", res.Header, body)
			}
		})
	}
	for status, body := range map[int]string{400: `{"a":1}`, 403: `{"b":1}`, 404: `{"c":1}`, 422: `{"d":1}`, 429: `{"e":1}`} {
		r := newRelaying(t, says(status, problemType, body), nil, nil)
		if res, got := r.send(t, "GET", "/api/orders/things", http.Header{}, ""); res.StatusCode != status || got != body {
			t.Errorf("the API's %d came as %d %s, want it as it is", status, res.StatusCode, got)
		}
	}
}

// PROB-2: a person's navigation is answered by whoever writes pages, with what she may do; the rest gets problem details.
func TestRelayRefusalsForPeople(t *testing.T) {
	var told []string
	r := newRelaying(t, says(401, "", "", "WWW-Authenticate", "Bearer "+insufficient+`, max_age=60`), nil, func(cfg *clients.RelayConfig) {
		cfg.Page = func(w http.ResponseWriter, req *http.Request, status int, title, text, loginURL string) bool {
			if req.Header.Get("Sec-Fetch-Mode") != "navigate" {
				return false
			}
			told = append(told, fmt.Sprint(status, " ", loginURL))
			if title == "" || text == "" {
				t.Errorf("%s: title %q, text %q", req.URL, title, text)
			}
			w.WriteHeader(status)
			io.WriteString(w, "page")
			return true
		}
	})
	for _, c := range []struct{ target, want string }{
		{"/api/orders/files/a.pdf", "401 /auth/login?max_age=60"}, {"/api/orders/none", "404 "}, {"/api/orders/../x", "400 "}, {"/api/none", "404 "},
	} {
		told = nil
		if _, body := r.send(t, "GET", c.target, http.Header{"Sec-Fetch-Mode": {"navigate"}}, ""); body != "page" || len(told) != 1 || told[0] != c.want {
			t.Errorf("%s: %q after being told %q, want a page and %q", c.target, body, told, c.want)
		}
		if res, _ := r.send(t, "GET", c.target, http.Header{"Sec-Fetch-Mode": {"cors"}}, ""); res.Header.Get("Content-Type") != problemType {
			t.Errorf("%s: a script gets %q, want a problem", c.target, res.Header.Get("Content-Type"))
		}
	}
}

func TestBrowserLoads(t *testing.T) {
	r := newRelaying(t, says(200, jsonType, `{}`), nil, nil)
	for _, c := range []struct {
		method, target, upgrade string
		want                    bool
	}{
		{"GET", "/api/orders/files/a.pdf", "", true},
		{"HEAD", "/api/orders/files/a.pdf", "", true},
		{"POST", "/api/orders/files/a.pdf", "", false},
		{"GET", "/api/orders/files/a.pdf", "websocket", false},
		{"GET", "/api/orders/things", "", false},
		{"GET", "/api/none/files/a.pdf", "", false},
		{"GET", "/api/orders/files/../things", "", false},
	} {
		req := httptest.NewRequestWithContext(t.Context(), c.method, "https://shop.example.test"+c.target, nil)
		if c.upgrade != "" {
			req.Header.Set("Upgrade", c.upgrade)
		}
		if got := r.relay.BrowserLoads(req); got != c.want {
			t.Errorf("BrowserLoads(%s %s %s) = %v, want %v", c.method, c.target, c.upgrade, got, c.want)
		}
	}
}

func TestNewRelayReportsEveryFault(t *testing.T) {
	api := newFake(t, unreachable, nil)
	for _, c := range []struct {
		name  string
		route clients.RelayRoute
		says  string
	}{
		{"no slash", clients.RelayRoute{Methods: []string{"GET"}, Path: "things"}, "begins with a slash"},
		{"no method", clients.RelayRoute{Path: "/things"}, "at least one method"},
		{"TRACE", clients.RelayRoute{Methods: []string{"TRACE"}, Path: "/things"}, "want GET"},
		{"a method in small letters", clients.RelayRoute{Methods: []string{"get"}, Path: "/things"}, "want GET"},
		{"** in the middle", clients.RelayRoute{Methods: []string{"GET"}, Path: "/a/**/b"}, "plain segments"},
		{"a star in a name", clients.RelayRoute{Methods: []string{"GET"}, Path: "/a*"}, "plain segments"},
		{"dots", clients.RelayRoute{Methods: []string{"GET"}, Path: "/../a"}, "plain segments"},
		{"an empty segment", clients.RelayRoute{Methods: []string{"GET"}, Path: "/a/"}, "plain segments"},
		{"an escape", clients.RelayRoute{Methods: []string{"GET"}, Path: "/a%2F"}, "plain segments"},
		{"a load without GET", clients.RelayRoute{Methods: []string{"POST"}, Path: "/a", BrowserLoads: true}, "begins with GET"},
		{"a WebSocket without GET", clients.RelayRoute{Methods: []string{"POST"}, Path: "/a", WebSocket: true}, "begins with GET"},
	} {
		_, err := clients.NewRelay(clients.RelayConfig{Origin: relayOrigin, APIs: []clients.RelayAPI{{API: api, Routes: []clients.RelayRoute{c.route}}}})
		if err == nil || !strings.Contains(err.Error(), c.says) || c.route.Check() == nil {
			t.Errorf("%s: NewRelay = %v, want a fault that says %q", c.name, err, c.says)
		}
	}
	if _, err := clients.NewRelay(clients.RelayConfig{}); err == nil {
		t.Error("NewRelay without an origin = nil")
	}
	relay, err := clients.NewRelay(clients.RelayConfig{Origin: relayOrigin, APIs: []clients.RelayAPI{{API: api}}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	relay.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/api/orders/things", nil))
	if w.Code != 404 {
		t.Errorf("an API without routes = %d, want 404", w.Code)
	}
}

// FuzzRelayPath: what the relay lets through is one way of writing a path below the API's base.
func FuzzRelayPath(f *testing.F) {
	for _, seed := range []string{"/api/a/x", "/api/a/%2e%2e/x", "/api/a/b%2Fc", "/api/a//x", "/api/a/x;y", "/api/a/%c0%ae", "/api/a/%C3%A4?x=y", "/api/a/..;/x"} {
		f.Add(seed)
	}
	var got string
	api := newFake(f, func(req *http.Request) (*http.Response, error) {
		got = req.URL.EscapedPath()
		return fakeAnswer(200, http.Header{"Content-Type": {jsonType}}, "{}"), nil
	}, func(cfg *clients.Config) { cfg.Name = "a" })
	relay, err := clients.NewRelay(clients.RelayConfig{Origin: relayOrigin, APIs: []clients.RelayAPI{{API: api, Routes: []clients.RelayRoute{{Methods: []string{"GET"}, Path: "/**"}}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		got = ""
		relay.ServeHTTP(httptest.NewRecorder(), (&http.Request{Method: "GET", URL: u, Header: http.Header{}, Body: http.NoBody}).WithContext(context.Background()))
		if got == "" {
			return
		}
		for segment := range strings.SplitSeq(strings.TrimPrefix(got, "/"), "/") {
			decoded, err := url.PathUnescape(segment)
			if err != nil || decoded == "" || decoded == "." || decoded == ".." || strings.ContainsAny(decoded, "/\\;%?#\x00\r\n") || url.PathEscape(decoded) != segment {
				t.Errorf("%q went on as %q", target, got)
			}
		}
	})
}
