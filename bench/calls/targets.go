package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/bench/rig"
	"vestibule.example/clients"
	"vestibule.example/clients/accounts"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
	"vestibule.example/clients/shipping"
	"vestibule.example/graph"
)

// ways are the targets, the product first.
func ways() []string { return []string{"plan", "gqlgen", "batch", "timer"} }

// listen serves one way behind the product's sign-in. Every API gets the user's token, the catalogue too, so that nobody's
// call answers for another's.
func listen(ctx context.Context, way string, w *rig.World) (address string, stop func() error, err error) {
	store := memstore.New(memstore.Config{})
	service, err := rig.NewService(w, store, slog.New(slog.DiscardHandler), func(string) string { return "user" })
	if err != nil {
		return "", nil, errors.Join(err, store.Close())
	}
	rest := func() error { return errors.Join(service.Close(), store.Close()) }
	endpoint, err := newEndpoint(way, w, service)
	if err != nil {
		return "", nil, errors.Join(err, rest())
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", service.Middleware(endpoint))
	mux.Handle("GET /auth/login", service.Login())
	mux.Handle("GET /auth/callback", service.Callback())
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	address, end, err := rig.Listen(ctx, mux)
	if err != nil {
		return "", nil, errors.Join(err, rest())
	}
	return address, func() error { return errors.Join(end(), rest()) }, nil
}

func newEndpoint(way string, w *rig.World, service *auth.Service) (http.Handler, error) {
	var faults []error
	api := func(name string) *clients.API {
		a, err := rig.NewAPI(w, name, service, slog.New(slog.DiscardHandler), 0)
		faults = append(faults, err)
		return a
	}
	r := &graph.Resolver{
		Accounts: accounts.New(api("accounts")), Catalog: catalog.New(api("catalog")), Orders: orders.New(api("orders")), Shipping: shipping.New(api("shipping")),
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	switch way {
	case "plan", "gqlgen":
		return graph.NewHandler(graph.Config{Resolver: r, Executor: way, Logger: slog.New(slog.DiscardHandler)})
	case "batch":
		return withEntities(batches, r, stock(r)), nil
	default:
		return withEntities(timers, r, stock(r)), nil
	}
}

func stock(r *graph.Resolver) http.Handler {
	server := handler.New(newStock(r))
	server.AddTransport(transport.POST{})
	server.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	return server
}
