//go:build !nodemo

package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"vestibule.example/demo/visitor"
)

// hops keeps every answer of one origin.
type hops struct {
	origin string
	base   http.RoundTripper
	seen   []*http.Response
}

func (h *hops) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := h.base.RoundTrip(req)
	if err == nil && req.URL.Scheme+"://"+req.URL.Host == h.origin {
		h.seen = append(h.seen, res)
	}
	return res, err
}

// CACHE-1, CACHE-2, SES-13, RPL-6, T-17: no cache keeps what is personal or sets a cookie, and who has signed out lands on
// a page that needs no session.
func TestPersonalAnswersAreNotKept(t *testing.T) {
	g := startGateway(t)
	watcher := &hops{origin: g.origin, base: &http.Transport{DisableKeepAlives: true}}
	v, err := visitor.New(g.origin, watcher)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/auth/callback?code=x&state=y", "/auth/callback?error=access_denied&state=y"} {
		if _, err := v.Navigate(t.Context(), path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := v.SignIn(t.Context(), "alice", "alice", "/account", nil); err != nil {
		t.Fatal(err)
	}
	ask(t, v, accountPage, nil)
	ask(t, v, "{ nothing }", nil)
	if _, err := v.Session(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/auth/sessions", "/graphql?query={me{id}}", "/auth/none"} {
		res, err := v.Fetch(t.Context(), http.MethodGet, path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	landing, err := v.SignOut(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if landing.Status != http.StatusOK || landing.URL.Path != "/signed-out" || strings.Contains(string(landing.Body), "Alice") {
		t.Errorf("after signing out she is at %s (%d), want a page of nobody's", landing.URL, landing.Status)
	}
	cookies, personal := 0, map[string]bool{}
	for _, res := range watcher.seen {
		at := res.Request.Method + " " + res.Request.URL.Path
		setsCookie := len(res.Header["Set-Cookie"]) > 0
		if setsCookie {
			cookies++
		}
		if setsCookie || res.Request.URL.Path == "/graphql" || strings.HasPrefix(res.Request.URL.Path, "/auth/") {
			personal[at] = true
			if got := res.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s (%d): Cache-Control = %q, want no-store", at, res.StatusCode, got)
			}
		}
	}
	if cookies < 3 || len(personal) < 9 {
		t.Errorf("%d answers set a cookie and %d addresses were personal, want the whole journey: %v", cookies, len(personal), personal)
	}
}

// CSRF-7: no other origin is told that it may read, whatever it calls itself and whatever it asks for.
func TestNoOtherOriginMayRead(t *testing.T) {
	g := startGateway(t)
	for _, origin := range []string{"https://evil.test", "null", g.origin + ".evil.test", "http://evil.test/" + g.origin, "http://localhost", "http://127.0.0.1:" + portOf(t, g.origin)} {
		for _, path := range []string{"/", "/graphql?query={__typename}", "/auth/session", "/auth/events", "/auth/login", "/api/orders", "/assets/none.js"} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
				res := do(t, method, g.origin+path, http.Header{
					"Origin": {origin}, "X-Csrf": {"1"}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"x-csrf"},
				}, nil)
				for name := range res.Header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s %s from %s: %s = %q, want none", method, path, origin, name, res.Header.Get(name))
					}
				}
				if strings.HasPrefix(path, "/graphql") && res.StatusCode != http.StatusForbidden {
					t.Errorf("%s %s from %s = %d, want 403", method, path, origin, res.StatusCode)
				}
			}
		}
	}
}

// CSRF-11, CSRF-2: a method is what the request line says.
func TestMethodOverridesAreNotHeard(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	for _, name := range []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"} {
		mutation := "/graphql?_method=POST&query=" + url.QueryEscape(`mutation { endOtherSessions { sessions { id } } }`)
		for path, c := range map[string]struct {
			method string
			want   int
		}{
			mutation: {"POST", http.StatusMethodNotAllowed}, "/auth/sessions?scope=all&_method=DELETE": {"DELETE", http.StatusOK},
		} {
			res, err := v.FetchWith(t.Context(), http.MethodGet, path, http.Header{name: {c.method}})
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != c.want {
				t.Errorf("GET %.20s with %s = %d, want %d", path, name, res.StatusCode, c.want)
			}
		}
	}
	if in, err := v.SignedIn(t.Context()); err != nil || !in {
		t.Errorf("signed in = %v, %v, want true", in, err)
	}
}

// GQL-3, WEB-13, T-19, OPS-2: what is for developers is not there in production, and production is what one gets.
func TestProductionHasNothingForDevelopers(t *testing.T) {
	port := freePort(t)
	g := startGateway(t, "VESTIBULE_SERVER_ADDRESS=127.0.0.1:"+port, "VESTIBULE_DEMO_ADDRESS=", "VESTIBULE_SERVER_DRAIN_DELAY=0s", "VESTIBULE_CONFIG="+writeFile(t, "vestibule.yaml",
		strings.Replace(minimal, "https://shop.example.com", "http://localhost:"+port, 1)+`
observe: {log_format: text}
apis:
  accounts: {base_url: "http://127.0.0.1:1"}
  catalog: {base_url: "http://127.0.0.1:1", token: none}
  orders: {base_url: "http://127.0.0.1:1"}
  shipping: {base_url: "http://127.0.0.1:1"}
`))
	navigation := http.Header{"Accept": {"text/html"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}
	for _, path := range []string{"/playground", "/playground/", "/playground/index.html", "/auth/diagnostics", "/auth/diagnostics?ask=1"} {
		if res := do(t, http.MethodGet, g.origin+path, navigation, nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, res.StatusCode)
		}
	}
	script := http.Header{"X-Csrf": {"1"}, "Sec-Fetch-Site": {"same-origin"}, "Accept": {"application/json"}}
	res := do(t, http.MethodGet, g.origin+"/graphql?query={__schema{types{name}}}", script, nil)
	if body, err := io.ReadAll(res.Body); err != nil || strings.Contains(string(body), "PlaceOrderInput") || !strings.Contains(string(body), "errors") {
		t.Errorf("introspection = %d %.100s, %v, want it to tell nothing", res.StatusCode, body, err)
	}
	res = do(t, http.MethodGet, g.origin+"/graphql?query={categories{id}}", script, nil)
	if body, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(body), "UPSTREAM_UNAVAILABLE") || strings.Contains(string(body), `"trace"`) || strings.Contains(string(body), `"cost"`) {
		t.Errorf("an answer = %.300s, %v, want it not to say how it came about", body, err)
	}
}

// WEB-1: over https alone, and for a year.
func TestStrictTransportSecurity(t *testing.T) {
	for https, want := range map[bool]string{true: "max-age=31536000; includeSubDomains", false: ""} {
		out := httptest.NewRecorder()
		securityHeaders(https, http.NotFoundHandler()).ServeHTTP(out, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if got := out.Header().Get("Strict-Transport-Security"); got != want {
			t.Errorf("over https %v: Strict-Transport-Security = %q, want %q", https, got, want)
		}
	}
}

// RED-4: which Host belongs here, letter by letter.
func TestHosts(t *testing.T) {
	at := func(address string) context.Context {
		addr, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		return context.WithValue(t.Context(), http.LocalAddrContextKey, addr)
	}
	shop := publicHost(&url.URL{Scheme: "https", Host: "shop.example.com"})
	odd := publicHost(&url.URL{Scheme: "http", Host: "localhost:8080"})
	for _, c := range []struct {
		name    string
		allowed func(*http.Request) bool
		ctx     context.Context
		host    string
		want    bool
	}{
		{"the public name", shop, t.Context(), "shop.example.com", true},
		{"the public name, shouted", shop, t.Context(), "SHOP.example.com", true},
		{"the public name with its port", shop, t.Context(), "shop.example.com:443", true},
		{"the public name with another port", shop, t.Context(), "shop.example.com:80", false},
		{"a name that ends like it", shop, t.Context(), "evilshop.example.com", false},
		{"a name below it", shop, t.Context(), "evil.shop.example.com", false},
		{"a name that begins like it", shop, t.Context(), "shop.example.com.evil.test", false},
		{"no name", shop, t.Context(), "", false},
		{"a port of its own", odd, t.Context(), "localhost:8080", true},
		{"a port of its own, left out", odd, t.Context(), "localhost", false},
		{"an operator by number", localHost, at("127.0.0.1:9090"), "127.0.0.1:9090", true},
		{"an operator by name", localHost, at("127.0.0.1:9090"), "localhost:9090", true},
		{"an operator over IPv6", localHost, at("[::1]:9090"), "[::1]:9090", true},
		{"an operator at port 80", localHost, at("127.0.0.1:80"), "localhost", true},
		{"an operator at another port", localHost, at("127.0.0.1:9090"), "127.0.0.1:9091", false},
		{"an operator at another port, by name", localHost, at("127.0.0.1:9090"), "localhost:9091", false},
		{"another address of this machine", localHost, at("127.0.0.1:9090"), "127.0.0.2:9090", false},
		{"another name of this machine", localHost, at("127.0.0.1:9090"), "evil.test:9090", false},
		{"a private address as localhost", localHost, at("192.0.2.1:9090"), "localhost:9090", false},
		{"a private address by number", localHost, at("192.0.2.1:9090"), "192.0.2.1:9090", true},
		{"a connection of no address", localHost, t.Context(), "localhost:9090", false},
		{"a connection of another kind", localHost, context.WithValue(t.Context(), http.LocalAddrContextKey, net.Addr(&net.UnixAddr{Name: "admin.sock", Net: "unix"})), "localhost:9090", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(c.ctx, http.MethodGet, "/", nil)
			r.Host = c.host
			if got := c.allowed(r); got != c.want {
				t.Errorf("Host %q allowed = %v, want %v", c.host, got, c.want)
			}
		})
	}
}
