// Package catalog calls the catalog API: products and categories.
package catalog

import (
	"context"

	"vestibule.example/clients"
)

// batchMax is how many ids GET /products takes at once.
const batchMax = 50

// Client calls the catalog API, which is public.
type Client struct{ api *clients.API }

// New makes a client over the API's transport.
func New(api *clients.API) *Client { return &Client{api} }

// ProductPage is one page of the catalogue.
type ProductPage struct {
	Items    []Product `json:"items"`
	Page     int       `json:"page"`
	PageSize int       `json:"pageSize"`
	Total    int       `json:"total"`
}

// ProductsByID are the products of these ids, by id; those unknown are absent.
func (c *Client) ProductsByID(ctx context.Context, ids []string) (map[string]*Product, error) {
	return clients.BatchGet(ctx, c.api, clients.At("/products"), "id", ids, batchMax, func(_ []string, page ProductPage) map[string]*Product {
		return clients.ByKey(page.Items, func(p *Product) string { return p.Id })
	})
}

// Categories are all there are, in the order to show them.
func (c *Client) Categories(ctx context.Context) ([]*Category, error) {
	return clients.Get[[]*Category](ctx, c.api, clients.At("/categories"), nil)
}
