package clients_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"vestibule.example/clients"
)

// CACHE-4, LOG-2: equal only for the same session and text, and never shown.
func TestIdentityKeys(t *testing.T) {
	nobody := clients.IdentityKey{}
	for _, c := range []struct {
		name string
		a, b clients.IdentityKey
		same bool
	}{
		{"the same session", clients.SessionIdentity("canary", "owner"), clients.SessionIdentity("canary", "owner"), true},
		{"another text", clients.SessionIdentity("canary", "owner"), clients.SessionIdentity("other", "owner"), false},
		{"another session", clients.SessionIdentity("canary", "owner"), clients.SessionIdentity("canary", "other"), false},
		{"text and session do not run into each other", clients.SessionIdentity("ab", "c"), clients.SessionIdentity("a", "bc"), false},
		{"a session that is called public", clients.SessionIdentity("public", ""), clients.PublicIdentity(), false},
		{"public", clients.PublicIdentity(), clients.PublicIdentity(), true},
		{"no text is nobody", clients.SessionIdentity("", "owner"), nobody, true},
		{"public is not nobody", clients.PublicIdentity(), nobody, false},
	} {
		if got := c.a == c.b; got != c.same {
			t.Errorf("%s: equal = %v, want %v", c.name, got, c.same)
		}
	}
	for want, key := range map[string]clients.IdentityKey{"session": clients.SessionIdentity("canary", "canary"), "public": clients.PublicIdentity(), "nobody": nobody} {
		if got := fmt.Sprint(key); got != want {
			t.Errorf("String = %q, want %q", got, want)
		}
		if got := fmt.Sprintf("%v %+v %s %q %#v", key, key, key, key, key); got != fmt.Sprintf("%[1]s %[1]s %[1]s %[2]q %[1]s", want, want) {
			t.Errorf("formatted = %s, want no more than %q", got, want)
		}
	}
}

// What an API gets the gateway's own token for is relayed in the name of somebody who is signed in, or of nobody where that is said.
func TestRelayForWhoeverIsSignedIn(t *testing.T) {
	for name, c := range map[string]struct {
		identity func(context.Context) (clients.IdentityKey, error)
		want     int
	}{
		"somebody": {func(context.Context) (clients.IdentityKey, error) { return clients.SessionIdentity("k", "hers"), nil }, 200},
		"nobody":   {func(context.Context) (clients.IdentityKey, error) { return clients.SessionIdentity("k", ""), nil }, 401},
		"somebody who cannot be told": {func(context.Context) (clients.IdentityKey, error) {
			return clients.SessionIdentity("k", "hers"), errors.New("the store is away")
		}, 401},
		"an API that knows nobody": {nil, 401},
	} {
		r := newRelaying(t, says(200, jsonType, `{}`), func(cfg *clients.Config) { cfg.Identity = c.identity }, func(cfg *clients.RelayConfig) {
			cfg.APIs[0].SignedIn = true
			cfg.APIs[0].Routes = append(cfg.APIs[0].Routes, clients.RelayRoute{Methods: []string{"GET"}, Path: "/open", Public: true})
		})
		for path, want := range map[string]int{"/api/orders/things": c.want, "/api/orders/open": 200} {
			if res, body := r.send(t, "GET", path, http.Header{}, ""); res.StatusCode != want {
				t.Errorf("%s asks for %s: %d %s, want %d", name, path, res.StatusCode, body, want)
			}
		}
	}
}
