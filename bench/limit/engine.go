package main

import (
	"errors"

	"vestibule.example/bench/limit/posts"
	"vestibule.example/clients"
	"vestibule.example/clients/accounts"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
	"vestibule.example/clients/shipping"
)

type (
	accountsClient = accounts.Client
	catalogClient  = catalog.Client
	ordersClient   = orders.Client
	shippingClient = shipping.Client
	postsClient    = posts.Client
)

// engine is the pages' calls through our clients, wired as the product wires them.
type engine struct {
	*accountsClient
	*catalogClient
	*ordersClient
	*shippingClient
	*postsClient
}

func newEngine(k kit) (*engine, error) {
	var faults []error
	api := func(name string) *clients.API {
		a, err := k.api(name)
		faults = append(faults, err)
		return a
	}
	e := &engine{accounts.New(api("accounts")), catalog.New(api("catalog")), orders.New(api("orders")), shipping.New(api("shipping")), posts.New(api("posts"))}
	return e, errors.Join(faults...)
}

// cacheBytes is each API's room for answers. The benchmark's APIs allow none to be kept, so the cache costs and gives
// nothing, as with most personal answers.
const cacheBytes = 64 << 20
