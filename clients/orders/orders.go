// Package orders calls the orders API: orders and their lines.
package orders

import (
	"context"
	"time"

	"vestibule.example/clients"
)

// Client calls the orders API as the user whose session is in the context.
type Client struct{ api *clients.API }

// New makes a client over the API's transport.
func New(api *clients.API) *Client { return &Client{api} }

// OrderQuery says which page of which orders; zero fields are left out.
type OrderQuery struct {
	CustomerID string      // only this customer's; a customer may name only herself
	Status     OrderStatus // only those that stand so
	Limit      int         // 1 to 100; 20 unless given
	Cursor     string      // NextCursor of the page before
}

// OrderPage is one page of orders.
type OrderPage struct {
	Items      []Order `json:"items"`
	NextCursor *string `json:"nextCursor,omitempty"` // nil on the last
	Total      int     `json:"total"`                // how many there are over all pages
}

// Orders are one page of the orders that the user may see, newest first.
func (c *Client) Orders(ctx context.Context, q OrderQuery) (*OrderPage, error) {
	return clients.Get[*OrderPage](ctx, c.api, clients.At("/orders"), clients.Query(
		"customerId", q.CustomerID, "status", string(q.Status), "limit", clients.Number(q.Limit), "cursor", q.Cursor))
}

// Order is one order.
func (c *Client) Order(ctx context.Context, id string) (*Order, error) {
	return clients.Get[*Order](ctx, c.api, clients.At("/orders/{orderId}", id), nil)
}

// watchEvery is how often an order that is watched is asked for: the API has no event stream.
const watchEvery = 2 * time.Second

// Watch gives an order as it is now, and again whenever it has changed, until ctx ends or each fails. See [clients.Poll].
func (c *Client) Watch(ctx context.Context, id string, each func(context.Context, *Order) error) error {
	return clients.Poll(ctx, c.api, clients.At("/orders/{orderId}", id), nil, watchEvery, each)
}
