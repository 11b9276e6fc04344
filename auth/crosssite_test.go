package auth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vestibule.example/auth"
)

// CSRF-1 to CSRF-8, CSRF-12, BBA-11 to BBA-13, COP-2, COP-3, WS-2, T-13 to T-15
func TestCrossSite(t *testing.T) {
	w := newWorld(t, nil)
	reached := 0
	guarded := w.auth.CrossSite(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	own := w.origin
	for _, c := range []struct {
		name, method, site, origin, header string
		more                               http.Header
		want                               int
	}{
		{"a script of ours reads", "GET", "same-origin", "", "1", nil, 200},
		{"a script of ours writes", "POST", "same-origin", own, "1", nil, 200},
		{"a browser without Sec-Fetch-Site reads", "GET", "", "", "1", nil, 200},
		{"a browser without Sec-Fetch-Site writes, with its origin", "POST", "", own, "1", nil, 200},
		{"a client that is no browser writes", "POST", "", "", "1", nil, 200},
		{"reading without the header", "GET", "same-origin", "", "", nil, 403},
		{"writing without the header", "POST", "same-origin", own, "", nil, 403},
		{"the header with another value", "POST", "same-origin", own, "0", nil, 403},
		{"another site", "POST", "cross-site", "https://evil.test", "1", nil, 403},
		{"another site reads", "GET", "cross-site", "", "1", nil, 403},
		{"a sibling domain", "POST", "same-site", "http://evil.localhost", "1", nil, 403},
		{"a sibling domain reads, which sends no origin", "GET", "same-site", "", "1", nil, 403},
		{"a sibling domain, by what the site says alone", "POST", "same-site", own, "1", nil, 403},
		{"a typed address", "GET", "none", "", "1", nil, 403},
		{"a value nobody knows", "POST", "xyz", own, "1", nil, 403},
		{"a foreign origin though the site says same", "POST", "same-origin", "https://evil.test", "1", nil, 403},
		{"a foreign origin and no site", "POST", "", "https://evil.test", "1", nil, 403},
		{"a foreign origin that begins with ours", "POST", "", own + ".evil.test", "1", nil, 403},
		{"our host over another scheme", "POST", "", strings.Replace(own, "http:", "https:", 1), "1", nil, 403},
		{"the null origin", "POST", "", "null", "1", nil, 403},
		{"two origins", "POST", "", own, "1", http.Header{"Origin": {own, "https://evil.test"}}, 403},
		{"two sites", "POST", "same-origin", own, "1", http.Header{"Sec-Fetch-Site": {"same-origin", "cross-site"}}, 403},
		{"a method override", "GET", "cross-site", "", "", http.Header{"X-Http-Method-Override": {"POST"}}, 403},
		{"a preflight", "OPTIONS", "cross-site", "https://evil.test", "", http.Header{"Access-Control-Request-Headers": {"x-csrf"}}, 403},
		{"a WebSocket of ours needs no header", "GET", "", own, "", http.Header{"Upgrade": {"websocket"}}, 200},
		{"a WebSocket of another origin", "GET", "", "https://evil.test", "", http.Header{"Upgrade": {"websocket"}}, 403},
		{"a WebSocket of the null origin", "GET", "", "null", "", http.Header{"Upgrade": {"WebSocket"}}, 403},
		{"a WebSocket without origin", "GET", "", "", "1", http.Header{"Upgrade": {"websocket"}}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, own+"/graphql", unread{t})
			for name, value := range map[string]string{"Sec-Fetch-Site": c.site, "Origin": c.origin, "X-CSRF": c.header} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			for name, values := range c.more {
				r.Header[name] = values
			}
			reached = 0
			out := httptest.NewRecorder()
			guarded.ServeHTTP(out, r)
			if out.Code != c.want || (reached == 1) != (c.want == 200) {
				t.Errorf("status = %d, reached %d times, want %d", out.Code, reached, c.want)
			}
			if out.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Error("an Access-Control header was sent (CSRF-7)")
			}
			if out.Code == 403 && (out.Header().Get("Cache-Control") != "no-store" || !strings.HasPrefix(out.Header().Get("Content-Type"), "application/problem+json")) {
				t.Errorf("refusal = %v, want a problem that nobody keeps", out.Header())
			}
		})
	}
}

// unread is a body that must not be read before the request is judged.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, http.ErrBodyReadAfterClose
}

// OPS-1: what would prove nothing is no CSRF header.
func TestCSRFHeaderNames(t *testing.T) {
	w := newWorld(t, nil)
	for _, name := range []string{"Accept", "content-type", "Content-Language", "Range", "Cookie", "Origin", "Sec-Custom", "Proxy-X", "X-HTTP-Method-Override", "a b", "ä", "Host"} {
		cfg := w.config
		cfg.CSRFHeader = name
		if _, err := auth.New(cfg); err == nil {
			t.Errorf("New with CSRF header %q succeeded", name)
		}
	}
	cfg := w.config
	cfg.CSRFHeader = "X-Requested-With-Us"
	w.serve(t, cfg)
}
