//go:build !nodemo

package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
	"vestibule.example/demo"
	"vestibule.example/demo/visitor"
)

// SES-7, T-28: asking who is signed in and listening are no use of a session; an operation is. The routes are the
// program's own, in a time that can be moved on.
func TestAskingIsNoUse(t *testing.T) {
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	var routes atomic.Pointer[http.Handler]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*routes.Load()).ServeHTTP(w, r) }))
	defer server.Close()
	origin := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	world, err := demo.Start(t.Context(), demo.Config{PublicURL: origin, Address: "127.0.0.1:0", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close(context.WithoutCancel(t.Context()))
	provider, err := rp.New(rp.Config{
		Issuer: world.Issuer, ClientID: world.ClientID, ClientSecret: secret.New(world.ClientSecret), RedirectURI: origin + "/auth/callback",
		HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.New(memstore.Config{Now: now})
	defer store.Close()
	public, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	service, err := auth.New(auth.Config{
		Provider: provider, Store: store, PublicURL: public, Keys: []auth.Key{{Use: "seal", Secret: secret.New(goodKey)}}, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	handler := newHandler(parts{config: Config{Server: ServerConfig{PublicURL: origin}}, auth: service, graphql: nothing, spa: nothing})
	routes.Store(&handler)

	for path, lives := range map[string]bool{"/auth/session": false, "/auth/events": false, "/graphql": true} {
		v, err := visitor.New(origin, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		if _, err := v.SignIn(t.Context(), "alice", "alice", "/", nil); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			ahead.Add(int64(20 * time.Minute))
			ctx, cancel := context.WithCancel(t.Context())
			res, err := v.Fetch(ctx, http.MethodGet, path, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			res.Body.Close()
		}
		if in, err := v.SignedIn(t.Context()); err != nil || in != lives {
			t.Errorf("after forty minutes of %s alone: signed in %v, %v, want %v", path, in, err, lives)
		}
	}
}
