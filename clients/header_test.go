package clients_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/clients"
)

const goodTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// BBA-17, BBA-23, GQL-9: what an API is told of the browser's request is on a list, and checked.
func TestHeadersToAnAPI(t *testing.T) {
	told := func(change func(*clients.Config), in clients.Inbound) http.Header {
		t.Helper()
		u := newUpstream(t, says(200, jsonType, `{}`))
		if _, err := clients.Get[widget](clients.WithInbound(t.Context(), in), u.api(t, change), clients.At("/"), nil); err != nil {
			t.Fatal(err)
		}
		return u.requests()[0].Header
	}
	all := func(cfg *clients.Config) { cfg.ForwardLanguage, cfg.ClientAddress = true, "Forwarded" }
	for _, c := range []struct {
		name   string
		change func(*clients.Config)
		in     clients.Inbound
		header string
		want   string
	}{
		{"JSON is asked for", nil, clients.Inbound{}, "Accept", "application/json, application/problem+json"},
		{"the gateway names itself", nil, clients.Inbound{}, "User-Agent", "vestibule"},
		{"by a name of its own", func(cfg *clients.Config) { cfg.UserAgent = "shop/1" }, clients.Inbound{}, "User-Agent", "shop/1"},
		{"fixed headers", func(cfg *clients.Config) { cfg.Headers = map[string]string{"x-tenant": "a b"} }, clients.Inbound{}, "X-Tenant", "a b"},
		{"a fixed Accept", func(cfg *clients.Config) { cfg.Headers = map[string]string{"Accept": "application/vnd.shop+json"} }, clients.Inbound{}, "Accept", "application/vnd.shop+json"},
		{"the request id", nil, clients.Inbound{RequestID: "r-1._X"}, "X-Request-Id", "r-1._X"},
		{"no request id with a line end", nil, clients.Inbound{RequestID: "r\r\nX: y"}, "X-Request-Id", ""},
		{"no request id beyond its length", nil, clients.Inbound{RequestID: strings.Repeat("r", 129)}, "X-Request-Id", ""},
		{"the trace", nil, clients.Inbound{TraceParent: goodTrace}, "Traceparent", goodTrace},
		{"the trace's state", nil, clients.Inbound{TraceParent: goodTrace, TraceState: "a=b"}, "Tracestate", "a=b"},
		{"no state without a trace", nil, clients.Inbound{TraceState: "a=b"}, "Tracestate", ""},
		{"no state with a line end", nil, clients.Inbound{TraceParent: goodTrace, TraceState: "a=b\n"}, "Tracestate", ""},
		{"no state beyond its length", nil, clients.Inbound{TraceParent: goodTrace, TraceState: strings.Repeat("a", 513)}, "Tracestate", ""},
		{"no trace of another version", nil, clients.Inbound{TraceParent: "01" + goodTrace[2:]}, "Traceparent", ""},
		{"no trace in capitals", nil, clients.Inbound{TraceParent: strings.ToUpper(goodTrace)}, "Traceparent", ""},
		{"no trace without an id", nil, clients.Inbound{TraceParent: "00-" + strings.Repeat("0", 32) + goodTrace[35:]}, "Traceparent", ""},
		{"no trace without a span", nil, clients.Inbound{TraceParent: goodTrace[:36] + strings.Repeat("0", 16) + "-01"}, "Traceparent", ""},
		{"the language, where wanted", all, clients.Inbound{Language: "de, en;q=0.5"}, "Accept-Language", "de, en;q=0.5"},
		{"no language unless wanted", nil, clients.Inbound{Language: "de"}, "Accept-Language", ""},
		{"no language with a line end", all, clients.Inbound{Language: "de\r\nX: y"}, "Accept-Language", ""},
		{"no language beyond its length", all, clients.Inbound{Language: strings.Repeat("d", 257)}, "Accept-Language", ""},
		{"the address, where wanted", all, clients.Inbound{ClientAddr: "192.0.2.7"}, "Forwarded", "for=192.0.2.7"},
		{"of version 6", all, clients.Inbound{ClientAddr: "2001:db8::7"}, "Forwarded", `for="[2001:db8::7]"`},
		{"of version 4 in 6", all, clients.Inbound{ClientAddr: "::ffff:192.0.2.7"}, "Forwarded", "for=192.0.2.7"},
		{"in the older header", func(cfg *clients.Config) { cfg.ClientAddress = "X-Forwarded-For" }, clients.Inbound{ClientAddr: "2001:db8::7%eth0"}, "X-Forwarded-For", "2001:db8::7"},
		{"no address unless wanted", nil, clients.Inbound{ClientAddr: "192.0.2.7"}, "Forwarded", ""},
		{"no address that is none", all, clients.Inbound{ClientAddr: `evil";by=x`}, "Forwarded", ""},
	} {
		if got := told(c.change, c.in).Get(c.header); got != c.want {
			t.Errorf("%s: %s = %q, want %q", c.name, c.header, got, c.want)
		}
	}
}

func TestIdempotencyKeys(t *testing.T) {
	for _, c := range []struct {
		key string
		ok  bool
	}{
		{"order-1", true}, {strings.Repeat("k", 255), true}, {"a b", true},
		{strings.Repeat("k", 256), false}, {"a\r\nb", false}, {"ä", false}, {" a", false}, {"a ", false}, {"\x00", false},
	} {
		u := newUpstream(t, says(502, "", ""))
		_, err := clients.Do[widget](t.Context(), u.api(t, nil), clients.Call{Method: "POST", Path: clients.At("/"), Body: 1, IdempotencyKey: c.key})
		var e *clients.Error
		if !errors.As(err, &e) {
			t.Fatalf("error = %v", err)
		}
		if c.ok {
			if e.Status != 502 || !e.Retryable || u.requests()[0].Header.Get("Idempotency-Key") != c.key {
				t.Errorf("key %q: error = %+v, want it sent and safe to repeat", c.key, e)
			}
		} else if e.Code != clients.CodeBadUserInput || len(e.Fields) != 1 || e.Fields[0].Field != "idempotencyKey" || len(u.requests()) > 0 {
			t.Errorf("key %q: error = %+v, want BAD_USER_INPUT unsent", c.key, e)
		}
	}
}

func TestBodies(t *testing.T) {
	var got string
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		r.Body.Read(body)
		got = r.Method + " " + r.Header.Get("Content-Type") + " " + string(body)
		says(200, jsonType, `{}`)(w, r)
	})
	api := u.api(t, nil)
	for want, call := range map[string]func(context.Context) (widget, error){
		`POST application/json {"a":1}`: func(ctx context.Context) (widget, error) {
			return clients.Post[widget](ctx, api, clients.At("/"), map[string]int{"a": 1})
		},
		`PUT application/json {"a":1}`: func(ctx context.Context) (widget, error) {
			return clients.Put[widget](ctx, api, clients.At("/"), map[string]int{"a": 1})
		},
		`PATCH application/json {"a":1}`: func(ctx context.Context) (widget, error) {
			return clients.Patch[widget](ctx, api, clients.At("/"), map[string]int{"a": 1})
		},
		`POST  `:   func(ctx context.Context) (widget, error) { return clients.Post[widget](ctx, api, clients.At("/"), nil) },
		`DELETE  `: func(ctx context.Context) (widget, error) { return clients.Delete[widget](ctx, api, clients.At("/")) },
		`GET  `:    func(ctx context.Context) (widget, error) { return clients.Get[widget](ctx, api, clients.At("/"), nil) },
	} {
		if _, err := call(t.Context()); err != nil || got != want {
			t.Errorf("the API got %q, %v, want %q", got, err, want)
		}
	}
}

func TestNewReportsEveryFault(t *testing.T) {
	parse := func(text string) *url.URL {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	good := func() clients.Config {
		return clients.Config{Name: "orders", BaseURL: parse("https://orders.example.test/v1"), Transport: http.DefaultTransport}
	}
	if api, err := clients.New(good()); err != nil || api.Name() != "orders" {
		t.Fatalf("New = %v, %v", api, err)
	}
	for _, c := range []struct {
		name   string
		change func(*clients.Config)
		says   string
	}{
		{"no name", func(cfg *clients.Config) { cfg.Name = "" }, "needs a name"},
		{"no transport", func(cfg *clients.Config) { cfg.Transport = nil }, "needs a transport"},
		{"no base URL", func(cfg *clients.Config) { cfg.BaseURL = nil }, "base URL with a host"},
		{"a base URL without host", func(cfg *clients.Config) { cfg.BaseURL = parse("/v1") }, "base URL with a host"},
		{"another scheme", func(cfg *clients.Config) { cfg.BaseURL = parse("ftp://x.test") }, "not http or https"},
		{"a user in the URL", func(cfg *clients.Config) { cfg.BaseURL = parse("https://u@x.test") }, "no user, query or fragment"},
		{"a query", func(cfg *clients.Config) { cfg.BaseURL = parse("https://x.test?a") }, "no user, query or fragment"},
		{"an empty query", func(cfg *clients.Config) { cfg.BaseURL = parse("https://x.test?") }, "no user, query or fragment"},
		{"a fragment", func(cfg *clients.Config) { cfg.BaseURL = parse("https://x.test#a") }, "no user, query or fragment"},
		{"a negative timeout", func(cfg *clients.Config) { cfg.Timeout = -time.Second }, "timeout is negative"},
		{"fewer attempts than none", func(cfg *clients.Config) { cfg.Retry.Attempts = -1 }, "retries want"},
		{"a negative budget", func(cfg *clients.Config) { cfg.Retry.Budget = -0.1 }, "retries want"},
		{"a budget of more than all", func(cfg *clients.Config) { cfg.Retry.Budget = 1.1 }, "retries want"},
		{"a negative window", func(cfg *clients.Config) { cfg.Breaker.Window = -time.Second }, "breaker's times"},
		{"a breaker that is open for less than no time", func(cfg *clients.Config) { cfg.Breaker.Open = -time.Second }, "breaker's times"},
		{"fewer calls at once than none", func(cfg *clients.Config) { cfg.Concurrency = -1 }, "calls at once"},
		{"a negative cache", func(cfg *clients.Config) { cfg.Cache.MaxBytes = -1 }, "cache's size"},
		{"a negative limit", func(cfg *clients.Config) { cfg.MaxResponseBytes = -1 }, "limit is negative"},
		{"another place for the address", func(cfg *clients.Config) { cfg.ClientAddress = "X-Real-Ip" }, "Forwarded or X-Forwarded-For"},
		{"a header with a line end", func(cfg *clients.Config) { cfg.Headers = map[string]string{"X-A": "b\r\nc"} }, "cannot be sent"},
		{"a header without a name", func(cfg *clients.Config) { cfg.Headers = map[string]string{"": "b"} }, "cannot be sent"},
		{"a header with a space in its name", func(cfg *clients.Config) { cfg.Headers = map[string]string{"X A": "b"} }, "cannot be sent"},
		{"Authorization", func(cfg *clients.Config) { cfg.Headers = map[string]string{"authorization": "Bearer x"} }, "not its configuration's"},
		{"Cookie", func(cfg *clients.Config) { cfg.Headers = map[string]string{"cookie": "a=b"} }, "not its configuration's"},
		{"Host", func(cfg *clients.Config) { cfg.Headers = map[string]string{"host": "evil.test"} }, "not its configuration's"},
	} {
		cfg := good()
		c.change(&cfg)
		if _, err := clients.New(cfg); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: New = %v, want a fault that says %q", c.name, err, c.says)
		}
	}
	_, err := clients.New(clients.Config{Timeout: -1})
	if err == nil || strings.Count(err.Error(), "clients: API") != 4 {
		t.Errorf("New of nothing = %v, want all its faults", err)
	}
}
