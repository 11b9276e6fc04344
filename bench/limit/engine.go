package main

import (
	"context"
	"errors"
	"log/slog"
	"net/url"

	"vestibule.example/auth"
	"vestibule.example/bench/limit/posts"
	"vestibule.example/bench/rig"
	"vestibule.example/clients"
	"vestibule.example/clients/accounts"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
	"vestibule.example/clients/shipping"
)

type (
	accountsClient = accounts.Client
	catalogClient  = catalog.Client
	ordersClient   = orders.Client
	shippingClient = shipping.Client
	postsClient    = posts.Client
)

// engine is the pages' calls through our clients, wired as the product wires them.
type engine struct {
	*accountsClient
	*catalogClient
	*ordersClient
	*shippingClient
	*postsClient
}

func newEngine(w *rig.World, service *auth.Service, log *slog.Logger) (*engine, error) {
	var faults []error
	api := func(name string) *clients.API {
		a, err := newAPI(w, name, service, log)
		faults = append(faults, err)
		return a
	}
	e := &engine{accounts.New(api("accounts")), catalog.New(api("catalog")), orders.New(api("orders")), shipping.New(api("shipping")), posts.New(api("posts"))}
	return e, errors.Join(faults...)
}

// newAPI is one API as main's wiring makes it.
func newAPI(w *rig.World, name string, service *auth.Service, log *slog.Logger) (*clients.API, error) {
	base, err := url.Parse(w.APIs[name])
	if err != nil {
		return nil, err
	}
	return clients.New(clients.Config{
		Name: name, BaseURL: base, Transport: service.Transport(name, newTransport()), Logger: log,
		Identity: func(ctx context.Context) (clients.IdentityKey, error) {
			key, public, err := service.Identity(ctx, name)
			if public || err != nil {
				return clients.PublicIdentity(), err
			}
			return clients.SessionIdentity(key), nil
		},
	})
}
