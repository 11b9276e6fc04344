package livetest

import (
	"context"

	"vestibule.example/clients"
	"vestibule.example/graph/rest"
)

// Resolver answers the schema's fields.
type Resolver struct {
	APIs map[string]*clients.API

	cursors *rest.Cursors
}

// follow gives a source's events until it ends.
func follow[T any](ctx context.Context, source func(ctx context.Context, each func(context.Context, T) error) error) (<-chan T, error) {
	events := make(chan T)
	go func() {
		defer close(events)
		_ = source(ctx, func(ctx context.Context, value T) error { // Why it ended is not what is tested here.
			select {
			case events <- value:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	}()
	return events, nil
}
