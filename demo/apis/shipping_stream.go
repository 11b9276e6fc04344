package apis

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// Advance lets the next thing happen to a shipment. It reports whether anything did: not when there is no
// such shipment or its journey is over.
func (s *Set) Advance(shipmentID string) bool {
	return s.world.advance(shipmentID, s.now().UTC(), time.Time{}, 0)
}

// advance moves a shipment on. With a tick it does so only when it has not moved by itself for most of the
// period: several streams of one shipment tick side by side and must not hurry it.
func (w *world) advance(shipmentID string, now, tick time.Time, period time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	sh, found := w.shipments[shipmentID]
	if !found || sh.done() {
		return false
	}
	if !tick.IsZero() {
		if tick.Sub(sh.moved) < period*3/4 {
			return false
		}
		sh.moved = tick
	}
	did := sh.advance(now)
	// The order follows the parcel that has come least far.
	if !slices.ContainsFunc(w.byOrder[sh.orderID], func(other *shipment) bool { return other.steps < sh.steps }) {
		w.orders[sh.orderID].Status = did.order
	}
	return true
}

// streamShipment handles GET /shipments/{shipmentId}/events. It sends what happens from now on, or after
// the event of the header Last-Event-ID, and ends with the journey; whoever has seen its end gets 204.
func (s *Set) streamShipment(w http.ResponseWriter, r *http.Request, who caller) {
	id := r.PathValue("shipmentId")
	sent, status := s.world.openStream(id, who, r.Header.Get("Last-Event-ID"))
	switch status {
	case 0:
	case http.StatusNoContent: // There will be no more: do not come again (HTML, Server-sent events).
		w.WriteHeader(status)
		return
	default:
		writeProblem(w, problem{Status: status})
		return
	}
	defer s.world.closeStream()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "private, no-store")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	// A stream outlives the write timeout of its server; a server that cannot lift it cuts the stream.
	_ = out.SetWriteDeadline(time.Time{})
	if _, err := fmt.Fprintf(w, ": what happens to %s\n\n", id); err != nil {
		return
	}
	heartbeat := time.NewTicker(s.beat)
	defer heartbeat.Stop()
	var moves <-chan time.Time
	if s.every > 0 {
		mover := time.NewTicker(s.every)
		defer mover.Stop()
		moves = mover.C
	}
	for {
		events, changed, done := s.world.eventsAfter(id, sent)
		sent += len(events)
		if err := writeEvents(w, events); err != nil {
			return
		}
		if err := out.Flush(); err != nil || done {
			return
		}
		select {
		case <-changed:
		case tick := <-moves:
			s.world.advance(id, s.now().UTC(), tick, s.every)
		case <-heartbeat.C:
			if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-s.world.closed:
			return
		}
	}
}

// writeEvents writes server-sent events.
func writeEvents(w io.Writer, events []trackingEvent) error {
	for _, event := range events {
		data, err := json.Marshal(event)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "id: %s\nevent: tracking\ndata: %s\n\n", event.ID, data); err != nil {
			return err
		}
	}
	return nil
}

// openStream counts a stream in and returns how many events it need not send, or a status that says why not.
func (w *world) openStream(shipmentID string, who caller, lastEventID string) (sent, status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	sh, found := w.shipments[shipmentID]
	if !found || !who.sees(sh.customerID) {
		return 0, http.StatusNotFound
	}
	if w.streams >= maxStreams {
		return 0, http.StatusServiceUnavailable
	}
	sent = len(sh.events)
	if last := slices.IndexFunc(sh.events, func(event trackingEvent) bool { return event.ID == lastEventID }); last >= 0 {
		sent = last + 1
	}
	if sent == len(sh.events) && sh.done() {
		return 0, http.StatusNoContent
	}
	w.streams++
	return sent, 0
}

func (w *world) closeStream() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streams--
}

// eventsAfter returns the events after the first sent ones, a channel that is closed when there are more,
// and whether there will be none.
func (w *world) eventsAfter(shipmentID string, sent int) (events []trackingEvent, changed <-chan struct{}, done bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	sh := w.shipments[shipmentID]
	return slices.Clone(sh.events[sent:]), sh.changed, sh.done()
}
