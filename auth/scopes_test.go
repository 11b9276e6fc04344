package auth_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/visitor"
)

// The session knows what the provider granted with the login; neither the refresh of that token nor an API's narrower token
// changes it.
func TestScopesAreTheLogins(t *testing.T) {
	w := newWorld(t, nil)
	w.routes.Load().Handle("/scopes", w.auth.Middleware(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		io.WriteString(out, strings.Join(auth.FromContext(r.Context()).Scopes(), " "))
	})))
	v := w.signIn(t, "alice")
	want := []string{"accounts:read", "email", "offline_access", "openid", "orders:read", "profile"}
	if got := scopes(t, v); !slices.Equal(got, want) {
		t.Errorf("after the login: %v, want %v", got, want)
	}
	for _, api := range []string{"narrow", "orders"} {
		w.clock.Advance(10 * time.Minute)
		if status := call(t, v, api); status != http.StatusOK {
			t.Fatalf("%s = %d", api, status)
		}
		if got := scopes(t, v); !slices.Equal(got, want) {
			t.Errorf("after the token of %s: %v, want %v", api, got, want)
		}
	}
	if w.refreshes() < 2 {
		t.Errorf("%d refreshes, want one for each", w.refreshes())
	}
}

func scopes(t *testing.T, v *visitor.Visitor) []string {
	t.Helper()
	res, err := v.Fetch(t.Context(), http.MethodGet, "/scopes", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(slices.Values(strings.Fields(string(text))))
}

// A provider may grant less with a refresh (RFC 6749 §5.1, §6): the session then knows less, in this request and from the store,
// and more again when it is granted again. An answer that says nothing changes nothing.
func TestARefreshMayNarrowTheScopes(t *testing.T) {
	var granted atomic.Pointer[string]
	w := newWorld(t, func(_ *auth.Config, party *rp.Config) {
		base := party.HTTPClient.Transport
		party.HTTPClient = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			res, err := base.RoundTrip(req)
			if err != nil || granted.Load() == nil || !strings.HasSuffix(req.URL.Path, "/token") {
				return res, err
			}
			return rescoped(res, *granted.Load())
		})}
	})
	w.routes.Load().Handle("/scopes", w.auth.Middleware(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		io.WriteString(out, strings.Join(auth.FromContext(r.Context()).Scopes(), " "))
	})))
	v := w.signIn(t, "alice")
	all := scopes(t, v)
	for _, c := range []struct {
		scope string
		want  []string
	}{
		{"openid orders:read", []string{"openid", "orders:read"}},
		{"", []string{"openid", "orders:read"}},
		{strings.Join(all, " "), all},
	} {
		granted.Store(&c.scope)
		w.clock.Advance(10 * time.Minute)
		if status := call(t, v, "orders"); status != http.StatusOK {
			t.Fatalf("the API = %d", status)
		}
		if got := scopes(t, v); !slices.Equal(got, c.want) {
			t.Errorf("after a refresh that grants %q: %v, want %v", c.scope, got, c.want)
		}
	}
}

// rescoped is a token answer with another scope, or with none if it is empty.
func rescoped(res *http.Response, scope string) (*http.Response, error) {
	defer res.Body.Close()
	answer := map[string]any{}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, err
	}
	answer["scope"] = scope
	if scope == "" {
		delete(answer, "scope")
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return res, nil
}
