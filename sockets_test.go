//go:build !nodemo

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"vestibule.example/demo/visitor"
)

// peer is the client's side of a WebSocket.
type peer struct {
	*websocket.Conn
	t *testing.T
}

// dial shakes hands as a page of the gateway's origin does; the changes are of the header.
func dial(t *testing.T, g *gateway, v *visitor.Visitor, change http.Header, protocols ...string) (*peer, *http.Response) {
	t.Helper()
	h := http.Header{"Origin": {g.origin}}
	for _, cookie := range v.Cookies() {
		h.Add("Cookie", cookie.Name+"="+cookie.Value)
	}
	for name, values := range change {
		h[name] = values
	}
	if protocols == nil {
		protocols = []string{"graphql-transport-ws"}
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	conn, res, err := websocket.Dial(t.Context(), g.origin+"/graphql", &websocket.DialOptions{HTTPHeader: h, Subprotocols: protocols, HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		if res == nil {
			t.Fatal(err)
		}
		return nil, res
	}
	conn.SetReadLimit(8 << 20)
	t.Cleanup(func() { conn.CloseNow() })
	return &peer{conn, t}, res
}

// connect gives a socket whose connection is acknowledged.
func connect(t *testing.T, g *gateway, v *visitor.Visitor) *peer {
	t.Helper()
	p, res := dial(t, g, v, nil)
	if p == nil {
		t.Fatalf("the handshake = %d", res.StatusCode)
	}
	p.say(`{"type":"connection_init"}`)
	p.hears(`{"type":"connection_ack"}`)
	return p
}

func (p *peer) say(text string) {
	p.t.Helper()
	if err := p.Write(p.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// heard is the next message.
func (p *peer) heard() (string, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	_, text, err := p.Read(ctx)
	return string(text), err
}

func (p *peer) hears(want string) {
	p.t.Helper()
	if got, err := p.heard(); got != want || err != nil {
		p.t.Fatalf("heard %s, %v, want %s", got, err, want)
	}
}

// closes reads on until the socket is closed, and wants the code.
func (p *peer) closes(code int, reason string) {
	p.t.Helper()
	p.closesWith(reason, code)
}

// closesWith is closes for one of several codes.
func (p *peer) closesWith(reason string, codes ...int) {
	p.t.Helper()
	for {
		text, err := p.heard()
		if err == nil {
			p.t.Logf("before the close: %s", text)
			continue
		}
		var closed websocket.CloseError
		if !errors.As(err, &closed) || !slices.Contains(codes, int(closed.Code)) || !strings.Contains(closed.Reason, reason) {
			p.t.Errorf("closed with %v, want %d %s", err, codes, reason)
		}
		return
	}
}

func subscription(id, query, order string) string {
	payload, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"id": order}})
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":%s}`, id, payload)
}

// WS-1, WS-2, WS-3: who may shake hands, and for what.
func TestHandshakes(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	nobody := g.visitor(t)
	for _, c := range []struct {
		name   string
		who    *visitor.Visitor
		change http.Header
		status int
	}{
		{"a page of ours", v, nil, 101},
		{"a page of another site", v, http.Header{"Origin": {"https://evil.example"}}, 403},
		{"a page of a sibling", v, http.Header{"Origin": {strings.Replace(g.origin, "localhost", "sub.localhost", 1)}}, 403},
		{"no page", v, http.Header{"Origin": nil}, 403},
		{"a sandboxed page", v, http.Header{"Origin": {"null"}}, 403},
		{"another site's by what the browser says", v, http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"nobody", nobody, nil, 401},
		{"a cookie that opens nothing", nobody, http.Header{"Cookie": {"vestibule=x"}}, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, res := dial(t, g, c.who, c.change)
			if res.StatusCode != c.status || (p != nil) != (c.status == 101) {
				t.Errorf("the handshake = %d, want %d", res.StatusCode, c.status)
			}
			if p != nil && p.Subprotocol() != "graphql-transport-ws" {
				t.Errorf("it speaks %q", p.Subprotocol())
			}
		})
	}
	for _, protocols := range [][]string{{"graphql-ws"}, {}, {"soap"}} {
		p, _ := dial(t, g, v, nil, protocols...)
		p.closes(4406, "Subprotocol")
	}
	if res := do(t, "POST", g.origin+"/graphql", http.Header{"X-Csrf": {"1"}, "Upgrade": {"h2c"}, "Connection": {"Upgrade"}}, nil); res.StatusCode != 400 {
		t.Errorf("another upgrade = %d, want 400", res.StatusCode)
	}
}

// WS-4 to WS-10, WS-13: what breaks the protocol closes the socket with its code.
func TestWhatClosesASocket(t *testing.T) {
	t.Parallel() // It waits ten seconds.
	g := startGateway(t)
	v := signIn(t, g, "alice")
	order, _ := place(t, v, "sockets-0001")
	one := subscription("1", watchOrder, order)
	many := make([]string, 101)
	for i := range many {
		many[i] = subscription(fmt.Sprint(i), watchOrder, order)
	}
	for _, c := range []struct {
		name   string
		inits  bool
		says   []string
		code   int
		reason string
	}{
		{"nothing said (WS-4)", false, nil, 4408, "timeout"},
		{"initialised twice (WS-5)", true, []string{`{"type":"connection_init"}`}, 4429, "initialisation"},
		{"another session's page", false, []string{`{"type":"connection_init","payload":{"Vestibule-Session":"other"}}`}, 4403, "SESSION_CHANGED"},
		{"subscribed before the acknowledgement (WS-7)", false, []string{one}, 4401, "Unauthorized"},
		{"an id twice (WS-8)", true, []string{one, one}, 4409, "Subscriber for 1"},
		{"no message (WS-9)", true, []string{`{}`}, 4400, "Invalid"},
		{"no JSON", true, []string{`{"type":`}, 4400, "Invalid"},
		{"something behind it", true, []string{`{"type":"ping"} {}`}, 4400, "Invalid"},
		{"a member twice", true, []string{`{"type":"ping","type":"pong"}`}, 4400, "Invalid"},
		{"a message of the server's", true, []string{`{"type":"next","id":"1","payload":{}}`}, 4400, "Invalid"},
		{"no id", true, []string{`{"type":"subscribe","payload":{"query":"{__typename}"}}`}, 4400, "Invalid"},
		{"a long id", true, []string{subscription(strings.Repeat("x", 129), watchOrder, order)}, 4400, "Invalid"},
		{"no payload", true, []string{`{"type":"subscribe","id":"1"}`}, 4400, "Invalid"},
		{"no query", true, []string{`{"type":"subscribe","id":"1","payload":{}}`}, 4400, "Invalid"},
		{"a payload that is none", true, []string{`{"type":"ping","payload":[]}`}, 4400, "Invalid"},
		{"too large (WS-13)", true, []string{`{"type":"ping","payload":{"x":"` + strings.Repeat("x", 300_000) + `"}}`}, 1009, ""},
		{"too many at once (WS-13)", true, many, 4429, "operations"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var p *peer
			if c.inits {
				p = connect(t, g, v)
			} else {
				p, _ = dial(t, g, v, nil)
			}
			for _, text := range c.says {
				p.Write(t.Context(), websocket.MessageText, []byte(text)) // It may be closed already.
			}
			p.closes(c.code, c.reason)
		})
	}
	t.Run("a binary message", func(t *testing.T) {
		p := connect(t, g, v)
		if err := p.Write(t.Context(), websocket.MessageBinary, []byte(`{"type":"ping"}`)); err != nil {
			t.Fatal(err)
		}
		p.closes(4400, "text")
	})
}

// bare is a message without what developers are told.
func bare(t *testing.T, text string) string {
	t.Helper()
	var m struct {
		ID, Type string
		Payload  json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var result struct {
		Data   json.RawMessage
		Errors json.RawMessage
	}
	if m.Type != "next" || json.Unmarshal(m.Payload, &result) != nil {
		return text
	}
	return fmt.Sprintf("%s %s %s%s", m.ID, m.Type, result.Data, result.Errors)
}

// Issue 7: operations of every kind over a WebSocket, as any transport has them (WS-14).
func TestOperationsOfASocket(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	order, parcel := place(t, v, "sockets-0002")
	resetCalls(t, g)
	p, _ := dial(t, g, v, nil)
	p.say(`{"type":"ping","payload":{"x":1}}`) // WS-10
	p.hears(`{"type":"pong"}`)
	p.say(`{"type":"connection_init","payload":{"unknown":true}}`)
	p.hears(`{"type":"connection_ack"}`)
	p.say(`{"type":"ping"}`)
	p.hears(`{"type":"pong"}`)
	p.say(`{"type":"pong"}`)
	p.say(`{"type":"complete","id":"unknown"}`)

	next := func(want string) {
		t.Helper()
		got, err := p.heard()
		if err != nil || !strings.Contains(bare(t, got), want) {
			t.Fatalf("heard %s, %v, want %s", got, err, want)
		}
	}
	p.say(subscription("q", `query { me { id } }`, ""))
	next(`q next {"me":{"id":"c-alice"}}`)
	p.hears(`{"type":"complete","id":"q"}`)
	for query, code := range map[string]string{
		"{ nothing }": "GRAPHQL_VALIDATION_FAILED", "{": "GRAPHQL_PARSE_FAILED", "{ products(first: 101) { totalCount } }": "QUERY_TOO_COMPLEX",
		`subscription { orderUpdated(id: "o-nothing") { id } }`: "NOT_FOUND",
	} {
		p.say(subscription("q", query, ""))
		got, err := p.heard()
		if err != nil || !strings.HasPrefix(got, `{"type":"error","id":"q","payload":[{"message":`) || !strings.Contains(got, `"code":"`+code+`"`) {
			t.Errorf("%s: heard %s, %v, want an error %s", query, got, err, code)
		}
	}
	// What was only to be explained does not run.
	p.say(`{"id":"q","type":"subscribe","payload":{"query":"mutation { endOtherSessions { __typename } }","extensions":{"vestibule":{"explain":true}}}}`)
	if got, err := p.heard(); err != nil || !strings.Contains(got, `"type":"error"`) || !strings.Contains(got, `"code":"OPERATION_NOT_ALLOWED"`) {
		t.Errorf("heard %s, %v, want OPERATION_NOT_ALLOWED", got, err)
	}
	p.say(subscription("q", `subscription($id: ID!) { orderUpdated(id: $id) { id status } }`, order))
	next(`q next {"orderUpdated":{"id":"` + order + `","status":"PLACED"}}`)
	p.say(subscription("moves", watchParcel, parcel))
	waitForCall(t, g, "shipping", "/events")
	p.say(subscription("m", `mutation($id: ID!) { cancelOrder(input: {orderId: $id}) { order { status } } }`, order))
	var heard []string
	for _, want := range []string{
		`m next {"cancelOrder":{"order":{"status":"CANCELLED"}}}`, `{"type":"complete","id":"m"}`, `q next {"orderUpdated":{"id":"` + order + `","status":"CANCELLED"}}`, `{"type":"complete","id":"q"}`,
		`moves next ` + calledBack, `{"type":"complete","id":"moves"}`,
	} {
		for !slices.ContainsFunc(heard, func(text string) bool { return strings.HasPrefix(text, want) }) {
			got, err := p.heard()
			if err != nil {
				t.Fatalf("heard %v, then %v, want %s among them", heard, err, want)
			}
			if heard = append(heard, bare(t, got)); strings.Contains(got, `"errors"`) {
				t.Errorf("heard %s, want no errors", got)
			}
		}
	}

	// WS-11: what a client leaves is silent, its id is free, and nobody asks the API for it any more.
	order, _ = place(t, v, "sockets-0003")
	p.say(subscription("q", watchOrder, order))
	next(`q next {"orderUpdated":`)
	p.say(`{"type":"complete","id":"q"}`)
	p.say(subscription("q", `query { viewer { authenticated } }`, ""))
	next(`q next {"viewer":{"authenticated":true}}`)
	p.hears(`{"type":"complete","id":"q"}`)
	if err := p.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("closing in order: %v", err)
	}
}

// WS-12, WS-6: a socket ends with its session, and with the service.
func TestSocketsEndWithTheSession(t *testing.T) {
	g := startGateway(t)
	bob := connect(t, g, signIn(t, g, "bob"))
	v := signIn(t, g, "alice")
	order, _ := place(t, v, "sockets-0004")
	first, second := connect(t, g, v), connect(t, g, v)
	first.say(subscription("1", watchOrder, order))
	if _, err := first.heard(); err != nil {
		t.Fatal(err)
	}
	late, _ := dial(t, g, v, nil)
	if _, err := v.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	late.Write(t.Context(), websocket.MessageText, []byte(`{"type":"connection_init"}`)) // It may be closed already.
	first.closes(4401, "UNAUTHENTICATED")
	second.closes(4401, "UNAUTHENTICATED")
	late.closesWith("UNAUTHENTICATED", 4401, 4403) // By which of the two it was told first.
	v = signIn(t, g, "alice")
	third := connect(t, g, v)
	page, err := v.Navigate(t.Context(), "/auth/login?return_to=/account&acr_values=urn:demo:mfa")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = v.Submit(t.Context(), page, map[string]string{"code": "123456"}); err != nil {
		t.Fatal(err)
	}
	third.closes(4401, "SESSION_CHANGED")
	bob.say(`{"type":"ping"}`)
	bob.hears(`{"type":"pong"}`)
	ended := make(chan error, 1)
	go func() { ended <- g.stop() }()
	bob.closes(1012, "connect again")
	if err := <-ended; err != nil {
		t.Errorf("stopping with an open socket: %v", err)
	}
}
