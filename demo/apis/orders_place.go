package apis

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Limits of a new order, as the document says.
const (
	maxLines    = 20
	maxQuantity = 99
	maxNote     = 200
)

type newOrder struct {
	Lines []newOrderLine `json:"lines"`
	Note  string         `json:"note"`
}

type newOrderLine struct {
	ProductID string `json:"productId"`
	Quantity  int    `json:"quantity"`
}

// placement is what is remembered of an idempotency key.
type placement struct {
	body  [sha256.Size]byte // of what was asked
	order order             // as it was answered
}

// placeOrder handles POST /orders.
func (s *Set) placeOrder(w http.ResponseWriter, r *http.Request, who caller) {
	key := r.Header.Get("Idempotency-Key")
	if n := utf8.RuneCountInString(key); n < 8 || n > 100 {
		badRequest(w, "The header Idempotency-Key of 8 to 100 characters is needed.")
		return
	}
	var body newOrder
	if !readJSON(w, r, &body) {
		return
	}
	if faults := s.catalog.check(body); len(faults) > 0 {
		invalid(w, faults)
		return
	}
	canonical, err := json.Marshal(body)
	if err != nil {
		writeProblem(w, problem{Status: http.StatusInternalServerError})
		return
	}
	lines, total := s.catalog.price(body.Lines)
	draft := order{CustomerID: who.subject, Currency: "EUR", Total: total, Lines: lines, Note: body.Note}
	needsStepUp := s.stepUp > 0 && total > cents(s.stepUp) && who.acr != ACRMultiFactor

	// The key belongs to the caller, so that nobody is answered with another's order.
	o, outcome := s.world.place(who.subject+"\x00"+key, sha256.Sum256(canonical), draft, needsStepUp, s.now().UTC())
	switch outcome {
	case keyReused:
		writeProblem(w, problem{Status: http.StatusUnprocessableEntity, Detail: "The Idempotency-Key was used for another order."})
	case stepUpNeeded:
		// RFC 9470 §3
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(
			"Bearer realm=%q, error=\"insufficient_user_authentication\", error_description=\"An order of this size needs a second factor.\", acr_values=%q",
			Audience("orders"), ACRMultiFactor))
		writeProblem(w, problem{Status: http.StatusUnauthorized, Detail: "An order of this size needs a second factor."})
	case worldFull:
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Detail: "The demo holds no more orders."})
	default:
		w.Header().Set("Location", "/orders/"+o.ID)
		writeChanged(w, http.StatusCreated, o)
	}
}

// outcome is how placing an order ended.
type outcome int

const (
	placed outcome = iota
	keyReused
	stepUpNeeded
	worldFull
)

// place places an order once for each key.
func (w *world) place(key string, body [sha256.Size]byte, draft order, needsStepUp bool, now time.Time) (order, outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if before, found := w.placed[key]; found {
		if before.body != body {
			return order{}, keyReused
		}
		return before.order, placed
	}
	if needsStepUp {
		return order{}, stepUpNeeded
	}
	if len(w.sequence) >= maxOrders {
		return order{}, worldFull
	}
	draft.Status, draft.PlacedAt = orderPlaced, now
	o := w.append(draft)
	w.ship(o, 0)
	w.placed[key] = &placement{body, *o}
	w.placedKey = append(w.placedKey, key)
	if len(w.placedKey) > maxKept {
		delete(w.placed, w.placedKey[0])
		w.placedKey = slices.Delete(w.placedKey, 0, 1)
	}
	return *o, placed
}

// append numbers an order and its lines and keeps it. It needs w.mu.
func (w *world) append(o order) *order {
	o.ID = "o-" + strconv.Itoa(w.nextOrder)
	w.nextOrder++
	for i := range o.Lines {
		o.Lines[i].ID = o.ID + "-" + strconv.Itoa(i+1)
	}
	w.orders[o.ID] = &o
	w.sequence = append(w.sequence, &o)
	return &o
}

// check returns what is wrong with an order, by field.
func (c *catalogue) check(body newOrder) []fieldError {
	var faults []fieldError
	switch n := len(body.Lines); {
	case n == 0:
		faults = append(faults, fieldError{"/lines", "There must be at least one line."})
	case n > maxLines:
		faults = append(faults, fieldError{"/lines", fmt.Sprintf("There may be at most %d lines.", maxLines)})
		return faults // not a message for each of thousands
	}
	for i, line := range body.Lines {
		if _, found := c.byID[line.ProductID]; !found {
			faults = append(faults, fieldError{fmt.Sprintf("/lines/%d/productId", i), "There is no such product."})
		}
		if line.Quantity < 1 || line.Quantity > maxQuantity {
			faults = append(faults, fieldError{fmt.Sprintf("/lines/%d/quantity", i), fmt.Sprintf("Must be from 1 to %d.", maxQuantity)})
		}
	}
	if utf8.RuneCountInString(body.Note) > maxNote {
		faults = append(faults, fieldError{"/note", fmt.Sprintf("Must have at most %d characters.", maxNote)})
	}
	return faults
}

// price makes lines at the catalogue's prices, and their sum. The products must exist.
func (c *catalogue) price(asked []newOrderLine) (lines []orderLine, total cents) {
	for _, line := range asked {
		unit := c.byID[line.ProductID].Price
		lines = append(lines, orderLine{ProductID: line.ProductID, Quantity: line.Quantity, UnitPrice: unit})
		total += unit * cents(line.Quantity)
	}
	return lines, total
}
