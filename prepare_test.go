//go:build !nodemo

package main

import (
	"testing"
	"time"
)

// An operation's tokens are fetched before they are needed: while the API that is asked first hangs, the token of the one
// that is asked after it is on its way already.
func TestTokensOfAnOperationAreFetchedAhead(t *testing.T) {
	g, _ := startCaching(t, func(apis map[string]APIConfig) {
		accounts, orders := apis["accounts"], apis["orders"]
		accounts.Timeout, orders.Scopes = 3*time.Second, []string{"orders:read"}
		apis["accounts"], apis["orders"] = accounts, orders
	})
	v := signIn(t, g, "alice")
	resetCalls(t, g)
	setFault(t, g, `{"target":"accounts","hang":true}`)
	answered := make(chan error, 1)
	go func() {
		_, err := v.GraphQL(t.Context(), `{ me { name orders(first: 1) { totalCount } } }`, nil)
		answered <- err
	}()
	for refreshes(t, g) == 0 {
		select {
		case err := <-answered:
			t.Fatalf("the answer came before the token of orders was asked for (%v)", err)
		default:
		}
	}
	if got := calls(t, g)["orders"]; got != 0 {
		t.Errorf("orders got %d calls, want none yet", got)
	}
	do(t, "DELETE", g.demo+"/control/faults", nil, nil)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}
