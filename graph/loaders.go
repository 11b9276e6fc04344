package graph

import (
	"context"
	"sync"

	"vestibule.example/clients"
	"vestibule.example/clients/catalog"
	"vestibule.example/graph/rest"
)

// loaders are one request's caches of what no @rest describes, each thing fetched at most once.
type loaders struct {
	resolver *Resolver
	failures *presenter // logs what a fallback hides
	once     sync.Once  // makes what follows
	// categories are all at once: there are few of them, and no call for some.
	categories *clients.Entities[struct{}, map[string]*catalog.Category]
}

func (l *loaders) make() {
	l.categories = clients.NewEntities(func(ctx context.Context, _ []struct{}) (map[struct{}]map[string]*catalog.Category, error) {
		all, err := l.resolver.Catalog.Categories(ctx)
		byID := make(map[string]*catalog.Category, len(all))
		for _, c := range all {
			byID[c.Id] = c
		}
		return map[struct{}]map[string]*catalog.Category{{}: byID}, err
	})
}

func (l *loaders) categoriesByID(ctx context.Context) (map[string]*catalog.Category, error) {
	byID, _, err := l.categories.Load(ctx, struct{}{})
	return byID, err
}

type loadersKey struct{}

// withLoaders gives a request's context its loaders, those of @rest too. They are made when the first is asked for.
func (r *Resolver) withLoaders(ctx context.Context, failures *presenter) context.Context {
	ctx, l := rest.With[loadersKey, loaders](ctx)
	l.resolver, l.failures = r, failures
	return r.withRestLoaders(ctx)
}

// load gives the request's loaders; the handler puts them into every operation's context.
func load(ctx context.Context) *loaders {
	l := ctx.Value(loadersKey{}).(*loaders) //nolint:forcetypeassert // The handler's invariant.
	l.once.Do(l.make)
	return l
}
