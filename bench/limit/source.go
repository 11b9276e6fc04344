package main

import (
	"context"

	"vestibule.example/bench/limit/posts"
	"vestibule.example/clients/accounts"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
	"vestibule.example/clients/shipping"
)

// source is the calls that the pages make: with net/http alone, or through our clients.
type source interface {
	Posts(ctx context.Context) ([]*posts.Post, error)
	Users(ctx context.Context, ids []int) (map[int]*posts.User, error)

	Me(ctx context.Context) (*accounts.Customer, error)
	Addresses(ctx context.Context, customerID string) ([]*accounts.Address, error)
	PaymentMethods(ctx context.Context, customerID string) ([]*accounts.PaymentMethod, error)
	Customers(ctx context.Context, ids []string) (map[string]*accounts.Customer, error)
	Orders(ctx context.Context, q orders.OrderQuery) (*orders.OrderPage, error)
	ProductsByID(ctx context.Context, ids []string) (map[string]*catalog.Product, error)
	Categories(ctx context.Context) ([]*catalog.Category, error)
	Shipments(ctx context.Context, orderIDs []string) (map[string][]*shipping.Shipment, error)
	Tracking(ctx context.Context, shipmentIDs []string) (map[string][]*shipping.TrackingEvent, error)
}
