//go:build !nodemo

package graph_test

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
)

// regranting is the way to a provider that grants other scopes than were asked for (RFC 6749 §5.1, §6).
type regranting struct {
	next    http.RoundTripper
	granted *atomic.Pointer[string]
}

// RoundTrip implements [http.RoundTripper].
func (g regranting) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := g.next.RoundTrip(req)
	scope := g.granted.Load()
	if err != nil || scope == nil || !strings.HasSuffix(req.URL.Path, "/token") {
		return res, err
	}
	defer res.Body.Close()
	answer := map[string]any{}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, err
	}
	answer["scope"] = *scope
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return res, nil
}

// spending calls an API with the session's token, which is refreshed first when it is due.
func spending(through http.RoundTripper, base string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, base+"/spent", nil)
		if err != nil {
			panic(err)
		}
		res, err := through.RoundTrip(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		res.Body.Close()
		w.WriteHeader(res.StatusCode)
	})
}

// Issue 3: whom the provider grants less with a refresh sees less from then on, and more again once it is granted again.
func TestScopesOfARefreshDecide(t *testing.T) {
	for _, executor := range []string{"plan", "gqlgen"} {
		t.Run(executor, func(t *testing.T) {
			g := newGate(t, executor, nil, productField, productField+` @requiresScopes(scopes: [["orders:read"]])`)
			alice := g.signIn(t)
			for _, c := range []struct {
				granted string
				faults  []string
			}{
				{"", nil},
				{"openid accounts:read", []string{"product FORBIDDEN"}},
				{"openid accounts:read orders:read", nil},
			} {
				if c.granted != "" {
					g.granted.Store(&c.granted)
					g.ahead.Add(int64(10 * time.Minute))
				}
				res, err := alice.Fetch(t.Context(), http.MethodGet, "/spend", "", nil)
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(res.Body)
				if res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
					t.Fatalf("the API that wants a token = %d %s, %v", res.StatusCode, text, err)
				}
				before := g.asked()
				data, faults, _ := g.asks(t, alice, `{ viewer { authenticated } product(id: "p-100") { __typename } }`)
				if !slices.Equal(faults, c.faults) || strings.Contains(data, "Product") != (c.faults == nil) || (g.asked() > before) != (c.faults == nil) {
					t.Errorf("granted %q: %s, %v after %d calls of APIs, want %v", c.granted, data, faults, g.asked()-before, c.faults)
				}
			}
		})
	}
}
