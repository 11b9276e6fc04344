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

// A provider that gives no token is no fault of the API that would have got it: the answer says that it passes, and when.
func TestAProvidersOutageIsNoAPIsFault(t *testing.T) {
	g, _ := startCaching(t, func(apis map[string]APIConfig) {
		orders := apis["orders"]
		orders.Scopes = []string{"orders:read"} // So that its token is not the one of the sign-in.
		apis["orders"] = orders
	})
	v := signIn(t, g, "alice")
	resetCalls(t, g)
	setFault(t, g, `{"target":"provider","status":503}`)
	answer := ask(t, v, `{ orders(first: 1) { totalCount } }`, nil)
	if len(answer.Errors) != 1 || answer.Errors[0].Code() != "UNAVAILABLE" || answer.Errors[0].Extensions["retryAfter"] == nil || calls(t, g)["orders"] != 0 {
		t.Errorf("orders without a token = %s, want UNAVAILABLE with retryAfter, and no call", answer.Body)
	}
}
