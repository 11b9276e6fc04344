package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"vestibule.example/bench/limit/posts"
	"vestibule.example/clients/accounts"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
	"vestibule.example/clients/shipping"
)

// raw is the physical limit's calls: a request, its whole body, a decoder. It checks nothing but the status, and no
// production code should be like it.
type raw struct {
	apis   map[string]string
	client map[string]*http.Client
	decode func(data []byte, v any) error
}

func newRaw(k kit, decode func([]byte, any) error) *raw {
	r := &raw{apis: k.world.APIs, client: map[string]*http.Client{}, decode: decode}
	for name := range k.world.APIs {
		r.client[name] = &http.Client{Transport: k.carry(name, newTransport())}
	}
	return r
}

func get[T any](ctx context.Context, r *raw, api, path string, query url.Values) (value T, err error) {
	target := r.apis[api] + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return value, err
	}
	req.Header.Set("Accept", "application/json")
	res, err := r.client[api].Do(req)
	if err != nil {
		return value, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return value, fmt.Errorf("%s%s: %s", api, path, res.Status)
	}
	body, err := readAll(res)
	if err != nil {
		return value, err
	}
	return value, r.decode(body, &value)
}

// readAll reads a body in one piece where its length is known.
func readAll(res *http.Response) ([]byte, error) {
	if res.ContentLength < 0 {
		return io.ReadAll(res.Body)
	}
	body := make([]byte, res.ContentLength)
	_, err := io.ReadFull(res.Body, body)
	return body, err
}

// ids are a batch's keys, each once and in order, as our clients ask for them.
func ids(name string, keys []string) url.Values {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return url.Values{name: slices.Compact(keys)}
}

func (r *raw) Posts(ctx context.Context) ([]*posts.Post, error) {
	return get[[]*posts.Post](ctx, r, "posts", "/posts", nil)
}

func (r *raw) Users(ctx context.Context, keys []int) (map[int]*posts.User, error) {
	texts := make([]string, len(keys))
	for i, id := range keys {
		texts[i] = strconv.Itoa(id)
	}
	users, err := get[[]*posts.User](ctx, r, "posts", "/users", ids("id", texts))
	return byKey(users, func(u *posts.User) int { return u.ID }), err
}

func (r *raw) Me(ctx context.Context) (*accounts.Customer, error) {
	return get[*accounts.Customer](ctx, r, "accounts", "/me", nil)
}

func (r *raw) Addresses(ctx context.Context, customerID string) ([]*accounts.Address, error) {
	return get[[]*accounts.Address](ctx, r, "accounts", "/customers/"+url.PathEscape(customerID)+"/addresses", nil)
}

func (r *raw) PaymentMethods(ctx context.Context, customerID string) ([]*accounts.PaymentMethod, error) {
	return get[[]*accounts.PaymentMethod](ctx, r, "accounts", "/customers/"+url.PathEscape(customerID)+"/payment-methods", nil)
}

func (r *raw) Customers(ctx context.Context, keys []string) (map[string]*accounts.Customer, error) {
	list, err := get[struct {
		Items []*accounts.Customer `json:"items"`
	}](ctx, r, "accounts", "/customers", ids("id", keys))
	return byKey(list.Items, func(c *accounts.Customer) string { return c.Id }), err
}

func (r *raw) Orders(ctx context.Context, q orders.OrderQuery) (*orders.OrderPage, error) {
	return get[*orders.OrderPage](ctx, r, "orders", "/orders", url.Values{"customerId": {q.CustomerID}, "limit": {strconv.Itoa(q.Limit)}})
}

func (r *raw) ProductsByID(ctx context.Context, keys []string) (map[string]*catalog.Product, error) {
	page, err := get[struct {
		Items []*catalog.Product `json:"items"`
	}](ctx, r, "catalog", "/products", ids("id", keys))
	return byKey(page.Items, func(p *catalog.Product) string { return p.Id }), err
}

func (r *raw) Categories(ctx context.Context) ([]*catalog.Category, error) {
	return get[[]*catalog.Category](ctx, r, "catalog", "/categories", nil)
}

func (r *raw) Shipments(ctx context.Context, orderIDs []string) (map[string][]*shipping.Shipment, error) {
	list, err := get[struct {
		Items []*shipping.Shipment `json:"items"`
	}](ctx, r, "shipping", "/shipments", ids("orderId", orderIDs))
	return group(list.Items, func(s *shipping.Shipment) string { return s.OrderId }), err
}

func (r *raw) Tracking(ctx context.Context, shipmentIDs []string) (map[string][]*shipping.TrackingEvent, error) {
	list, err := get[struct {
		Items []*shipping.TrackingEvent `json:"items"`
	}](ctx, r, "shipping", "/tracking", ids("shipmentId", shipmentIDs))
	return group(list.Items, func(e *shipping.TrackingEvent) string { return e.ShipmentId }), err
}

func byKey[K comparable, V any](items []*V, key func(*V) K) map[K]*V {
	m := make(map[K]*V, len(items))
	for _, item := range items {
		m[key(item)] = item
	}
	return m
}

func group[V any](items []*V, key func(*V) string) map[string][]*V {
	m := map[string][]*V{}
	for _, item := range items {
		m[key(item)] = append(m[key(item)], item)
	}
	return m
}
