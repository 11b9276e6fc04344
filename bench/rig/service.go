package rig

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/url"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
	"vestibule.example/clients"
)

// NewService makes sessions as the product does, for a target at [PublicURL]. kind says which token an API gets.
func NewService(w *World, store auth.Store, log *slog.Logger, kind func(api string) string) (*auth.Service, error) {
	public, err := url.Parse(PublicURL)
	if err != nil {
		return nil, err
	}
	provider, err := rp.New(rp.Config{
		Issuer: w.Issuer, ClientID: w.ClientID, ClientSecret: secret.New(w.ClientSecret), Scopes: Scopes(),
		RedirectURI: PublicURL + "/auth/callback", PostLogoutRedirectURI: PublicURL + "/auth/logged-out", Logger: log,
	})
	if err != nil {
		return nil, err
	}
	tokens := map[string]auth.APIToken{}
	for name, base := range w.APIs {
		u, err := url.Parse(base)
		if err != nil {
			return nil, err
		}
		tokens[name] = auth.APIToken{BaseURL: u, Kind: kind(name)}
	}
	key := make([]byte, 64)
	rand.Read(key)
	return auth.New(auth.Config{
		Provider: provider, Store: store, PublicURL: public, APIs: tokens, Logger: log,
		Keys: []auth.Key{{Use: "seal", Secret: secret.New(base64.StdEncoding.EncodeToString(key))}},
	})
}

// NewAPI is one API as main's wiring makes it, sharing and cache switched on. cacheBytes is its room for answers.
func NewAPI(w *World, name string, service *auth.Service, log *slog.Logger, cacheBytes int64) (*clients.API, error) {
	base, err := url.Parse(w.APIs[name])
	if err != nil {
		return nil, err
	}
	return clients.New(clients.Config{
		Name: name, BaseURL: base, Transport: service.Transport(name, clients.NewTransport(clients.TransportConfig{})), Logger: log,
		Identity: func(ctx context.Context) (clients.IdentityKey, error) {
			key, owner, public, err := service.Identity(ctx, name)
			if err != nil {
				return clients.IdentityKey{}, err
			}
			if public {
				return clients.PublicIdentity(), nil
			}
			return clients.SessionIdentity(key, owner), nil
		},
		Cache: clients.CacheConfig{MaxBytes: cacheBytes},
	})
}
