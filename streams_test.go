//go:build !nodemo

package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"vestibule.example/demo/visitor"
)

const (
	watchOrder  = `subscription($id: ID!) { orderUpdated(id: $id) { id status customer { name } } }`
	watchParcel = `subscription($id: ID!) { shipmentMoved(id: $id) { event { description } shipment { status tracking { description } } } }`
	// calledBack is how watchParcel's answer to the cancelling of its order begins.
	calledBack = `{"shipmentMoved":{"event":{"description":"Order cancelled, back on the shelf"},"shipment":{"status":"RETURNED","tracking":[`
)

func subscribe(t *testing.T, v *visitor.Visitor, query, id string) *visitor.Subscription {
	t.Helper()
	s, err := v.Subscribe(t.Context(), query, map[string]any{"id": id})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if s.Status != http.StatusOK || s.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || s.Header.Get("Cache-Control") != "no-store" || s.Header.Get("X-Accel-Buffering") != "no" {
		t.Fatalf("the stream = %d %v", s.Status, s.Header)
	}
	return s
}

// next gives the next answer of a stream that has one.
func next(t *testing.T, s *visitor.Subscription) *visitor.Answer {
	t.Helper()
	answer, err := s.Next()
	if err != nil || answer == nil {
		t.Fatalf("the stream has no next answer: %v", err)
	}
	return answer
}

// nextThat gives the next answer that is wanted. Those before it are passed over: a parcel moves every four seconds while it is
// watched, and its order with it, on a slow machine within a test that is about something else.
func nextThat(t *testing.T, s *visitor.Subscription, wanted func(*visitor.Answer) bool) *visitor.Answer {
	t.Helper()
	for {
		if got := next(t, s); wanted(got) {
			return got
		}
	}
}

func says(text string) func(*visitor.Answer) bool {
	return func(a *visitor.Answer) bool { return strings.Contains(string(a.Data), text) }
}

// completes wants a stream to be over.
func completes(t *testing.T, s *visitor.Subscription) {
	t.Helper()
	if answer, err := s.Next(); answer != nil || err != nil {
		t.Errorf("the stream goes on: %v, %v, want its end", answer, err)
	}
	if _, err := s.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after complete: %v, want the end of the answer", err)
	}
}

// place gives a new order of the visitor's and the id of its parcel.
func place(t *testing.T, v *visitor.Visitor, key string) (order, parcel string) {
	t.Helper()
	answer := ask(t, v, `mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id shipments { id } } } }`, map[string]any{
		"input": map[string]any{"idempotencyKey": key, "lines": []any{map[string]any{"productId": firstProduct(t, v), "quantity": 1}}},
	})
	var placed struct {
		PlaceOrder struct {
			Order struct {
				ID        string
				Shipments []struct{ ID string }
			}
		}
	}
	if err := json.Unmarshal(answer.Data, &placed); err != nil || len(placed.PlaceOrder.Order.Shipments) == 0 {
		t.Fatalf("placing an order = %s, %v", answer.Body, err)
	}
	return placed.PlaceOrder.Order.ID, placed.PlaceOrder.Order.Shipments[0].ID
}

func cancelOrder(t *testing.T, v *visitor.Visitor, id string) {
	t.Helper()
	if answer := ask(t, v, `mutation($id: ID!) { cancelOrder(input: {orderId: $id}) { order { status } } }`, map[string]any{"id": id}); len(answer.Errors) > 0 {
		t.Fatalf("cancelOrder = %s", answer.Body)
	}
}

// Issue 7: subscriptions over SSE, from an API that is polled and from one with an event stream; each event's answer is a plan's,
// and a source's end is the stream's (SSE-1, SSE-2, SSE-5).
func TestSubscriptions(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	order, parcel := place(t, v, "streams-0001")
	resetCalls(t, g)
	orders := subscribe(t, v, watchOrder, order)
	if got := next(t, orders); !strings.Contains(string(got.Data), `"status":"PLACED","customer":{"name":"Alice`) || len(got.Errors) > 0 {
		t.Errorf("the order as it is now = %s", got.Body)
	}
	parcels := subscribe(t, v, watchParcel, parcel)
	waitForCall(t, g, "shipping", "/events")
	cancelOrder(t, v, order)
	if got := nextThat(t, orders, says(`"status":"CANCELLED"`)); len(got.Errors) > 0 || !strings.Contains(string(got.Body), `"executor":"plan"`) {
		t.Errorf("the order cancelled = %s", got.Body)
	}
	completes(t, orders)
	if got := nextThat(t, parcels, says(calledBack)); !strings.HasSuffix(string(got.Data), `{"description":"Order cancelled, back on the shelf"}]}}}`) || len(got.Errors) > 0 {
		t.Errorf("the parcel = %s", got.Body)
	}
	completes(t, parcels)
}

// waitForCall waits until an API has begun to answer for a path that ends so: a stream hears all that happens from then on.
func waitForCall(t *testing.T, g *gateway, api, ending string) {
	t.Helper()
	for {
		res := do(t, "GET", g.demo+"/control/calls", nil, nil)
		var answer struct {
			Calls []struct {
				Target, Path string
				Status       int
			}
		}
		if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		for _, c := range answer.Calls {
			if c.Target == api && strings.HasSuffix(c.Path, ending) && c.Status != 0 {
				return
			}
		}
		if t.Context().Err() != nil {
			t.Fatalf("%s does not answer for …%s", api, ending)
		}
	}
}

// What is refused is told as the protocol has it: a document in a stream that is over at once, a request by its status.
func TestRefusedSubscriptions(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	for _, c := range []struct{ name, query, code string }{
		{"nobody's", watchOrder, "UNAUTHENTICATED"},
		{"not valid", `subscription($id: ID!) { nothing(id: $id) }`, "GRAPHQL_VALIDATION_FAILED"},
		{"two at once", `subscription($id: ID!) { a: orderUpdated(id: $id) { id } b: orderUpdated(id: $id) { id } }`, "GRAPHQL_VALIDATION_FAILED"},
		{"too much", `subscription($id: ID!) { orderUpdated(id: $id) { customer { orders(first: 101) { totalCount } } } }`, "QUERY_TOO_COMPLEX"},
		{"not hers", watchOrder, "NOT_FOUND"},
		{"no such parcel", watchParcel, "NOT_FOUND"},
		{"skipped", `subscription($id: ID!) { orderUpdated(id: $id) @skip(if: true) { id } }`, "GRAPHQL_VALIDATION_FAILED"},
		{"two at once in fragments", `subscription($id: ID!) { ...A ...B } fragment A on Subscription { a: orderUpdated(id: $id) { id } } fragment B on Subscription { b: orderUpdated(id: $id) { id } }`, "GRAPHQL_VALIDATION_FAILED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			who, id := v, "o-nothing"
			if c.name == "nobody's" {
				who = g.visitor(t)
			}
			s := subscribe(t, who, c.query, id)
			got := next(t, s)
			if len(got.Errors) != 1 || got.Errors[0].Code() != c.code || strings.Contains(string(got.Body), `"data"`) {
				t.Errorf("%s, want one error %s without data", got.Body, c.code)
			}
			completes(t, s)
		})
	}
	body := `{"query":"subscription{orderUpdated(id:\"1\"){id}}"}`
	script := http.Header{"X-Csrf": {"1"}, "Content-Type": {"application/json"}, "Accept": {"text/event-stream"}}
	for _, c := range []struct {
		name   string
		method string
		change http.Header
		status int
	}{
		{"from a page of another site (SSE-7)", "POST", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"by an EventSource, which proves nothing (SSE-7)", "GET", http.Header{"X-Csrf": nil, "Sec-Fetch-Site": {"same-origin"}}, 403},
		{"as JSON", "POST", http.Header{"Accept": {"application/json"}}, 406},
		{"a reservation (SSE-4)", "PUT", nil, 405},
		{"a form", "POST", http.Header{"Content-Type": {"text/plain"}}, 415},
	} {
		h := script.Clone()
		for name, values := range c.change {
			h[name] = values
		}
		if res := do(t, c.method, g.origin+"/graphql", h, strings.NewReader(body)); res.StatusCode != c.status || strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
			t.Errorf("%s = %d %s, want %d", c.name, res.StatusCode, res.Header.Get("Content-Type"), c.status)
		}
	}
	for method, query := range map[string]string{"POST": "", "GET": "?query=%7B__typename%7D"} {
		res := do(t, method, g.origin+"/graphql"+query, script, strings.NewReader(`{"query":"{__typename}"}`))
		text, err := io.ReadAll(res.Body)
		if want := "event: next\ndata: "; err != nil || res.StatusCode != 200 || !strings.HasPrefix(string(text), want) || !strings.HasSuffix(string(text), "\n\nevent: complete\ndata: \n\n") ||
			!strings.Contains(string(text), `"data":{"__typename":"Query"}}`) {
			t.Errorf("a query as a stream = %d %q, %v", res.StatusCode, text, err)
		}
	}
}

// WS-12, SSE-6, BCL-19: a stream ends with its session however that ends, with a code that says what to do, and nobody else's
// does; a stream that the service ends asks to come back.
func TestStreamsEndWithTheSession(t *testing.T) {
	g := startGateway(t)
	bob := signIn(t, g, "bob")
	bobs, _ := place(t, bob, "streams-bob-1")
	his := subscribe(t, bob, watchOrder, bobs)
	next(t, his)
	for _, c := range []struct {
		name string
		end  func(t *testing.T, v *visitor.Visitor)
		code string
	}{
		{"sign-out", func(t *testing.T, v *visitor.Visitor) {
			if _, err := v.SignOut(t.Context()); err != nil {
				t.Error(err)
			}
		}, "UNAUTHENTICATED"},
		{"elsewhere", func(t *testing.T, _ *visitor.Visitor) {
			if answer := ask(t, signIn(t, g, "alice"), `mutation { endOtherSessions { __typename } }`, nil); len(answer.Errors) > 0 {
				t.Error(answer.Errors)
			}
		}, "UNAUTHENTICATED"},
		{"a step-up in another tab", func(t *testing.T, v *visitor.Visitor) {
			page, err := v.Navigate(t.Context(), "/auth/login?return_to=/account&acr_values=urn:demo:mfa")
			if err != nil {
				t.Fatal(err)
			}
			if _, err = v.Submit(t.Context(), page, map[string]string{"code": "123456"}); err != nil {
				t.Fatal(err)
			}
		}, "SESSION_CHANGED"},
		{"the provider's back-channel logout", func(t *testing.T, v *visitor.Visitor) {
			res := do(t, "POST", g.demo+"/control/provider/backchannel", http.Header{"Content-Type": {"application/json"}}, strings.NewReader(`{"client":"vestibule","sub":"c-alice"}`))
			if res.StatusCode != http.StatusOK {
				t.Errorf("the back channel = %d", res.StatusCode)
			}
		}, "UNAUTHENTICATED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := signIn(t, g, "alice")
			order, parcel := place(t, v, "streams-end-"+strings.ReplaceAll(c.name, " ", "-")[:4])
			streams := []*visitor.Subscription{subscribe(t, v, watchOrder, order), subscribe(t, v, watchParcel, parcel)}
			next(t, streams[0])
			c.end(t, v)
			for _, s := range streams {
				got := nextThat(t, s, func(a *visitor.Answer) bool { return len(a.Errors) > 0 })
				if len(got.Errors) != 1 || got.Errors[0].Code() != c.code || got.Data != nil || (got.Errors[0].Extensions["loginUrl"] == "/auth/login") != (c.code == "UNAUTHENTICATED") {
					t.Errorf("the last answer = %s, want %s", got.Body, c.code)
				}
				completes(t, s)
			}
		})
	}
	cancelOrder(t, bob, bobs)
	if got := next(t, his); !strings.Contains(string(got.Data), "CANCELLED") {
		t.Errorf("bob's stream = %s, want it to go on", got.Body)
	}
	order, _ := place(t, bob, "streams-bob-2")
	last := subscribe(t, bob, watchOrder, order)
	next(t, last)
	if err := g.stop(); err != nil {
		t.Errorf("stopping with an open stream: %v", err)
	}
	if answer, err := last.Next(); answer != nil || !errors.Is(err, io.EOF) || len(last.Retry) != 4 {
		t.Errorf("at the stop: %v, %v, retry %q, want the end without complete and when to come back", answer, err, last.Retry)
	}
}

// WS-15, SSE-5: each call behind an open stream has a token of then, and the server's times for requests are not a stream's: the
// demo moves a parcel that is watched every four seconds.
func TestAStreamOutlivesItsTokenAndTheServersTimes(t *testing.T) {
	t.Parallel() // It waits ten seconds.
	g := startGateway(t, "VESTIBULE_SERVER_READ_TIMEOUT=3s", "VESTIBULE_SERVER_WRITE_TIMEOUT=3s", "VESTIBULE_SERVER_READ_HEADER_TIMEOUT=3s", "VESTIBULE_GRAPHQL_TIMEOUT=3s")
	if res := do(t, "PATCH", g.demo+"/control/provider/settings", http.Header{"Content-Type": {"application/json"}}, strings.NewReader(`{"accessTokenTTL":"2s"}`)); res.StatusCode >= 300 {
		t.Fatalf("shortening tokens: %d", res.StatusCode)
	}
	v := signIn(t, g, "alice")
	_, parcel := place(t, v, "streams-tokens")
	s := subscribe(t, v, watchParcel, parcel)
	before := refreshes(t, g)
	for _, want := range []string{"Packed and labelled", "Handed to the carrier"} {
		if got := next(t, s); !strings.Contains(string(got.Data), `"event":{"description":"`+want+`"},"shipment":{"status":`) || len(got.Errors) > 0 {
			t.Errorf("got %s, want %q", got.Body, want)
		}
	}
	if refreshes(t, g) < before+2 {
		t.Error("the calls of later events had no token of their own")
	}
}

// SSE-3: whoever leaves is followed to no API any more.
func TestALeftStreamAsksNobody(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	parcel := shipmentOf(t, v)
	for range 50 { // More than twice what a session may have at once.
		for {
			s, err := v.Subscribe(t.Context(), watchParcel, map[string]any{"id": parcel})
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
			if s.Status == http.StatusOK {
				break
			}
			if s.Status != http.StatusServiceUnavailable || s.Header.Get("Retry-After") == "" || t.Context().Err() != nil {
				t.Fatalf("one more stream = %d %v", s.Status, s.Header)
			}
		}
	}
}
