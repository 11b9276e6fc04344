package apis

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The states of a shipment.
const (
	shipmentPreparing      = "preparing"
	shipmentInTransit      = "in_transit"
	shipmentOutForDelivery = "out_for_delivery"
	shipmentDelivered      = "delivered"
	shipmentReturned       = "returned"
)

// shipment is a parcel with what has happened to it. world.mu guards its fields.
type shipment struct {
	id, orderID, customerID string
	carrier, number, city   string
	status                  string
	estimated               time.Time
	steps                   int // of the journey done
	events                  []trackingEvent
	changed                 chan struct{} // closed and replaced at each event
	moved                   time.Time     // when it last moved by itself
}

// shipmentBody is a shipment in JSON.
type shipmentBody struct {
	ID                string     `json:"id"`
	OrderID           string     `json:"orderId"`
	Carrier           string     `json:"carrier"`
	TrackingNumber    string     `json:"trackingNumber"`
	Status            string     `json:"status"`
	EstimatedDelivery *time.Time `json:"estimatedDelivery,omitempty"`
}

type trackingEvent struct {
	ID          string    `json:"id"`
	ShipmentID  string    `json:"shipmentId"`
	At          time.Time `json:"at"`
	Place       string    `json:"place"`
	Description string    `json:"description"`
}

// shippingRoutes are the operations of shipping/openapi.yaml.
func (s *Set) shippingRoutes() []route {
	return []route{
		{"GET /shipments", "shipping:read", s.listShipments},
		{"GET /shipments/{shipmentId}", "shipping:read", s.getShipment},
		{"GET /shipments/{shipmentId}/events", "shipping:read", s.streamShipment},
		{"GET /tracking", "shipping:read", s.listTracking},
	}
}

// listShipments handles GET /shipments.
func (s *Set) listShipments(w http.ResponseWriter, r *http.Request, who caller) {
	ids, ok := batch(w, r.URL.Query(), "orderId")
	if !ok {
		return
	}
	found := []shipmentBody{}
	s.world.mu.Lock()
	for _, id := range ids {
		for _, sh := range s.world.byOrder[id] {
			if who.sees(sh.customerID) {
				found = append(found, sh.body())
			}
		}
	}
	s.world.mu.Unlock()
	writeJSON(w, r, cachePersonal, list[shipmentBody]{found})
}

// getShipment handles GET /shipments/{shipmentId}.
func (s *Set) getShipment(w http.ResponseWriter, r *http.Request, who caller) {
	s.world.mu.Lock()
	sh, found := s.world.shipments[r.PathValue("shipmentId")]
	var body shipmentBody
	if found = found && who.sees(sh.customerID); found {
		body = sh.body()
	}
	s.world.mu.Unlock()
	if !found {
		notFound(w)
		return
	}
	writeJSON(w, r, cachePersonal, body)
}

// listTracking handles GET /tracking.
func (s *Set) listTracking(w http.ResponseWriter, r *http.Request, who caller) {
	ids, ok := batch(w, r.URL.Query(), "shipmentId")
	if !ok {
		return
	}
	found := []trackingEvent{}
	s.world.mu.Lock()
	for _, id := range ids {
		if sh, known := s.world.shipments[id]; known && who.sees(sh.customerID) {
			found = append(found, sh.events...)
		}
	}
	s.world.mu.Unlock()
	writeJSON(w, r, cachePersonal, list[trackingEvent]{found})
}

// body needs world.mu.
func (sh *shipment) body() shipmentBody {
	body := shipmentBody{ID: sh.id, OrderID: sh.orderID, Carrier: sh.carrier, TrackingNumber: sh.number, Status: sh.status}
	if !sh.done() {
		estimated := sh.estimated
		body.EstimatedDelivery = &estimated
	}
	return body
}

// done reports whether nothing more will happen to the shipment. It needs world.mu.
func (sh *shipment) done() bool {
	return sh.status == shipmentDelivered || sh.status == shipmentReturned
}

// step is one part of a shipment's journey.
type step struct {
	place, description string
	shipment, order    string // the states it leads to
}

// journey is what happens to a shipment to a city, one step after the other.
func journey(city string) []step {
	return []step{
		{"Bremen warehouse", "Packed and labelled", shipmentPreparing, orderPacked},
		{"Bremen warehouse", "Handed to the carrier", shipmentInTransit, orderShipped},
		{"Bremen hub", "Sorted for its direction", shipmentInTransit, orderShipped},
		{"Hanover hub", "Arrived at the hub", shipmentInTransit, orderShipped},
		{"Leipzig hub", "Arrived at the hub", shipmentInTransit, orderShipped},
		{city + " depot", "Arrived at the delivery depot", shipmentInTransit, orderShipped},
		{city, "Out for delivery", shipmentOutForDelivery, orderShipped},
		{city, "Delivered to the door", shipmentDelivered, orderDelivered},
	}
}

// parcelLines is how many lines of an order fit into one parcel.
const parcelLines = 3

// ship makes the shipments of an order, one or two, that have come so many steps. It needs w.mu.
func (w *world) ship(o *order, steps int) {
	w.parcel(o, "", steps)
	if len(o.Lines) > parcelLines {
		w.parcel(o, "b", steps)
	}
}

// parcel makes one shipment; suffix tells several shipments of one order apart. It needs w.mu.
func (w *world) parcel(o *order, suffix string, steps int) {
	digits := strings.TrimPrefix(o.ID, "o-")
	city := "Berlin"
	if addresses := w.addresses[o.CustomerID]; len(addresses) > 0 {
		city = addresses[0].City
	}
	carriers := []string{"Northwind Parcel", "Blue Heron Post", "Kestrel Express"}
	sh := &shipment{
		id: "s-" + digits + suffix, orderID: o.ID, customerID: o.CustomerID, city: city,
		carrier: carriers[len(w.shipments)%len(carriers)],
		number:  fmt.Sprintf("NW%s%05d", strings.ToUpper(digits+suffix), 10007+len(w.shipments)*7919%90000),
		status:  shipmentPreparing, estimated: o.PlacedAt.AddDate(0, 0, 7).Truncate(24 * time.Hour).Add(18 * time.Hour),
		changed: make(chan struct{}),
	}
	w.shipments[sh.id] = sh
	w.byOrder[o.ID] = append(w.byOrder[o.ID], sh)
	for i := range steps {
		sh.advance(o.PlacedAt.Add(time.Duration(i+1) * 9 * time.Hour))
	}
}

// advance does the next step of the journey and returns it. It needs world.mu and a shipment not done.
func (sh *shipment) advance(at time.Time) step {
	next := journey(sh.city)[sh.steps]
	sh.steps++
	sh.status = next.shipment
	sh.report(at, next.place, next.description)
	return next
}

// callBack ends the journey of a cancelled order. It needs world.mu.
func (sh *shipment) callBack(at time.Time) {
	if !sh.done() {
		sh.status = shipmentReturned
		sh.report(at, "Bremen warehouse", "Order cancelled, back on the shelf")
	}
}

// report adds an event and wakes whoever watches. It needs world.mu.
func (sh *shipment) report(at time.Time, place, description string) {
	id := fmt.Sprintf("%s-%d", sh.id, len(sh.events)+1)
	sh.events = append(sh.events, trackingEvent{id, sh.id, at, place, description})
	close(sh.changed)
	sh.changed = make(chan struct{})
}
