// Package shipping calls the shipping API: parcels and where they are.
package shipping

import (
	"context"

	"vestibule.example/clients"
)

// batchMax is how many ids each of the API's lists takes at once.
const batchMax = 50

// Client calls the shipping API as the user whose session is in the context.
type Client struct{ api *clients.API }

// New makes a client over the API's transport.
func New(api *clients.API) *Client { return &Client{api} }

// ShipmentList is the answer of GET /shipments.
type ShipmentList struct {
	Items []Shipment `json:"items"`
}

// TrackingEventList is the answer of GET /tracking.
type TrackingEventList struct {
	Items []TrackingEvent `json:"items"`
}

// Shipments are the parcels of these orders, by order; orders unknown or not to be seen have none.
func (c *Client) Shipments(ctx context.Context, orderIDs []string) (map[string][]*Shipment, error) {
	return clients.BatchGet(ctx, c.api, clients.At("/shipments"), "orderId", orderIDs, batchMax, func(asked []string, list ShipmentList) map[string][]*Shipment {
		return clients.GroupBy(asked, list.Items, func(s *Shipment) string { return s.OrderId })
	})
}

// Tracking is what happened to these parcels, by parcel, oldest first.
func (c *Client) Tracking(ctx context.Context, shipmentIDs []string) (map[string][]*TrackingEvent, error) {
	return clients.BatchGet(ctx, c.api, clients.At("/tracking"), "shipmentId", shipmentIDs, batchMax, func(asked []string, list TrackingEventList) map[string][]*TrackingEvent {
		return clients.GroupBy(asked, list.Items, func(e *TrackingEvent) string { return e.ShipmentId })
	})
}

// Shipment is one parcel.
func (c *Client) Shipment(ctx context.Context, id string) (*Shipment, error) {
	return clients.Get[*Shipment](ctx, c.api, clients.At("/shipments/{shipmentId}", id), nil)
}

// Watch gives what happens to a parcel from now on, until it has arrived, ctx ends, or each fails. See [clients.Events].
func (c *Client) Watch(ctx context.Context, id string, each func(context.Context, *TrackingEvent) error) error {
	return clients.Events(ctx, c.api, clients.At("/shipments/{shipmentId}/events", id), nil, func(ctx context.Context, kind string, event *TrackingEvent) error {
		if kind != "tracking" {
			return nil
		}
		return each(ctx, event)
	})
}
