package resttest

import (
	"vestibule.example/clients"
	"vestibule.example/graph/rest"
)

// Resolver answers the schema's fields.
type Resolver struct {
	APIs map[string]*clients.API

	cursors *rest.Cursors
}
