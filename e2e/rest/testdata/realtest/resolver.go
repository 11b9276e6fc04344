package realtest

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
