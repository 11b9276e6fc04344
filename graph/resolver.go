package graph

import (
	"context"
	"time"

	"vestibule.example/auth"
	"vestibule.example/clients"
	"vestibule.example/clients/accounts"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
	"vestibule.example/clients/shipping"
	"vestibule.example/graph/model"
	"vestibule.example/graph/rest"
)

// Resolver answers the schema's fields from the API clients.
type Resolver struct {
	Accounts *accounts.Client
	Catalog  *catalog.Client
	Orders   *orders.Client
	Shipping *shipping.Client
	Sessions Sessions
	// APIs are the APIs by name, for the fields that @rest describes.
	APIs map[string]*clients.API

	cursors *rest.Cursors // the handler's
}

// NewResolver makes the resolvers' clients, one line for each API that hand-written resolvers call. api gives a configured API by
// its name; it is called once for each name, those of the schema's @rest included.
func NewResolver(api func(name string) *clients.API, sessions Sessions) *Resolver {
	apis := map[string]*clients.API{}
	once := func(name string) *clients.API {
		if _, there := apis[name]; !there {
			apis[name] = api(name)
		}
		return apis[name]
	}
	for _, name := range restAPIs() {
		once(name)
	}
	return &Resolver{
		Accounts: accounts.New(once("accounts")),
		Catalog:  catalog.New(once("catalog")),
		Orders:   orders.New(once("orders")),
		Shipping: shipping.New(once("shipping")),
		Sessions: sessions,
		APIs:     apis,
	}
}

// complete tells whether the clients of all APIs that hand-written resolvers call are there.
func (r *Resolver) complete() bool {
	return r.Accounts != nil && r.Catalog != nil && r.Orders != nil && r.Shipping != nil
}

// Sessions lists and ends the sessions of the signed-in user; [auth.Service] implements it. Its methods answer for the session in the
// context, with auth.ErrUnauthenticated if there is none and auth.ErrNotFound for a session that is not hers.
type Sessions interface {
	List(ctx context.Context) ([]auth.SessionEntry, error)
	EndOne(ctx context.Context, id string) error
	EndOthers(ctx context.Context) error
}

// optionalTime is nil for a time that is not known.
func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// optional is nil for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// sessionList are the signed-in user's sessions as the schema has them.
func (r *Resolver) sessionList(ctx context.Context) ([]*model.SessionEntry, error) {
	entries, err := r.Sessions.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*model.SessionEntry, len(entries))
	for i, e := range entries {
		out[i] = &model.SessionEntry{
			ID: e.ID, Current: e.Current, Device: e.Device, Address: optional(e.Address), CreatedAt: e.Created, LastSeenAt: e.LastSeen, ExpiresAt: e.Expires,
		}
	}
	return out, nil
}

// sessionsLeft answers a mutation that ended sessions. It fails for one that ended its own session, which has none to list.
func (r *Resolver) sessionsLeft(ctx context.Context) (*model.EndSessionPayload, error) {
	entries, err := r.sessionList(ctx)
	if err != nil {
		return nil, err
	}
	return &model.EndSessionPayload{Sessions: entries}, nil
}
