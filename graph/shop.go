package graph

import (
	"context"

	"vestibule.example/clients/accounts"
	"vestibule.example/clients/orders"
	"vestibule.example/graph/model"
)

// untilOver gives an order's events on to each, and ends the stream when the order is delivered or cancelled.
func untilOver(each func(context.Context, *orders.Order) error) func(context.Context, *orders.Order) error {
	return func(ctx context.Context, o *orders.Order) error {
		if err := each(ctx, o); err != nil {
			return err
		}
		if o.Status == orders.OrderStatusDelivered || o.Status == orders.OrderStatusCancelled {
			return errOver
		}
		return nil
	}
}

func newAddress(input model.AddAddressInput) accounts.NewAddress {
	return accounts.NewAddress{
		Label: input.Label, Recipient: input.Recipient, Street: input.Street, PostalCode: input.PostalCode, City: input.City, Country: input.Country,
	}
}
