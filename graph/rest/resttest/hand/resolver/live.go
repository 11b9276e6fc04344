package resolver

import (
	"context"
	"time"

	"vestibule.example/clients"
	"vestibule.example/graph/rest/resttest/hand"
)

// searchTime is how long a search of the stock may take.
const searchTime = 2 * time.Second

// kept asks for an entry that may have been asked for before.
func (r *Resolver) kept(ctx context.Context, id string, keep time.Duration) (*hand.Entry, error) {
	return orNull(clients.Do[*hand.Entry](ctx, r.ShopAPI, clients.Call{Method: "GET", Path: clients.At("/kept/{id}", id), Keep: keep}))
}

// polled and noted are the envelopes of what changes.
type polled struct {
	Entry *hand.Entry `json:"entry"`
}

type noted struct {
	Note *hand.Entry `json:"note"`
}

// tell gives a source's events until it ends; if it ended by itself, why goes to hidden.
func tell[T any](ctx context.Context, hidden func(error), source func(context.Context, func(context.Context, T) error) error) (<-chan T, error) {
	events := make(chan T)
	go func() {
		defer close(events)
		err := source(ctx, func(ctx context.Context, value T) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case events <- value:
				return nil
			}
		})
		if err != nil && ctx.Err() == nil {
			hidden(err)
		}
	}()
	return events, nil
}
