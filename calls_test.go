//go:build !nodemo

package main

import (
	"encoding/json"
	"testing"

	"vestibule.example/bench/rig"
)

// Each API is asked as seldom as its batches allow; bench/rig says what that is, form by form.
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
	for _, shape := range rig.Shapes() {
		resetCalls(t, g)
		if answer := ask(t, v, shape.Query, ids); len(answer.Errors) > 0 {
			t.Fatalf("%s: %s", shape.Name, answer.Body)
		}
		got := calls(t, g)
		for _, api := range []string{"accounts", "catalog", "orders", "shipping"} {
			if got[api] != shape.Fewest[api] {
				t.Errorf("%s: %s got %d calls, want %d", shape.Name, api, got[api], shape.Fewest[api])
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
