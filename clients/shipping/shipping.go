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
