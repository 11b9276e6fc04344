package auth_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
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
