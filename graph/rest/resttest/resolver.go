package resttest

import "vestibule.example/clients"

// Resolver answers the schema's fields.
type Resolver struct {
	APIs map[string]*clients.API
}
