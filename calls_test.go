package main

import (
	"encoding/json"
	"testing"
)

// Each API is asked as seldom as its batches allow. Worked out by hand:
//
// Nested lists: me, a page of orders, the products of all lines of all orders at once, all categories.
// Relay edges: a page of orders, the shipments of all of them at once, the tracking of all shipments at once.
// Nested objects: an order, its customer; its products, then their categories.
// Aliases: a page of orders; three fields want the same products and two the same customer, each is fetched once.
// Two root fields: two orders are asked for; their customer is one, fetched once.
func TestFieldsShareCalls(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	var page struct {
		Orders struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	if err := json.Unmarshal(ask(t, v, "{orders(first:2){edges{node{id}}}}", nil).Data, &page); err != nil || len(page.Orders.Edges) != 2 {
		t.Fatalf("two orders = %v, %v", page, err)
	}
	ids := map[string]any{"a": page.Orders.Edges[0].Node.ID, "b": page.Orders.Edges[1].Node.ID}
	for _, c := range []struct {
		name, query string
		want        map[string]int
	}{
		{"nested lists", "{me{orders(first:5){edges{node{lines{product{category{name}}}}}}}}", map[string]int{"accounts": 1, "orders": 1, "catalog": 2}},
		{"Relay edges", "{orders(first:5){edges{node{shipments{tracking{place}}}}}}", map[string]int{"orders": 1, "shipping": 2}},
		{"nested objects", "query($a:ID!){order(id:$a){customer{name} lines{product{category{name}}}}}", map[string]int{"orders": 1, "accounts": 1, "catalog": 2}},
		{"aliases", "{orders(first:3){edges{node{a:lines{p:product{name} q:product{id}} b:lines{product{price}} c:customer{name} d:customer{email}}}}}", map[string]int{"orders": 1, "accounts": 1, "catalog": 1}},
		{"two root fields with one entity", "query($a:ID!,$b:ID!){a:order(id:$a){customer{name}} b:order(id:$b){customer{email}}}", map[string]int{"orders": 2, "accounts": 1}},
	} {
		resetCalls(t, g)
		if answer := ask(t, v, c.query, ids); len(answer.Errors) > 0 {
			t.Fatalf("%s: %s", c.name, answer.Body)
		}
		got := calls(t, g)
		for _, api := range []string{"accounts", "catalog", "orders", "shipping"} {
			if got[api] != c.want[api] {
				t.Errorf("%s: %s got %d calls, want %d", c.name, api, got[api], c.want[api])
			}
		}
	}
}

// The account page asks each API as often as batching allows and no more:
//
//	accounts 4: /me, then at once addresses, payment methods, and the orders' customers (one batch)
//	orders   1: the first page
//	catalog  2: the products of all lines of all orders (one batch), the categories
//	shipping 2: the shipments of all orders (one batch), the tracking of all shipments (one batch)
func TestAccountPageMakesTheFewestCalls(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	resetCalls(t, g)
	if answer := ask(t, v, accountPage, nil); len(answer.Errors) > 0 {
		t.Fatalf("errors: %s", answer.Body)
	}
	want := map[string]int{"accounts": 4, "orders": 1, "catalog": 2, "shipping": 2}
	got := calls(t, g)
	for api, n := range want {
		if got[api] != n {
			t.Errorf("%s got %d calls, want %d", api, got[api], n)
		}
	}
}

// No field waits for what it does not need: while the catalogue hangs, parcels are looked up and tracked all the same.
func TestABranchDoesNotWaitForAnother(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	resetCalls(t, g)
	setFault(t, g, `{"target":"catalog","hang":true}`)
	answered := make(chan error, 1)
	go func() {
		_, err := v.GraphQL(t.Context(), accountPage, nil)
		answered <- err
	}()
	for calls(t, g)["shipping"] < 2 {
		select {
		case err := <-answered:
			t.Fatalf("the answer came before the parcels were tracked: they waited for the catalogue (%v)", err)
		case <-t.Context().Done():
			t.Fatal("the parcels were never tracked")
		default:
		}
	}
	select {
	case <-answered:
		t.Error("the answer came although the catalogue hangs")
	default:
	}
	do(t, "DELETE", g.demo+"/control/faults", nil, nil)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}
