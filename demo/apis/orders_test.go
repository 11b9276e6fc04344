package apis_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule.example/demo/apis"
)

type orderBody struct {
	ID, CustomerID, Status, Currency, Total, Note string
	PlacedAt                                      time.Time
	Lines                                         []struct {
		ID, ProductID, UnitPrice string
		Quantity                 int
	}
}

type orderPage struct {
	Items      []orderBody
	Total      int
	NextCursor string
}

// walk reads all pages of a list of orders.
func (f *fixture) walk(subject, query string, limit int) (orders []orderBody, pages int) {
	f.t.Helper()
	cursor := ""
	for pages = 1; pages < 50; pages++ {
		var page orderPage
		got := f.call(subject, "orders", fmt.Sprintf("GET /orders?limit=%d%s&cursor=%s", limit, query, cursor), "")
		if got.status != 200 {
			f.t.Fatalf("page %d: %d %s", pages, got.status, got.body)
		}
		got.decode(f.t, &page)
		orders = append(orders, page.Items...)
		if cursor = page.NextCursor; cursor == "" {
			if page.Total != len(orders) {
				f.t.Errorf("total %d, but %d were read", page.Total, len(orders))
			}
			return orders, pages
		}
		if len(page.Items) != limit {
			f.t.Errorf("page %d has %d of %d", pages, len(page.Items), limit)
		}
	}
	f.t.Fatal("the pages do not end")
	return nil, 0
}

func TestWhoSeesWhichOrders(t *testing.T) {
	f := start(t, nil)
	for subject, want := range map[string]int{"c-alice": 14, "c-bob": 3, "c-carol": 2, "c-agent": 19, "c-nobody": 0} {
		orders, _ := f.walk(subject, "", 100)
		if len(orders) != want {
			t.Errorf("%s sees %d orders, want %d", subject, len(orders), want)
		}
		for _, o := range orders {
			if subject != "c-agent" && o.CustomerID != subject {
				t.Errorf("%s sees %s of %s", subject, o.ID, o.CustomerID)
			}
		}
	}
	for _, test := range []struct {
		subject, operation string
		status             int
	}{
		{"c-bob", "GET /orders?customerId=c-bob", 200},
		{"c-bob", "GET /orders?customerId=c-alice", 403},
		{"c-agent", "GET /orders?customerId=c-alice", 200},
		{"c-alice", "GET /orders/o-1001", 200},
		{"c-bob", "GET /orders/o-1001", 404},
		{"c-agent", "GET /orders/o-1001", 200},
		{"c-alice", "GET /orders/o-9999", 404},
		{"c-bob", "POST /orders/o-1019/cancel", 404},
	} {
		if got := f.call(test.subject, "orders", test.operation, ""); got.status != test.status {
			t.Errorf("%s: %s: %d, want %d", test.subject, test.operation, got.status, test.status)
		}
	}
	if got := f.call("c-alice", "orders", "GET /orders", ""); got.header.Get("Cache-Control") != "private, no-cache" || got.header.Get("ETag") == "" {
		t.Errorf("header %v", got.header)
	}
}

func TestPagesToTheEnd(t *testing.T) {
	f := start(t, nil)
	whole, pages := f.walk("c-alice", "", 14)
	if pages != 1 {
		t.Errorf("14 of 14 are %d pages, want 1", pages)
	}
	for limit, want := range map[int]int{1: 14, 5: 3, 7: 2, 13: 2} {
		orders, pages := f.walk("c-alice", "", limit)
		if pages != want || !reflect.DeepEqual(orders, whole) {
			t.Errorf("by %d: %d pages, want %d; or not the same orders", limit, pages, want)
		}
	}
	if !slices.IsSortedFunc(whole, func(a, b orderBody) int { return b.PlacedAt.Compare(a.PlacedAt) }) {
		t.Error("they are not newest first")
	}
	states := map[string]int{}
	for _, status := range []string{"placed", "packed", "shipped", "delivered", "cancelled"} {
		orders, _ := f.walk("c-alice", "&status="+status, 3)
		states[status] = len(orders)
		for _, o := range orders {
			if o.Status != status {
				t.Errorf("%s among the %s", o.Status, status)
			}
		}
	}
	if want := map[string]int{"placed": 2, "packed": 1, "shipped": 2, "delivered": 8, "cancelled": 1}; !reflect.DeepEqual(states, want) {
		t.Errorf("alice has %v, want %v", states, want)
	}
	for _, query := range []string{"limit=0", "limit=101", "limit=ten", "status=lost", "status=", "cursor=x", "cursor=b3JkZXJzOjA", "cursor=%F0"} {
		if got := f.call("c-alice", "orders", "GET /orders?"+query, ""); got.status != 400 {
			t.Errorf("%s: %d, want 400", query, got.status)
		}
	}
}

func TestAPageDoesNotShift(t *testing.T) {
	f := start(t, nil)
	var first, second orderPage
	f.call("c-bob", "orders", "GET /orders?limit=1", "").decode(t, &first)
	f.call("c-bob", "orders", "POST /orders", `{"lines":[{"productId":"p-500","quantity":1}]}`, "Idempotency-Key: key-00001")
	f.call("c-bob", "orders", "GET /orders?limit=1&cursor="+first.NextCursor, "").decode(t, &second)
	if first.Items[0].ID != "o-1017" || second.Items[0].ID != "o-1014" || second.Total != 4 {
		t.Errorf("first %s, then %s of %d", first.Items[0].ID, second.Items[0].ID, second.Total)
	}
}

func TestPlaceOrder(t *testing.T) {
	f := start(t, nil)
	const body = `{"lines":[{"productId":"p-100","quantity":2},{"productId":"p-101","quantity":3}],"note":"Ring twice."}`
	got := f.call("c-alice", "orders", "POST /orders", body, "Idempotency-Key: key-00001")
	var o orderBody
	got.decode(t, &o)
	// 2 × 129.00 + 3 × 58.90 = 258.00 + 176.70
	if got.status != 201 || o.Total != "434.70" || o.Status != "placed" || o.CustomerID != "c-alice" || o.Note != "Ring twice." || !o.PlacedAt.Equal(f.now) ||
		len(o.Lines) != 2 || o.Lines[1].ID != o.ID+"-2" || o.Lines[1].UnitPrice != "58.90" || got.header.Get("Location") != "/orders/"+o.ID {
		t.Fatalf("got %d %+v", got.status, o)
	}
	var newest orderPage
	f.call("c-alice", "orders", "GET /orders?limit=1", "").decode(t, &newest)
	if newest.Items[0].ID != o.ID || newest.Total != 15 {
		t.Errorf("the newest of %d is %s", newest.Total, newest.Items[0].ID)
	}
	if ids := f.call("c-alice", "shipping", "GET /shipments?orderId="+o.ID, "").ids(t); len(ids) != 1 {
		t.Errorf("its shipments: %v, want one", ids)
	}
}

func TestIdempotencyKey(t *testing.T) {
	f := start(t, nil)
	const body = `{"lines":[{"productId":"p-500","quantity":1}]}`
	place := func(subject, key, body string) (int, string) {
		got := f.call(subject, "orders", "POST /orders", body, "Idempotency-Key: "+key)
		var o struct{ ID string }
		got.decode(t, &o)
		return got.status, o.ID
	}
	status, first := place("c-alice", "key-00001", body)
	if status != 201 {
		t.Fatal(status)
	}
	if status, again := place("c-alice", "key-00001", ` { "lines" : [ {"quantity":1,"productId":"p-500"} ] } `); status != 201 || again != first {
		t.Errorf("the same again: %d %s, want 201 %s", status, again, first)
	}
	if status, _ := place("c-alice", "key-00001", strings.Replace(body, "1", "2", 1)); status != 422 {
		t.Errorf("the key for another order: %d, want 422", status)
	}
	if status, other := place("c-alice", "key-00002", body); status != 201 || other == first {
		t.Errorf("another key: %d %s", status, other)
	}
	if status, bobs := place("c-bob", "key-00001", body); status != 201 || bobs == first {
		t.Errorf("alice's key used by bob: %d %s, want an order of his own", status, bobs)
	}
	for name, key := range map[string]string{"none": "", "too short": "key-001", "too long": strings.Repeat("k", 101)} {
		if status, _ := place("c-alice", key, body); status != 400 {
			t.Errorf("a key that is %s: %d, want 400", name, status)
		}
	}
	if status, _ := place("c-alice", "key-00003", `{"lines":[]}`); status != 422 {
		t.Fatal(status)
	}
	if status, _ := place("c-alice", "key-00003", body); status != 201 {
		t.Errorf("a key whose order was refused: %d, want 201", status)
	}
	t.Run("at the same time", func(t *testing.T) {
		var wait sync.WaitGroup
		ids := make([]string, 8)
		for i := range ids {
			wait.Go(func() { _, ids[i] = place("c-bob", "key-at-once", body) })
		}
		wait.Wait()
		if slices.Sort(ids); ids[0] == "" || len(slices.Compact(ids)) != 1 {
			t.Errorf("orders %v, want one", ids)
		}
	})
}

func TestOrderValidation(t *testing.T) {
	f := start(t, nil)
	line := `{"productId":"p-500","quantity":1}`
	for _, test := range []struct {
		name, body string
		status     int
		fields     []string
	}{
		{"no lines", `{}`, 422, []string{"/lines"}},
		{"twenty lines", `{"lines":[` + strings.Repeat(line+",", 19) + line + `]}`, 201, nil},
		{"twenty-one lines", `{"lines":[` + strings.Repeat(line+",", 20) + line + `]}`, 422, []string{"/lines"}},
		{"an unknown product", `{"lines":[` + line + `,{"productId":"p-1","quantity":1}]}`, 422, []string{"/lines/1/productId"}},
		{"a quantity of none", `{"lines":[{"productId":"p-500","quantity":0}]}`, 422, []string{"/lines/0/quantity"}},
		{"a quantity of a hundred", `{"lines":[{"productId":"p-500","quantity":100}]}`, 422, []string{"/lines/0/quantity"}},
		{"everything wrong at once", `{"lines":[{"productId":"","quantity":-1}],"note":"` + strings.Repeat("n", 201) + `"}`, 422, []string{"/lines/0/productId", "/lines/0/quantity", "/note"}},
		{"a price of one's own", `{"lines":[{"productId":"p-500","quantity":1,"unitPrice":"0.01"}]}`, 400, nil},
		{"a customer of one's own", `{"customerId":"c-bob","lines":[` + line + `]}`, 400, nil},
		{"half a piece", `{"lines":[{"productId":"p-500","quantity":0.5}]}`, 400, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := f.call("c-alice", "orders", "POST /orders", test.body, "Idempotency-Key: "+test.name+" as a key")
			if fields := got.fields(t); got.status != test.status || !slices.Equal(fields, test.fields) {
				t.Errorf("got %d %v, want %d %v", got.status, fields, test.status, test.fields)
			}
		})
	}
}

func TestCancelOrder(t *testing.T) {
	f := start(t, nil)
	for _, test := range []struct {
		what, id string
		status   int
	}{
		{"placed", "o-1019", 200}, {"packed", "o-1016", 200}, {"cancelled already", "o-1005", 200},
		{"shipped", "o-1015", 409}, {"delivered", "o-1001", 409},
	} {
		got := f.call("c-alice", "orders", "POST /orders/"+test.id+"/cancel", "")
		if got.status != test.status {
			t.Errorf("%s: %d, want %d", test.what, got.status, test.status)
		}
		var o orderBody
		f.call("c-alice", "orders", "GET /orders/"+test.id, "").decode(t, &o)
		if (o.Status == "cancelled") != (test.status == 200) {
			t.Errorf("%s: now %s", test.what, o.Status)
		}
	}
	var sh struct{ Status string }
	if f.call("c-alice", "shipping", "GET /shipments/s-1019", "").decode(t, &sh); sh.Status != "returned" {
		t.Errorf("the shipment of a cancelled order is %s", sh.Status)
	}
	if got := f.call("c-agent", "orders", "POST /orders/o-1018/cancel", ""); got.status != 200 {
		t.Errorf("the agent cancels alice's: %d, want 200", got.status)
	}
}

func TestStepUp(t *testing.T) {
	// RFC 9470
	f := start(t, func(cfg *apis.Config) { cfg.StepUpOver = 500_00 })
	const large, small = `{"lines":[{"productId":"p-200","quantity":1}]}`, `{"lines":[{"productId":"p-500","quantity":1}]}`
	send := func(key, body string, pairs ...any) answer {
		return f.send("orders", "POST /orders", body, "Idempotency-Key: "+key, "Authorization: Bearer "+f.token("orders", "c-alice", pairs...))
	}
	got := send("key-00001", large)
	if challenge := got.header.Get("WWW-Authenticate"); got.status != 401 || !strings.Contains(challenge, `error="insufficient_user_authentication"`) || !strings.Contains(challenge, `acr_values="urn:demo:mfa"`) {
		t.Errorf("a large order: %d %q", got.status, challenge)
	}
	if got := send("key-00001", large, "acr", "urn:demo:password"); got.status != 401 {
		t.Errorf("with another acr: %d, want 401", got.status)
	}
	if got := send("key-00001", large, "acr", "urn:demo:mfa"); got.status != 201 {
		t.Errorf("with the acr: %d, want 201", got.status)
	}
	if got := send("key-00002", small); got.status != 201 {
		t.Errorf("a small order: %d, want 201", got.status)
	}
	if got := start(t, nil).call("c-alice", "orders", "POST /orders", large, "Idempotency-Key: key-00001"); got.status != 201 {
		t.Errorf("a large order where nothing is configured: %d, want 201", got.status)
	}
}
