package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"vestibule.example/auth"
	"vestibule.example/bench/rig"
	"vestibule.example/clients"
)

// bare marks the targets that do no more than the peers of others: no session, no check of where a request comes from and no
// access record. Each request brings the token that its calls bear.
const bare = "-bare"

// isBare tells them.
func isBare(name string) bool { return strings.HasSuffix(name, bare) }

type tokenKey struct{}

// bearing gives a request's context the token that it brings.
func bearing(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tokenKey{}, r.Header.Get("Authorization"))))
	})
}

// passing puts it on the calls.
type passing struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (p passing) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", req.Context().Value(tokenKey{}).(string)) //nolint:forcetypeassert // By bearing.
	return p.RoundTripper.RoundTrip(req)
}

// kit is what a target's calls are made with: as the product's, or bare.
type kit struct {
	world   *rig.World
	log     *slog.Logger
	service *auth.Service // nil: bare
}

// carry gives the calls of an API their token.
func (k kit) carry(name string, transport http.RoundTripper) http.RoundTripper {
	if k.service == nil {
		return passing{transport}
	}
	return k.service.Transport(name, transport)
}

// guard is what stands before the target's pages.
func (k kit) guard(h http.Handler) http.Handler {
	if k.service == nil {
		return bearing(h)
	}
	return k.service.CrossSite(k.service.Middleware(h))
}

// api is an API through our clients.
func (k kit) api(name string) (*clients.API, error) {
	if k.service != nil {
		return rig.NewAPI(k.world, name, k.service, k.log, cacheBytes)
	}
	base, err := url.Parse(k.world.APIs[name])
	if err != nil {
		return nil, err
	}
	return clients.New(clients.Config{
		Name: name, BaseURL: base, Transport: passing{clients.NewTransport(clients.TransportConfig{})}, Logger: k.log,
		Identity: func(ctx context.Context) (clients.IdentityKey, error) {
			token, _ := ctx.Value(tokenKey{}).(string)
			return clients.SessionIdentity(token, token), nil
		},
		Cache: clients.CacheConfig{MaxBytes: cacheBytes},
	})
}
