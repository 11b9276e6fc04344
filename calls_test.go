package main

import "testing"

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
