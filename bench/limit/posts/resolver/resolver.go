// Package resolver answers the schema of posts: what calls the API is generated.
package resolver

import (
	"context"

	"vestibule.example/clients"
	"vestibule.example/graph/plan"
)

// Resolver answers the schema's fields.
type Resolver struct{ APIs map[string]*clients.API }

// WithLoaders gives a request's context what it loads by key.
func (r *Resolver) WithLoaders(ctx context.Context) context.Context { return r.withRestLoaders(ctx) }

// Compiled is what plans are told of.
func Compiled() func([]plan.Selected) func(context.Context) context.Context { return restCompiled() }
