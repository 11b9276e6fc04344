package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vikstrous/dataloadgen"

	"vestibule.example/clients/accounts"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
	"vestibule.example/clients/shipping"
	"vestibule.example/graph"
	"vestibule.example/graph/exec"
)

// window is how long a loader gathers keys: what its authors and gqlgen's documentation show.
const window = time.Millisecond

// fetch gives one value per key, or the error of all.
type fetch[V any] func(ctx context.Context, keys []string) ([]V, error)

// entities are the ways to what several objects may have in common.
type entities struct {
	customers  fetch[*accounts.Customer]
	products   fetch[*catalog.Product]
	shipments  fetch[[]*shipping.Shipment]
	tracking   fetch[[]*shipping.TrackingEvent]
	categories fetch[*catalog.Category]
}

// batches call an API each time.
func batches(r *graph.Resolver) *entities {
	return &entities{
		direct(r.Accounts.Customers), direct(r.Catalog.ProductsByID), direct(r.Shipping.Shipments), direct(r.Shipping.Tracking), direct(categoriesOf(r)),
	}
}

// timers are one request's loaders.
func timers(r *graph.Resolver) *entities {
	return &entities{
		gathered(r.Accounts.Customers), gathered(r.Catalog.ProductsByID), gathered(r.Shipping.Shipments), gathered(r.Shipping.Tracking), gathered(categoriesOf(r)),
	}
}

func categoriesOf(r *graph.Resolver) func(context.Context, []string) (map[string]*catalog.Category, error) {
	return func(ctx context.Context, _ []string) (map[string]*catalog.Category, error) {
		all, err := r.Catalog.Categories(ctx)
		byID := make(map[string]*catalog.Category, len(all))
		for _, c := range all {
			byID[c.Id] = c
		}
		return byID, err
	}
}

func direct[V any](find func(context.Context, []string) (map[string]V, error)) fetch[V] {
	return func(ctx context.Context, keys []string) ([]V, error) {
		found, err := find(ctx, keys)
		values := make([]V, len(keys))
		for i, k := range keys {
			values[i] = found[k]
		}
		return values, err
	}
}

func gathered[V any](find func(context.Context, []string) (map[string]V, error)) fetch[V] {
	loader := dataloadgen.NewMappedLoader(find, dataloadgen.WithWait(window))
	return func(ctx context.Context, keys []string) ([]V, error) {
		values, err := loader.LoadAll(ctx, keys)
		var each dataloadgen.ErrorSlice
		if errors.As(err, &each) {
			for _, e := range each {
				if e != nil && !errors.Is(e, dataloadgen.ErrNotFound) {
					return nil, e
				}
			}
			err = nil
		}
		return values, err
	}
}

type entitiesKey struct{}

// withEntities gives each request entities of its own.
func withEntities(make func(*graph.Resolver) *entities, r *graph.Resolver, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		next.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), entitiesKey{}, make(r))))
	})
}

func of(ctx context.Context) *entities { return ctx.Value(entitiesKey{}).(*entities) } //nolint:forcetypeassert // withEntities.

// resolvers are the product's but for the fields that use its loaders.
type resolvers struct{ *graph.Resolver }

func (r resolvers) Order() exec.OrderResolver         { return order{r.Resolver.Order()} }
func (r resolvers) OrderLine() exec.OrderLineResolver { return orderLine{} }
func (r resolvers) Product() exec.ProductResolver     { return product{} }
func (r resolvers) Shipment() exec.ShipmentResolver   { return shipment{} }

type (
	order     struct{ exec.OrderResolver }
	orderLine struct{}
	product   struct{}
	shipment  struct{}
)

func (order) Customer(ctx context.Context, all []*orders.Order) ([]*accounts.Customer, error) {
	return of(ctx).customers(ctx, keys(all, func(o *orders.Order) string { return o.CustomerId }))
}

func (order) Shipments(ctx context.Context, all []*orders.Order) ([][]*shipping.Shipment, error) {
	return of(ctx).shipments(ctx, keys(all, func(o *orders.Order) string { return o.Id }))
}

func (orderLine) Product(ctx context.Context, all []*orders.OrderLine) ([]*catalog.Product, error) {
	return of(ctx).products(ctx, keys(all, func(l *orders.OrderLine) string { return l.ProductId }))
}

func (product) Category(ctx context.Context, all []*catalog.Product) ([]*catalog.Category, error) {
	return of(ctx).categories(ctx, keys(all, func(p *catalog.Product) string { return p.CategoryId }))
}

func (shipment) Tracking(ctx context.Context, all []*shipping.Shipment) ([][]*shipping.TrackingEvent, error) {
	return of(ctx).tracking(ctx, keys(all, func(s *shipping.Shipment) string { return s.Id }))
}

func keys[P any](parents []P, key func(P) string) []string {
	list := make([]string, len(parents))
	for i, p := range parents {
		list[i] = key(p)
	}
	return list
}

// newStock is gqlgen's executor with these resolvers, and no more.
func newStock(r *graph.Resolver) graphql.ExecutableSchema {
	return exec.NewExecutableSchema(exec.Config{Resolvers: resolvers{r}})
}
