package clients_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vestibule.example/clients"
)

// GQL-9, BBA-14: whatever an argument holds stays one segment of the API's own path, or nothing is sent.
func TestPathsStayWhereTheyBelong(t *testing.T) {
	var target string
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		target = r.RequestURI
		says(200, jsonType, `{}`)(w, r)
	})
	for _, c := range []struct {
		name  string
		base  string
		path  clients.Path
		query url.Values
		want  string // empty: refused as BAD_USER_INPUT
	}{
		{"a plain id", "", clients.At("/things/{id}", "t-1"), nil, "/things/t-1"},
		{"a path, a query and a fragment", "", clients.At("/things/{id}", "../x?y#z%2e"), nil, "/things/..%2Fx%3Fy%23z%252e"},
		{"an absolute URL", "", clients.At("/things/{id}", "http://evil.test/"), nil, "/things/http:%2F%2Fevil.test%2F"},
		{"another host", "", clients.At("/{id}", "/evil.test"), nil, "/%2Fevil.test"},
		{"user information", "", clients.At("/{id}", "@evil.test"), nil, "/@evil.test"},
		{"a backslash", "", clients.At("/things/{id}", `..\x`), nil, "/things/..%5Cx"},
		{"a path parameter", "", clients.At("/things/{id}", "a;b=c"), nil, "/things/a%3Bb=c"},
		{"spaces and letters beyond ASCII", "", clients.At("/things/{id}", "ä b"), nil, "/things/%C3%A4%20b"},
		{"bytes that are no UTF-8", "", clients.At("/things/{id}", "a\xff"), nil, "/things/a%FF"},
		{"three dots", "", clients.At("/things/{id}", "..."), nil, "/things/..."},
		{"braces of an argument are no parameter", "", clients.At("/things/{id}/{part}", "{x}", "y"), nil, "/things/%7Bx%7D/y"},
		{"a parameter in the middle", "", clients.At("/a/{id}/b/{part}.json", "1/2", "3"), nil, "/a/1%2F2/b/3.json"},
		{"a base path with escapes", "/v%2F1/", clients.At("/things/{id}", "x/y"), nil, "/v%2F1/things/x%2Fy"},
		{"the base itself", "/v1", clients.Path{}, nil, "/v1"},
		{"the top", "", clients.Path{}, nil, "/"},
		{"a query", "", clients.At("/things"), clients.Query("q", "a&b=c#d", "none", "", "n", clients.Number(5), "zero", clients.Number(0), "odd"), "/things?n=5&q=a%26b%3Dc%23d"},
		{"ids", "", clients.At("/things"), clients.IDs("id", []string{"1", "a b"}), "/things?id=1&id=a+b"},
		{"as long as allowed", "", clients.At("/{id}", strings.Repeat("x", 512)), nil, "/" + strings.Repeat("x", 512)},

		{"nothing", "", clients.At("/things/{id}", ""), nil, ""},
		{"one dot", "", clients.At("/things/{id}", "."), nil, ""},
		{"two dots", "", clients.At("/things/{id}", ".."), nil, ""},
		{"a line end", "", clients.At("/things/{id}", "a\r\nHost: evil.test"), nil, ""},
		{"NUL", "", clients.At("/things/{id}", "a\x00b"), nil, ""},
		{"DEL", "", clients.At("/things/{id}", "a\x7f"), nil, ""},
		{"too long", "", clients.At("/{id}", strings.Repeat("x", 513)), nil, ""},
		{"too long a query", "", clients.At("/things"), url.Values{"q": {strings.Repeat("x", 17<<10)}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			target = ""
			before := len(u.requests())
			api := u.api(t, func(cfg *clients.Config) {
				base, err := url.Parse(u.server.URL + c.base)
				if err != nil {
					t.Fatal(err)
				}
				cfg.BaseURL = base
			})
			_, err := clients.Get[widget](t.Context(), api, c.path, c.query)
			var e *clients.Error
			switch {
			case c.want == "":
				if !errors.As(err, &e) || e.Code != clients.CodeBadUserInput || len(u.requests()) != before {
					t.Errorf("error = %v with %d calls, want BAD_USER_INPUT unsent", err, len(u.requests())-before)
				}
			case err != nil || target != c.want:
				t.Errorf("target = %s, %v, want %s", target, err, c.want)
			}
		})
	}
}

func TestMisusedTemplatesAreTheProgramsFault(t *testing.T) {
	u := newUpstream(t, says(200, jsonType, `{}`))
	for name, path := range map[string]clients.Path{
		"too few parameters":      clients.At("/a/{x}/{y}", "1"),
		"too many parameters":     clients.At("/a/{x}", "1", "2"),
		"a brace that stays open": clients.At("/a/{x", "1"),
		"no slash":                clients.At("a"),
		"a broken escape":         clients.At("/a%zz"),
	} {
		_, err := clients.Get[widget](t.Context(), u.api(t, nil), path, nil)
		var e *clients.Error
		if !errors.As(err, &e) || e.Code != clients.CodeInternal || e.Retryable {
			t.Errorf("%s: error = %v, want INTERNAL", name, err)
		}
	}
	_, err := clients.Post[widget](t.Context(), u.api(t, nil), clients.At("/a"), func() {})
	var e *clients.Error
	if !errors.As(err, &e) || e.Code != clients.CodeInternal {
		t.Errorf("a body that cannot be JSON: error = %v, want INTERNAL", err)
	}
	_, err = clients.Do[widget](t.Context(), u.api(t, nil), clients.Call{Method: "BAD METHOD", Path: clients.At("/a")})
	if !errors.As(err, &e) || e.Code != clients.CodeInternal {
		t.Errorf("a method that is none: error = %v, want INTERNAL", err)
	}
	if n := len(u.requests()); n > 0 {
		t.Errorf("%d calls were made", n)
	}
	if got := clients.At("/a/{x}", "secret").String(); got != "/a/{x}" {
		t.Errorf("String() = %s, want the template", got)
	}
}

// FuzzPath: two parameters stay two segments below the base, and come out as they went in.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"t-1", "../x?y#z%2e", "//evil.test", "@", "a;b", `\`, "%00", "ä", "\xff", ".", ".."} {
		f.Add(seed, "x")
	}
	var got *url.URL
	base := &url.URL{Scheme: "https", Host: "api.example.test", Path: "/v1"}
	api, err := clients.New(clients.Config{Name: "a", BaseURL: base, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		parsed, err := url.Parse(r.URL.String())
		if err != nil {
			f.Fatalf("the URL %q does not parse: %v", r.URL.String(), err)
		}
		got = parsed
		return nil, errors.New("sent")
	})})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		got = nil
		_, err := clients.Do[clients.None](t.Context(), api, clients.Call{Method: "POST", Path: clients.At("/a/{one}/b/{two}", one, two)})
		if got == nil {
			var e *clients.Error
			if !errors.As(err, &e) || e.Code != clients.CodeBadUserInput {
				t.Fatalf("neither sent nor refused: %v", err)
			}
			return
		}
		parts := strings.Split(got.EscapedPath(), "/")
		if got.Scheme != "https" || got.Host != "api.example.test" || got.User != nil || got.RawQuery != "" || got.Fragment != "" || len(parts) != 6 {
			t.Fatalf("At(%q, %q) went to %s", one, two, got)
		}
		for i, want := range map[int]string{3: one, 5: two} {
			if back, err := url.PathUnescape(parts[i]); err != nil || back != want || back == "." || back == ".." {
				t.Errorf("segment %d = %q, %v, want %q", i, back, err, want)
			}
		}
	})
}
