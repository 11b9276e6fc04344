package main

import (
	"net/url"
	"strings"
	"testing"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/clients"
)

// An API that is not asked since there is no token for it says why there is none.
func TestDiagnosticsSayWhyThereIsNoToken(t *testing.T) {
	store := memstore.New(memstore.Config{})
	defer store.Close()
	base := &url.URL{Scheme: "http", Host: "127.0.0.1:9"}
	service := newTestService(t, store, map[string]auth.APIToken{"mine": {BaseURL: base, Kind: auth.KindUser}, "ours": {BaseURL: base, Kind: auth.KindClient}})
	transports := map[string]*clients.Transport{}
	for _, name := range []string{"mine", "ours"} {
		transports[name] = clients.NewTransport(clients.TransportConfig{})
		defer transports[name].CloseIdleConnections()
	}
	ask := apiAsker(Config{APIs: map[string]APIConfig{"mine": {BaseURL: nowhere}, "ours": {BaseURL: nowhere}}}, service, transports)
	for name, want := range map[string]string{"mine": "the session has no refresh token", "ours": "the provider refuses, or is away"} {
		if got := ask(t.Context(), name); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want that %s", name, got, want)
		}
	}
}
