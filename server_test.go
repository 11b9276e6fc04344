//go:build !nodemo

package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule.example/demo/visitor"
)

// gateway is run() with the demo world, on free ports.
type gateway struct {
	origin, admin, demo string
	log                 *logBuffer
	stop                func() error
}

var (
	servingLine = regexp.MustCompile(`msg=serving .*public_url=(\S+) admin=(\S+)`)
	controlLine = regexp.MustCompile(`Make APIs fail\s+(\S+)`)
)

// startGateway starts the program as `go run .` would and stops it when the test ends, which must be in order.
func startGateway(t testing.TB, variables ...string) *gateway {
	t.Helper()
	environment := map[string]string{
		"VESTIBULE_SERVER_ADDRESS": "127.0.0.1:0", "VESTIBULE_SERVER_ADMIN_ADDRESS": "127.0.0.1:0", "VESTIBULE_DEMO_ADDRESS": "127.0.0.1:0",
	}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		environment[name] = value
	}
	ctx, cancel := context.WithCancel(context.Background())
	log := &logBuffer{grew: make(chan struct{}, 1)}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, func(name string) string { return environment[name] }, nil, io.Discard, log) }()
	g := &gateway{log: log}
	g.stop = sync.OnceValue(func() error {
		g.collect(t)
		g.watchMetrics(t)
		cancel()
		defer g.watchLog(t)
		return <-ended
	})
	t.Cleanup(func() {
		if err := g.stop(); err != nil {
			t.Errorf("the gateway did not stop in order: %v", err)
		}
	})
	for {
		if m := servingLine.FindStringSubmatch(log.String()); m != nil {
			g.origin, g.admin = m[1], "http://"+m[2]
			break
		}
		select {
		case <-log.grew:
		case err := <-ended:
			ended <- err
			t.Fatalf("the gateway ended at start: %v\n%s", err, log)
		case <-time.After(30 * time.Second):
			t.Fatalf("the gateway did not start:\n%s", log)
		}
	}
	if m := controlLine.FindStringSubmatch(log.String()); m != nil {
		g.demo = strings.TrimSuffix(m[1], "/")
		g.record(t)
	}
	return g
}

func (g *gateway) visitor(t testing.TB) *visitor.Visitor {
	t.Helper()
	v, err := visitor.New(g.origin, watched(g.origin, &http.Transport{MaxIdleConnsPerHost: 16, ResponseHeaderTimeout: time.Minute}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

func do(t testing.TB, method, address string, header http.Header, body io.Reader) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		if name == "Host" {
			req.Host = values[0]
			continue
		}
		req.Header[name] = values
	}
	client := &http.Client{Transport: watched(req.URL.Scheme+"://"+req.URL.Host, &http.Transport{DisableKeepAlives: true}), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

func TestRoutes(t *testing.T) {
	g := startGateway(t)
	navigation := http.Header{"Accept": {"text/html"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {"none"}}
	link := http.Header{"Accept": {"text/html"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {"same-origin"}}
	script := http.Header{"X-Csrf": {"1"}, "Sec-Fetch-Site": {"same-origin"}, "Accept": {"application/json"}}
	for _, c := range []struct {
		name, method, path string
		header             http.Header
		status             int
		media              string
	}{
		{"the app is at the top", "GET", "/", navigation, 200, "text/html"},
		{"a navigation to a path of the app gets the app", "GET", "/orders/o-1001", navigation, 200, "text/html"},
		{"a missing asset is missing (WEB-10)", "GET", "/assets/none.js", script, 404, ""},
		{"GraphQL answers a script of ours", "GET", "/graphql?query={__typename}", script, 200, "application/json"},
		{"GraphQL refuses what bears no proof (BBA-12)", "GET", "/graphql?query={__typename}", nil, 403, "application/problem+json"},
		{"GraphQL says what it answers (GOH-25)", "OPTIONS", "/graphql", script, 204, ""},
		{"GraphQL answers HEAD (GOH-25)", "HEAD", "/graphql?query={__typename}", script, 200, "application/json"},
		{"GraphQL has no other methods (GOH-4)", "DELETE", "/graphql", script, 405, "application/json"},
		{"a navigation to GraphQL is no script (WEB-8)", "GET", "/graphql?query={__typename}", navigation, 403, ""},
		{"below GraphQL there is nothing (WEB-10)", "GET", "/graphql/x.css", script, 404, "application/problem+json"},
		{"the playground is there in development", "GET", "/playground", navigation, 200, "text/html"},
		{"diagnostics are there in development", "GET", "/auth/diagnostics", navigation, 200, "text/html"},
		{"diagnostics by a link of ours", "GET", "/auth/diagnostics", link, 200, "text/html"},
		{"diagnostics are not for scripts", "GET", "/auth/diagnostics", http.Header{"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}}, 403, "application/problem+json"},
		{"diagnostics are no POST", "POST", "/auth/diagnostics", navigation, 405, ""},
		{"login leads to the provider (BBA-19)", "GET", "/auth/login", navigation, 303, ""},
		{"login is no HEAD", "HEAD", "/auth/login", navigation, 405, ""},
		{"login is no POST", "POST", "/auth/login", navigation, 405, ""},
		{"login is not for fetching", "GET", "/auth/login", http.Header{"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}}, 400, "application/problem+json"},
		{"a callback that nobody asked for is refused (BCP-2)", "GET", "/auth/callback?code=x&state=y", navigation, 400, "text/html"},
		{"callback is no HEAD", "HEAD", "/auth/callback", navigation, 405, ""},
		{"the session endpoint answers (BBA-18)", "GET", "/auth/session", script, 200, "application/json"},
		{"the session endpoint refuses what bears no proof", "GET", "/auth/session", nil, 403, "application/problem+json"},
		{"my sessions want a session (WEB-15)", "GET", "/auth/sessions", script, 401, "application/problem+json"},
		{"the end of all sessions refuses what bears no proof", "DELETE", "/auth/sessions?scope=all", nil, 403, "application/problem+json"},
		{"the end of a session refuses what bears no proof", "DELETE", "/auth/sessions/x", nil, 403, "application/problem+json"},
		{"events want a session", "GET", "/auth/events", script, 401, "application/problem+json"},
		{"logout refuses what bears no proof (RPL-2)", "POST", "/auth/logout", nil, 403, "application/problem+json"},
		{"logout is no HEAD", "HEAD", "/auth/logout", navigation, 405, ""},
		{"the logout link is for this origin's pages alone (RPL-2)", "GET", "/auth/logout?t=x", navigation, 403, "text/html"},
		{"the logout link without a session leads on", "GET", "/auth/logout?t=x", link, 303, ""},
		{"back-channel logout is no GET (BCL-1)", "GET", "/auth/backchannel-logout", nil, 405, "application/problem+json"},
		{"back-channel logout wants a form (BCL-1)", "POST", "/auth/backchannel-logout", script, 415, "application/problem+json"},
		{"front-channel logout is off", "GET", "/auth/frontchannel-logout?iss=x&sid=y", nil, 404, "application/problem+json"},
		{"no other path of auth is the app's, and a person gets a page (PROB-2)", "GET", "/auth/none", navigation, 404, "text/html"},
		{"no API is relayed unless configured", "GET", "/api/orders", script, 404, "application/problem+json"},
		{"metrics are not public (WEB-13)", "GET", "/metrics", script, 404, ""},
		{"profiles are not public (WEB-13)", "GET", "/debug/pprof/", script, 404, ""},
		{"TRACE is refused (WEB-12)", "TRACE", "/", nil, 405, ""},
		{"dotfiles are nothing (WEB-11)", "GET", "/.git/config", navigation, 404, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := do(t, c.method, g.origin+c.path, c.header, nil)
			if res.StatusCode != c.status {
				t.Errorf("%s %s = %d, want %d", c.method, c.path, res.StatusCode, c.status)
			}
			if c.media != "" && !strings.HasPrefix(res.Header.Get("Content-Type"), c.media) {
				t.Errorf("Content-Type = %q, want %q", res.Header.Get("Content-Type"), c.media)
			}
			if res.StatusCode == 405 && res.Header.Get("Allow") == "" {
				t.Error("405 without Allow")
			}
			// WEB-3 to WEB-5, WEB-7
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			if !strings.Contains(res.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
				t.Errorf("Content-Security-Policy = %q, want it to forbid framing", res.Header.Get("Content-Security-Policy"))
			}
			if res.Header.Get("Referrer-Policy") == "" {
				t.Error("no Referrer-Policy")
			}
			if res.Header.Get("Server") != "" || res.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("headers tell too much: %v", res.Header)
			}
			if res.Header.Get("X-Request-Id") == "" {
				t.Error("no X-Request-Id")
			}
		})
	}
}

// GOH-19: a header beyond the bound, a query string among it, is refused before anything looks at it.
func TestAHeaderThatIsTooLarge(t *testing.T) {
	g := startGateway(t)
	for name, req := range map[string]struct{ path, value string }{"a header": {"/graphql?query={__typename}", strings.Repeat("x", 80<<10)}, "a query string": {"/graphql?query=" + strings.Repeat("x", 80<<10), ""}} {
		if res := do(t, "GET", g.origin+req.path, http.Header{"X-Csrf": {"1"}, "X-Large": {req.value}}, nil); res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s = %d, want 431", name, res.StatusCode)
		}
	}
}

// RED-4, BCP-16
func TestOtherHostsAreMisdirected(t *testing.T) {
	g := startGateway(t)
	for _, c := range []struct {
		name   string
		where  string
		header http.Header
	}{
		{"another name on the public listener", g.origin, http.Header{"Host": {"evil.test"}}},
		{"a name that rebinds to loopback, with the right port", g.origin, http.Header{"Host": {"evil.test:" + portOf(t, g.origin)}}},
		{"another name on the operators' listener", g.admin + "/healthz", http.Header{"Host": {"evil.test"}}},
		{"a request through a proxy, to the demo", g.origin, http.Header{"X-Forwarded-For": {"192.0.2.1"}}},
		{"a forwarded request, to the demo", g.origin, http.Header{"Forwarded": {"for=192.0.2.1"}}},
		{"a relayed request, to the demo", g.origin, http.Header{"Via": {"1.1 proxy"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if res := do(t, "GET", c.where, c.header, nil); res.StatusCode != http.StatusMisdirectedRequest {
				t.Errorf("status = %d, want 421", res.StatusCode)
			}
		})
	}
}

func portOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func TestOperatorsListener(t *testing.T) {
	g := startGateway(t)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/": 404, "/graphql": 404} {
		if res := do(t, "GET", g.admin+path, nil, nil); res.StatusCode != want {
			t.Errorf("GET %s = %d, want %d", path, res.StatusCode, want)
		}
	}
}

func TestStopEndsEventStreamsAndFinishesInOrder(t *testing.T) {
	g := startGateway(t)
	v := g.visitor(t)
	if _, err := v.SignIn(t.Context(), "alice", "alice", "/", nil); err != nil {
		t.Fatal(err)
	}
	res, err := v.Fetch(t.Context(), "GET", "/auth/events", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("/auth/events = %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	if err := g.stop(); err != nil {
		t.Errorf("stopping with an open stream: %v", err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Errorf("the stream was cut, not ended: %v", err)
	}
}
