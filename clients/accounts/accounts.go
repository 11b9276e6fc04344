// Package accounts calls the accounts API: customers, their addresses and their payment methods.
package accounts

import (
	"context"

	"vestibule.example/clients"
)

// batchMax is how many ids GET /customers takes at once.
const batchMax = 50

// Client calls the accounts API as the user whose session is in the context.
type Client struct{ api *clients.API }

// New makes a client over the API's transport.
func New(api *clients.API) *Client { return &Client{api} }

// NewAddress is an address to add.
type NewAddress struct {
	City       string `json:"city"`
	Country    string `json:"country"`
	Label      string `json:"label"`
	PostalCode string `json:"postalCode"`
	Recipient  string `json:"recipient"`
	Street     string `json:"street"`
}

// CustomerList is the answer of GET /customers.
type CustomerList struct {
	Items []Customer `json:"items"`
}

// Me is the customer whom the access token stands for.
func (c *Client) Me(ctx context.Context) (*Customer, error) {
	return clients.Get[*Customer](ctx, c.api, clients.At("/me"), nil)
}

// Customers are the customers of these ids, by id; those unknown or not to be seen are absent.
func (c *Client) Customers(ctx context.Context, ids []string) (map[string]*Customer, error) {
	return clients.BatchGet(ctx, c.api, clients.At("/customers"), "id", ids, batchMax, func(_ []string, list CustomerList) map[string]*Customer {
		return clients.ByKey(list.Items, func(c *Customer) string { return c.Id })
	})
}

// Addresses are a customer's, the default one first.
func (c *Client) Addresses(ctx context.Context, customerID string) ([]*Address, error) {
	return clients.Get[[]*Address](ctx, c.api, clients.At("/customers/{customerId}/addresses", customerID), nil)
}

// AddAddress adds one; a repeat adds another.
func (c *Client) AddAddress(ctx context.Context, customerID string, address NewAddress) (*Address, error) {
	return clients.Post[*Address](ctx, c.api, clients.At("/customers/{customerId}/addresses", customerID), address)
}

// PaymentMethods are a customer's, as they may be shown.
func (c *Client) PaymentMethods(ctx context.Context, customerID string) ([]*PaymentMethod, error) {
	return clients.Get[[]*PaymentMethod](ctx, c.api, clients.At("/customers/{customerId}/payment-methods", customerID), nil)
}
