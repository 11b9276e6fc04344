package graph

import (
	"context"

	"vestibule.example/clients"
	"vestibule.example/clients/catalog"
)

// loaders are one request's things by key that no @rest describes, each fetched at most once.
type loaders struct {
	failures   *presenter // logs what a fallback hides
	categories *clients.Entities[struct{}, map[string]*catalog.Category]
}

func (r *Resolver) newLoaders(failures *presenter) *loaders {
	return &loaders{
		failures: failures,
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
