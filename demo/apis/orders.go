package apis

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The states of an order.
const (
	orderPlaced    = "placed"
	orderPacked    = "packed"
	orderShipped   = "shipped"
	orderDelivered = "delivered"
	orderCancelled = "cancelled"
)

type order struct {
	ID         string      `json:"id"`
	CustomerID string      `json:"customerId"`
	Status     string      `json:"status"` // changes; the rest does not
	PlacedAt   time.Time   `json:"placedAt"`
	Currency   string      `json:"currency"`
	Total      cents       `json:"total"`
	Lines      []orderLine `json:"lines"`
	Note       string      `json:"note,omitempty"`
}

type orderLine struct {
	ID        string `json:"id"`
	ProductID string `json:"productId"`
	Quantity  int    `json:"quantity"`
	UnitPrice cents  `json:"unitPrice"`
}

type orderPage struct {
	Items      []order `json:"items"`
	Total      int     `json:"total"`
	NextCursor string  `json:"nextCursor,omitempty"`
}

// ordersRoutes are the operations of orders/openapi.yaml.
func (s *Set) ordersRoutes() []route {
	return []route{
		{"GET /orders", "orders:read", s.listOrders},
		{"POST /orders", "orders:write", s.placeOrder},
		{"GET /orders/{orderId}", "orders:read", s.getOrder},
		{"POST /orders/{orderId}/cancel", "orders:write", s.cancelOrder},
	}
}

// listOrders handles GET /orders.
func (s *Set) listOrders(w http.ResponseWriter, r *http.Request, who caller) {
	query := r.URL.Query()
	customerID, status := query.Get("customerId"), query.Get("status")
	if customerID == "" && !who.agent {
		customerID = who.subject
	}
	if customerID != "" && !who.sees(customerID) {
		writeProblem(w, problem{Status: http.StatusForbidden, Detail: "Those are another customer's."})
		return
	}
	if query.Has("status") && !slices.Contains([]string{orderPlaced, orderPacked, orderShipped, orderDelivered, orderCancelled}, status) {
		badRequest(w, "status is not one of placed, packed, shipped, delivered, cancelled.")
		return
	}
	limit, ok := number(w, query, "limit", 1, maxPage, 20)
	if !ok {
		return
	}
	before, ok := readCursor(query.Get("cursor"))
	if !ok {
		badRequest(w, "cursor is not one of ours.")
		return
	}
	writeJSON(w, r, cachePersonal, s.world.page(customerID, status, limit, before))
}

// page returns the newest orders older than before, which is a number of an order, or 0 for the first page.
// A page does not shift when orders are placed meanwhile.
func (w *world) page(customerID, status string, limit, before int) orderPage {
	w.mu.Lock()
	defer w.mu.Unlock()
	page := orderPage{Items: []order{}}
	more := false
	for number, o := range slices.Backward(w.sequence) {
		if customerID != "" && o.CustomerID != customerID || status != "" && o.Status != status {
			continue
		}
		page.Total++
		switch {
		case before != 0 && number+1 >= before:
		case len(page.Items) < limit:
			page.Items = append(page.Items, *o)
			page.NextCursor = writeCursor(number + 1)
		default:
			more = true
		}
	}
	if !more {
		page.NextCursor = ""
	}
	return page
}

// writeCursor makes the opaque cursor of the position after an order.
func writeCursor(number int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("orders:" + strconv.Itoa(number)))
}

// readCursor returns the number a cursor stands for, 0 for none.
func readCursor(cursor string) (number int, ok bool) {
	if cursor == "" {
		return 0, true
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	digits, ok := strings.CutPrefix(string(text), "orders:")
	number, err = strconv.Atoi(digits)
	return number, ok && err == nil && number >= 1 && writeCursor(number) == cursor
}

// getOrder handles GET /orders/{orderId}.
func (s *Set) getOrder(w http.ResponseWriter, r *http.Request, who caller) {
	o, found := s.world.order(r.PathValue("orderId"))
	if !found || !who.sees(o.CustomerID) { // another's is as if there were none
		notFound(w)
		return
	}
	writeJSON(w, r, cachePersonal, o)
}

// order returns a copy of an order as it is now.
func (w *world) order(id string) (order, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o, found := w.orders[id]
	if !found {
		return order{}, false
	}
	return *o, true
}

// cancelOrder handles POST /orders/{orderId}/cancel. To cancel what is cancelled changes nothing.
func (s *Set) cancelOrder(w http.ResponseWriter, r *http.Request, who caller) {
	id := r.PathValue("orderId")
	o, found := s.world.order(id)
	if !found || !who.sees(o.CustomerID) {
		notFound(w)
		return
	}
	o, cancelled := s.world.cancel(id, s.now().UTC())
	if !cancelled {
		writeProblem(w, problem{Status: http.StatusConflict, Detail: "The order has been shipped and cannot be cancelled."})
		return
	}
	writeChanged(w, http.StatusOK, o)
}

// cancel cancels an order unless it is on its way, and calls its parcels back.
func (w *world) cancel(id string, now time.Time) (order, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.orders[id]
	switch o.Status {
	case orderCancelled:
		return *o, true
	case orderPlaced, orderPacked:
	default:
		return *o, false
	}
	o.Status = orderCancelled
	for _, sh := range w.byOrder[id] {
		sh.callBack(now)
	}
	return *o, true
}
