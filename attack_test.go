//go:build !nodemo

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// GQL-11: what a session asks is charged to it and to nobody else, whatever the transport; other sessions of the same user have
// their own.
func TestTheRateOfASession(t *testing.T) {
	g := startGateway(t, "VESTIBULE_GRAPHQL_RATE_SESSION=3") // One in twenty seconds, so that there is none again before the test ends.
	alice, elsewhere := signIn(t, g, "alice"), signIn(t, g, "alice")
	p := connect(t, g, alice)
	asked := 0
	for {
		answer := ask(t, alice, `{ viewer { authenticated } }`, nil)
		if answer.Status == 429 {
			if answer.Errors[0].Code() != "RATE_LIMITED" || answer.Errors[0].Extensions["retryAfter"] == nil || answer.Header.Get("Retry-After") == "" {
				t.Errorf("the refusal = %s %v", answer.Body, answer.Header)
			}
			break
		}
		if asked++; asked > 3 {
			t.Fatalf("%d operations ran, with 3 units a minute", asked)
		}
	}
	p.say(subscription("1", `query { viewer { authenticated } }`, ""))
	if got, err := p.heard(); err != nil || !strings.HasPrefix(got, `{"type":"error","id":"1"`) || !strings.Contains(got, `"RATE_LIMITED"`) || !strings.Contains(got, "retryAfter") {
		t.Errorf("on a WebSocket: %s, %v, want RATE_LIMITED", got, err)
	}
	s, err := alice.Subscribe(t.Context(), watchOrder, map[string]any{"id": "o-1"})
	if err != nil || s.Status != 429 {
		t.Errorf("a subscription = %d, %v, want 429", s.Status, err)
	}
	s.Close()
	if answer := ask(t, elsewhere, `{ viewer { authenticated } }`, nil); answer.Status != 200 {
		t.Errorf("her other session = %d, want 200", answer.Status)
	}
}

// Issue 7, of the attacks: a body that trickles in is answered when its time is over, and nobody is asked anything.
func TestASlowBody(t *testing.T) {
	g := startGateway(t, "VESTIBULE_SERVER_READ_TIMEOUT=1s")
	resetCalls(t, g)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", "127.0.0.1:"+portOf(t, g.origin))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: %s\r\nX-CSRF: 1\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{\"query\":\"", strings.TrimPrefix(g.origin, "http://"))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(text), "did not come in time") {
		t.Errorf("%d %s, %v, want 408", res.StatusCode, text, err)
	}
	t.Logf("answered after %s", time.Since(began))
	if got := calls(t, g); len(got) > 0 {
		t.Errorf("APIs were asked: %v", got)
	}
}
