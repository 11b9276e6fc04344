package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/clients"
	"vestibule.example/clients/accounts"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/shipping"
)

// loaders are one request's things by key, each fetched at most once, and what a field wants for all of its parents in one
// call.
type loaders struct {
	failures   *presenter // logs what a fallback hides
	products   *clients.Entities[string, *catalog.Product]
	customers  *clients.Entities[string, *accounts.Customer]
	shipments  *clients.Entities[string, []*shipping.Shipment]      // by order
	tracking   *clients.Entities[string, []*shipping.TrackingEvent] // by shipment
	categories *clients.Entities[struct{}, map[string]*catalog.Category]
}

func (r *Resolver) newLoaders(failures *presenter) *loaders {
	return &loaders{
		failures:  failures,
		products:  clients.NewEntities(r.Catalog.ProductsByID),
		customers: clients.NewEntities(r.Accounts.Customers),
		shipments: clients.NewEntities(r.Shipping.Shipments),
		tracking:  clients.NewEntities(r.Shipping.Tracking),
		// There are few categories and no call for some of them: all are fetched, once.
		categories: clients.NewEntities(func(ctx context.Context, _ []struct{}) (map[struct{}]map[string]*catalog.Category, error) {
			all, err := r.Catalog.Categories(ctx)
			byID := make(map[string]*catalog.Category, len(all))
			for _, c := range all {
				byID[c.Id] = c
			}
			return map[struct{}]map[string]*catalog.Category{{}: byID}, err
		}),
	}
}

func (l *loaders) categoriesByID(ctx context.Context) (map[string]*catalog.Category, error) {
	byID, _, err := l.categories.Load(ctx, struct{}{})
	return byID, err
}

type loadersKey struct{}

func withLoaders(ctx context.Context, l *loaders) context.Context {
	return context.WithValue(ctx, loadersKey{}, l)
}

// load gives the request's loaders; the handler puts them into every operation's context.
func load(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) } //nolint:forcetypeassert // The handler's invariant.

// each loads one thing per parent, in the parents' order. A parent whose thing failed gets its error and no other does;
// one that does not exist is null.
func each[P, V any](ctx context.Context, things *clients.Entities[string, V], parents []P, key func(P) string) ([]V, error) {
	keys := make([]string, len(parents))
	for i, p := range parents {
		keys[i] = key(p)
	}
	values, failures := make([]V, len(parents)), make(graphql.BatchErrorList, len(parents))
	failed := false
	for i, result := range things.LoadAll(ctx, keys) {
		values[i], failures[i] = result.Value, result.Err
		failed = failed || result.Err != nil
	}
	if failed {
		return values, failures
	}
	return values, nil
}
