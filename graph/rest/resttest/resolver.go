package resttest

import (
	"context"

	"vestibule.example/clients"
	"vestibule.example/graph/rest"
)

// Resolver answers the schema's fields.
type Resolver struct {
	APIs map[string]*clients.API

	cursors *rest.Cursors
	failed  func(error) // is told what a fallback hides
}

func (r *Resolver) fellBack(_ context.Context, err error) { r.failed(err) }

// follow gives a source's events until it ends; if it ended by itself, the context has who is told why.
func follow[T any](ctx context.Context, source func(ctx context.Context, each func(context.Context, T) error) error) (<-chan T, error) {
	tell, _ := ctx.Value(failedKey{}).(func(error))
	events := make(chan T)
	go func() {
		defer close(events)
		err := source(ctx, func(ctx context.Context, value T) error {
			select {
			case events <- value:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		if err != nil && ctx.Err() == nil && tell != nil {
			tell(err)
		}
	}()
	return events, nil
}

// failedKey is where a context has who is told why a source ended.
type failedKey struct{}
