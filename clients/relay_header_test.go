package clients_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"vestibule.example/clients"
)

// BBA-17, BBA-23, T-18: what an API is told is on a list.
func TestRelayRequestHeaders(t *testing.T) {
	var body string
	r := newRelaying(t, func(w http.ResponseWriter, req *http.Request) {
		text, _ := io.ReadAll(req.Body)
		body = string(text)
		says(200, jsonType, `{}`)(w, req)
	}, func(cfg *clients.Config) { cfg.Headers = map[string]string{"X-Tenant": "shop", "prefer": "fixed"} }, nil)
	r.send(t, "POST", "/api/orders/things", http.Header{
		"Accept": {"text/csv"}, "Content-Type": {"text/csv"}, "If-Match": {`"1"`}, "Idempotency-Key": {"k"}, "Range": {"bytes=0-1"}, "Last-Event-Id": {"7"},
		"Prefer": {"mine"}, "Accept-Encoding": {"br"},
		"Cookie": {"s=1"}, "Authorization": {"Bearer mine"}, "Proxy-Authorization": {"Basic x"}, "X-Csrf": {"1"}, "Origin": {relayOrigin}, "Referer": {relayOrigin},
		"Forwarded": {"for=1.2.3.4"}, "X-Forwarded-For": {"1.2.3.4"}, "X-Forwarded-Host": {"evil.test"}, "X-Request-Id": {"mine"}, "X-Tenant": {"mine"},
		"X-Http-Method-Override": {"DELETE"}, "Vestibule-Session": {"ref"}, "Sec-Fetch-Site": {"same-origin"}, "Te": {"trailers"}, "Keep-Alive": {"1"},
		"Accept-Language": {"de"}, "Traceparent": {goodTrace}, "Baggage": {"a=b"}, "X-Original-Url": {"/admin"}, "User-Agent": {"Mozilla"},
	}, "a,b\n")
	got := r.api.requests()[0].Header
	want := http.Header{
		"Accept": {"text/csv"}, "Content-Type": {"text/csv"}, "If-Match": {`"1"`}, "Idempotency-Key": {"k"}, "Range": {"bytes=0-1"}, "Last-Event-Id": {"7"},
		"Accept-Encoding": {"br"}, "Content-Length": {"4"}, "User-Agent": {"vestibule"}, "X-Tenant": {"shop"}, "Prefer": {"fixed"},
	}
	for name, values := range got {
		if want.Get(name) != values[0] || len(values) != 1 {
			t.Errorf("the API got %s: %q, want %q", name, values, want[name])
		}
	}
	for name := range want {
		if got.Get(name) == "" {
			t.Errorf("the API did not get %s", name)
		}
	}
	if body != "a,b\n" || r.api.requests()[0].Host != strings.TrimPrefix(r.api.server.URL, "http://") {
		t.Errorf("the API got %q for host %s", body, r.api.requests()[0].Host)
	}
	for name, value := range map[string][]string{"Accept": {"a", "b"}, "Content-Type": {strings.Repeat("x", 5000)}, "Range": {"\xff"}} {
		r.send(t, "GET", "/api/orders/things", http.Header{name: value}, "")
		all := r.api.requests()
		if got := all[len(all)-1].Header.Get(name); got == value[0] {
			t.Errorf("%s: %.20q was passed on", name, got)
		}
	}
}

// CACHE-1, WEB-4, WEB-7, WEB-8: an answer that lives on our origin can do nothing there.
func TestRelayAnswerHeaders(t *testing.T) {
	answer := says(200, "", "x")
	r := newRelaying(t, func(w http.ResponseWriter, req *http.Request) { answer(w, req) }, nil, nil)
	get := func(a http.HandlerFunc) *http.Response {
		t.Helper()
		answer = a
		res, _ := r.send(t, "GET", "/api/orders/things", http.Header{}, "")
		return res
	}
	res := get(says(200, jsonType, `{}`, "Set-Cookie", "a=b", "Access-Control-Allow-Origin", "*", "Service-Worker-Allowed", "/", "Clear-Site-Data", `"*"`,
		"Refresh", "0; url=//evil.test", "Link", "</x>; rel=preload", "WWW-Authenticate", "Basic", "Server", "x/1", "X-Powered-By", "y", "X-Accel-Redirect", "/etc",
		"Content-Security-Policy", "default-src *", "Strict-Transport-Security", "max-age=0", "Alt-Svc", "h3", "Sourcemap", "/m", "Origin-Agent-Cluster", "?1",
		"Etag", `"1"`, "Last-Modified", "Wed, 25 Nov 2026 12:00:00 GMT", "Content-Language", "de", "Accept-Ranges", "bytes", "Vary", "Accept"))
	for name, want := range map[string]string{
		"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control": "no-store", "Etag": `"1"`, "Content-Language": "de", "Accept-Ranges": "bytes", "Vary": "Accept", "Content-Type": jsonType, "Content-Length": "2",
		"Last-Modified": "Wed, 25 Nov 2026 12:00:00 GMT",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
		res.Header.Del(name)
	}
	res.Header.Del("Date")
	if len(res.Header) > 0 {
		t.Errorf("beside what is on the list came %v", res.Header)
	}
	for _, c := range []struct{ contentType, disposition, wantType, want string }{
		{jsonType, "", jsonType, ""},
		{"application/vnd.shop+json; charset=utf-8", "", "application/vnd.shop+json; charset=utf-8", ""},
		{"text/plain", "", "text/plain", ""},
		{"image/png", "", "image/png", ""},
		{"image/jpeg", `inline; filename="a.jpg"`, "image/jpeg", "inline; filename=a.jpg"},
		{"image/png", `attachment; filename="a.png"`, "image/png", "attachment; filename=a.png"},
		{"text/html", "", "text/html", "attachment"},
		{"text/html", "inline", "text/html", "attachment"},
		{"TEXT/HTML; charset=utf-8", `inline; filename="a.html"`, "TEXT/HTML; charset=utf-8", "attachment; filename=a.html"},
		{"application/xhtml+xml", "", "application/xhtml+xml", "attachment"},
		{"image/svg+xml", "inline", "image/svg+xml", "attachment"},
		{"text/xml", "", "text/xml", "attachment"},
		{"application/pdf", "inline", "application/pdf", "attachment"},
		{"text/javascript", "", "application/octet-stream", "attachment"},
		{"Application/X-JavaScript; charset=utf-8", `inline; filename="a.js"`, "application/octet-stream", "attachment; filename=a.js"},
		{"text/ecmascript", "", "application/octet-stream", "attachment"},
		{"text/css", "inline", "application/octet-stream", "attachment"},
		{"", "", "application/octet-stream", "attachment"},
		{"nonsense; =", "", "application/octet-stream", "attachment"},
		{"application/pdf", `attachment; filename="../a b.pdf"; evil="x"`, "application/pdf", `attachment; filename="../a b.pdf"`},
		{"application/pdf", `attachment; filename*=UTF-8''%C3%A4.pdf`, "application/pdf", `attachment; filename*=utf-8''%C3%A4.pdf`},
		{"application/pdf", `attachment; filename*=UTF-8''a%0d%0ab`, "application/pdf", "attachment"},
		{"application/pdf", "; ;", "application/pdf", "attachment"},
	} {
		res := get(says(200, c.contentType, "x", "Content-Disposition", c.disposition))
		if got := res.Header.Get("Content-Disposition"); got != c.want || res.Header.Get("Content-Type") != c.wantType {
			t.Errorf("%q with %q came as %q, %q, want %q, %q", c.contentType, c.disposition, res.Header.Get("Content-Type"), got, c.wantType, c.want)
		}
	}
	for said, want := range map[string]string{
		"public, max-age=60": "private, max-age=60", "max-age=60, s-maxage=600, immutable": "private, max-age=60, immutable", "no-store": "private, no-store",
		"private, no-cache": "private, no-cache", "Public": "private", "proxy-revalidate,must-revalidate": "private, must-revalidate",
	} {
		if got := get(says(200, jsonType, `{}`, "Cache-Control", said)).Header.Get("Cache-Control"); got != want {
			t.Errorf("Cache-Control %q came as %q, want %q", said, got, want)
		}
	}
}

// GQL-10: a redirect leads where the relay leads, or nowhere.
func TestRelayRedirects(t *testing.T) {
	var r *relaying
	var status int
	var location string
	r = newRelaying(t, func(w http.ResponseWriter, req *http.Request) { says(status, "", "", "Location", location)(w, req) }, nil, nil)
	for _, c := range []struct {
		name     string
		status   int
		location string
		want     string // empty: 502 for a redirect, no Location for anything else
	}{
		{"a path of the API", 302, "/v1/things/2?a=b", "/api/orders/things/2?a=b"},
		{"a relative path", 303, "things/2", "/api/orders/things/2"},
		{"a whole URL of the API", 307, r.api.server.URL + "/v1/things/2", "/api/orders/things/2"},
		{"what was created", 201, "/v1/things/2", "/api/orders/things/2"},
		{"another host", 302, "https://evil.test/v1/things/2", ""},
		{"another host without scheme", 302, "//evil.test/v1/things/2", ""},
		{"a path that is not relayed", 302, "/v1/admin", ""},
		{"a path beside the API", 302, "/v2/things/2", ""},
		{"dots", 302, "/v1/things/../admin", ""},
		{"encoded dots", 302, "/v1/things/%2e%2e", ""},
		{"a script", 302, "javascript:alert(1)", ""},
		{"nonsense", 302, "http://[", ""},
		{"a user", 302, strings.Replace(r.api.server.URL, "//", "//u@", 1) + "/v1/things/2", ""},
		{"created elsewhere", 201, "https://evil.test/", ""},
	} {
		status, location = c.status, c.location
		res, body := r.send(t, "POST", "/api/orders/things", http.Header{}, "")
		want := c.status
		if c.want == "" && c.status/100 == 3 {
			want = 502
		}
		if res.StatusCode != want || res.Header.Get("Location") != c.want || strings.Contains(body, "evil") {
			t.Errorf("%s: %d, Location %q, %s, want %d, %q", c.name, res.StatusCode, res.Header.Get("Location"), body, want, c.want)
		}
	}
	status, location = 300, ""
	if res, _ := r.send(t, "GET", "/api/orders/things", http.Header{}, ""); res.StatusCode != 502 {
		t.Errorf("a redirect to nowhere = %d, want 502", res.StatusCode)
	}
	status = 304
	if res, _ := r.send(t, "GET", "/api/orders/things", http.Header{}, ""); res.StatusCode != 304 {
		t.Errorf("304 = %d, want it passed on", res.StatusCode)
	}
}
