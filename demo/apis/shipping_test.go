package apis_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule.example/demo/apis"
	"vestibule.example/demo/fault"
)

func TestShipmentsAndTracking(t *testing.T) {
	f := start(t, nil)
	// o-1012 has four lines and so two parcels; o-1014 is bob's; o-1005 was cancelled.
	const shipments = "GET /shipments?orderId=o-1012&orderId=o-1014&orderId=o-1005&orderId=nothing"
	for subject, want := range map[string][]string{"c-alice": {"s-1012", "s-1012b"}, "c-bob": {"s-1014"}, "c-carol": {}, "c-agent": {"s-1012", "s-1012b", "s-1014"}} {
		got := f.call(subject, "shipping", shipments, "")
		if ids := got.ids(t); !reflect.DeepEqual(ids, want) {
			t.Errorf("%s sees %v, want %v", subject, ids, want)
		}
		if got.header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("header %v", got.header)
		}
	}
	for subject, want := range map[string]int{"c-alice": 8, "c-bob": 5, "c-agent": 13} {
		var list struct {
			Items []struct {
				ShipmentID string
				At         time.Time
			}
		}
		f.call(subject, "shipping", "GET /tracking?shipmentId=s-1001&shipmentId=s-1014&shipmentId=nothing", "").decode(t, &list)
		if len(list.Items) != want {
			t.Errorf("%s sees %d events, want %d", subject, len(list.Items), want)
		}
		for i, event := range list.Items {
			if event.At.After(f.now) || i > 0 && event.ShipmentID == list.Items[i-1].ShipmentID && event.At.Before(list.Items[i-1].At) {
				t.Errorf("%s: event %d is out of order or in the future", subject, i)
			}
		}
	}
	for subject, status := range map[string]int{"c-bob": 200, "c-alice": 404, "c-agent": 200} {
		for _, path := range []string{"/shipments/s-1014"} {
			if got := f.call(subject, "shipping", "GET "+path, ""); got.status != status {
				t.Errorf("%s: %s: %d, want %d", subject, path, got.status, status)
			}
		}
	}
	for _, path := range []string{"/shipments/nothing", "/shipments/nothing/events", "/shipments/s-1014/events"} {
		if got := f.call("c-alice", "shipping", "GET "+path, ""); got.status != 404 {
			t.Errorf("alice: %s: %d, want 404", path, got.status)
		}
	}
}

// stream is an open stream of server-sent events.
type stream struct {
	t      *testing.T
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

func (f *fixture) open(subject, shipmentID string, headers ...string) *stream {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	request, _ := http.NewRequestWithContext(ctx, "GET", f.servers["shipping"].URL+"/shipments/"+shipmentID+"/events", nil)
	request.Header.Set("Authorization", "Bearer "+f.token("shipping", subject))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := f.servers["shipping"].Client().Do(request)
	if err != nil {
		f.t.Fatal(err)
	}
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" || !strings.Contains(response.Header.Get("Cache-Control"), "no-store") {
		f.t.Fatalf("got %d %v", response.StatusCode, response.Header)
	}
	f.t.Cleanup(func() { cancel(); _ = response.Body.Close() })
	return &stream{f.t, bufio.NewScanner(response.Body), cancel}
}

// next reads one block; ok is false at the end.
func (s *stream) next() (lines []string, ok bool) {
	for s.lines.Scan() {
		if s.lines.Text() == "" {
			return lines, true
		}
		lines = append(lines, s.lines.Text())
	}
	return lines, false
}

// event reads one event and returns its description.
func (s *stream) event(id string) string {
	s.t.Helper()
	lines, ok := s.next()
	if !ok || len(lines) != 3 || lines[0] != "id: "+id || lines[1] != "event: tracking" {
		s.t.Fatalf("got %q, want the event %s", lines, id)
	}
	var event struct{ ID, ShipmentID, Place, Description string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(lines[2], "data: ")), &event); err != nil || event.ID != id {
		s.t.Fatalf("data %q: %v", lines[2], err)
	}
	return event.Description
}

func TestStreamSendsWhatHappensUntilTheEnd(t *testing.T) {
	f := start(t, nil)
	first, second := f.open("c-alice", "s-1013"), f.open("c-agent", "s-1013") // out for delivery
	for _, s := range []*stream{first, second} {
		if lines, _ := s.next(); !strings.HasPrefix(lines[0], ":") {
			t.Errorf("the stream begins with %q", lines)
		}
	}
	if !f.Advance("s-1013") || f.Advance("s-1013") || f.Advance("nothing") {
		t.Error("Advance does not say what it did")
	}
	for _, s := range []*stream{first, second} {
		if got := s.event("s-1013-8"); got != "Delivered to the door" {
			t.Errorf("got %q", got)
		}
		if lines, ok := s.next(); ok {
			t.Errorf("after the end came %q", lines)
		}
	}
	var o orderBody
	if f.call("c-alice", "orders", "GET /orders/o-1013", "").decode(t, &o); o.Status != "delivered" {
		t.Errorf("the order is %s", o.Status)
	}
	var sh struct{ Status string }
	if f.call("c-alice", "shipping", "GET /shipments/s-1013", "").decode(t, &sh); sh.Status != "delivered" {
		t.Errorf("the shipment is %s", sh.Status)
	}
}

func TestStreamGoesOnAfterLastEventID(t *testing.T) {
	f := start(t, nil)
	s := f.open("c-alice", "s-1001", "Last-Event-ID: s-1001-6") // delivered
	s.next()
	s.event("s-1001-7")
	s.event("s-1001-8")
	if lines, ok := s.next(); ok {
		t.Errorf("after the end came %q", lines)
	}
}

func TestAnOrderIsFollowedFromThePlacingOn(t *testing.T) {
	f := start(t, nil)
	var o orderBody
	f.call("c-bob", "orders", "POST /orders", `{"lines":[{"productId":"p-500","quantity":1}]}`, "Idempotency-Key: key-00001").decode(t, &o)
	id := strings.Replace(o.ID, "o-", "s-", 1)
	var states []string
	for f.Advance(id) {
		f.call("c-bob", "orders", "GET /orders/"+o.ID, "").decode(t, &o)
		states = append(states, o.Status)
	}
	if len(states) != 8 || !slices.Equal(slices.Compact(states), []string{"packed", "shipped", "delivered"}) {
		t.Errorf("the order went through %v", states)
	}
}

func TestAnOrderOfTwoParcelsFollowsTheSlower(t *testing.T) {
	f := start(t, nil)
	line := `{"productId":"p-500","quantity":1}`
	var o orderBody
	f.call("c-bob", "orders", "POST /orders", `{"lines":[`+strings.Repeat(line+",", 3)+line+`]}`, "Idempotency-Key: key-00001").decode(t, &o)
	ids := f.call("c-bob", "shipping", "GET /shipments?orderId="+o.ID, "").ids(t)
	if len(ids) != 2 {
		t.Fatalf("shipments %v, want two", ids)
	}
	for _, step := range []struct{ id, status string }{
		{ids[0], "placed"}, {ids[0], "placed"}, {ids[1], "packed"}, {ids[1], "shipped"},
	} {
		f.Advance(step.id)
		if f.call("c-bob", "orders", "GET /orders/"+o.ID, "").decode(t, &o); o.Status != step.status {
			t.Errorf("after a step of %s the order is %s, want %s", step.id, o.Status, step.status)
		}
	}
}

func TestCancellingEndsTheStream(t *testing.T) {
	f := start(t, nil)
	s := f.open("c-alice", "s-1018")
	s.next()
	f.call("c-alice", "orders", "POST /orders/o-1018/cancel", "")
	if got := s.event("s-1018-1"); !strings.Contains(got, "cancelled") {
		t.Errorf("got %q", got)
	}
	if _, ok := s.next(); ok {
		t.Error("the stream goes on")
	}
	if f.Advance("s-1018") {
		t.Error("a parcel called back moves on")
	}
}

func TestShipmentMovesByItselfWhileWatched(t *testing.T) {
	f := start(t, func(cfg *apis.Config) { cfg.TrackingEvery = 2 * time.Millisecond })
	s := f.open("c-alice", "s-1018")
	s.next()
	for _, id := range []string{"s-1018-1", "s-1018-2", "s-1018-3", "s-1018-4", "s-1018-5", "s-1018-6", "s-1018-7", "s-1018-8"} {
		s.event(id)
	}
	if _, ok := s.next(); ok {
		t.Error("the stream goes on after the delivery")
	}
	if got := f.call("c-alice", "shipping", "GET /tracking?shipmentId=s-1019", "").ids(t); len(got) != 0 {
		t.Errorf("a shipment nobody watches moved: %v", got)
	}
}

func TestSilentStreamBeatsAndEndsWithTheSet(t *testing.T) {
	f := start(t, func(cfg *apis.Config) { cfg.Heartbeat = time.Millisecond })
	s := f.open("c-alice", "s-1018")
	s.next()
	if lines, ok := s.next(); !ok || lines[0] != ": still here" {
		t.Errorf("got %q, want a heartbeat", lines)
	}
	f.Close()
	for {
		if _, ok := s.next(); !ok {
			return
		}
	}
}

func TestStreamsAreBoundedAndGivenBack(t *testing.T) {
	f := start(t, nil)
	var last *stream
	for range 200 {
		last = f.open("c-alice", "s-1018")
	}
	if got := f.call("c-alice", "shipping", "GET /shipments/s-1018/events", ""); got.status != 503 {
		t.Errorf("the 201st stream: %d, want 503", got.status)
	}
	last.cancel()
	// The server notices in its own time; the test's deadline is the bound.
	for f.call("c-alice", "shipping", "GET /shipments/s-1001/events", "", "Last-Event-ID: s-1001-7").status != 200 {
		if t.Context().Err() != nil {
			t.Fatal("the stream was not given back")
		}
	}
}

func TestStreamPassesThroughTheFaults(t *testing.T) {
	f := start(t, nil)
	control := fault.New(fault.Config{})
	f.servers["shipping"].Config.Handler = control.Wrap("shipping", f.Handler("shipping"))
	s := f.open("c-alice", "s-1013")
	s.next()
	f.Advance("s-1013")
	s.event("s-1013-8")
	if calls := control.Calls("shipping"); len(calls) != 1 || calls[0].Status != 200 || !calls[0].Bearer {
		t.Errorf("calls %+v", calls)
	}
}

// Whoever has seen a journey's end need not come again.
func TestAStreamOfAJourneyThatIsOver(t *testing.T) {
	f := start(t, nil)
	f.Advance("s-1013")
	for header, want := range map[string]int{"Last-Event-ID: s-1013-8": 204, "Last-Event-ID: s-1013-1": 200, "X-Nothing: 1": 204} {
		if got := f.call("c-alice", "shipping", "GET /shipments/s-1013/events", "", header); got.status != want {
			t.Errorf("%s: %d, want %d", header, got.status, want)
		}
	}
}
