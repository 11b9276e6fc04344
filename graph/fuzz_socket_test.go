//go:build !nodemo

package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"vestibule.example/graph"
)

// closings are all codes and reasons that a socket may be closed with for what was sent.
var closings = map[websocket.StatusCode][]string{
	1009: {"read limited at 262145 bytes"},
	4400: {"Invalid message", "Messages are text"}, 4401: {"Unauthorized"}, 4403: {"SESSION_CHANGED"},
	4409: {"Subscriber for "}, 4429: {"Too many initialisation requests", "Too many operations"},
}

// Whatever is said at a socket, a line a message: it lives, or is closed with a code of the protocol. No panic, no failure of ours,
// each message is one of the protocol's, and a refusal repeats nothing (WS-9, GQL-5).
func FuzzSocket(f *testing.F) {
	logged := &logBuffer{}
	alices := sessionOfAlice(f)
	sockets := newSockets(f, alices, newStreams(f, ticking(new(atomic.Int64)), func(c *graph.Config) { c.Logger = newLogger(logged) }), logged)
	const begin = `{"type":"connection_init"}` + "\n"
	for _, seed := range []string{
		"", begin, begin + begin, `{"type":"connection_init","payload":{"Vestibule-Session":"canary"}}`, `{"type":"subscribe","id":"1","payload":{"query":"{__typename}"}}`,
		begin + `{"type":"subscribe","id":"1","payload":{"query":"{viewer{authenticated}}"}}`,
		begin + `{"type":"subscribe","id":"canary","payload":{"query":"subscription S($id:ID!){orderUpdated(id:$id){id note}}","variables":{"id":"o-1"},"operationName":"S"}}` + "\n" + `{"type":"complete","id":"canary"}`,
		begin + strings.Repeat(`{"type":"subscribe","id":"ü","payload":{"query":"subscription{orderUpdated(id:1){id}}"}}`+"\n", 2),
		begin + `{"type":"subscribe","id":"1","payload":{"query":"{canary}"}}` + "\n" + `{"type":"subscribe","id":"2","payload":{"query":"{"}}` + "\n" + `{"type":"ping","payload":{"canary":[]}}`,
		begin + `{"type":"subscribe","id":"1","payload":{"query":"mutation{cancelOrder(input:{orderId:\"canary\"}){order{id}}}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}}`,
		begin + `{"type":"ping","type":"pong"}`, begin + "[]", begin + `{"type":"next","id":"1","payload":{}}`, begin + `{"type":"subscribe","id":"` + strings.Repeat("x", 129) + `","payload":{}}`,
	} {
		f.Add(seed, false)
	}
	f.Add("canary", true)
	known := knownWords()
	f.Fuzz(func(t *testing.T, said string, binary bool) {
		conn, res := sockets.dial(t)
		if conn == nil {
			t.Fatal(res)
		}
		conn.SetReadLimit(8 << 20)
		defer conn.CloseNow()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		heard := make(chan error, 1)
		go func() { heard <- hear(ctx, conn, known) }()
		kind := websocket.MessageText
		if binary {
			kind = websocket.MessageBinary
		}
		for message := range strings.SplitSeq(said, "\n") {
			if conn.Write(ctx, kind, []byte(message)) != nil {
				break // It is closed.
			}
		}
		if conn.Ping(ctx) == nil { // All was read.
			conn.Close(websocket.StatusNormalClosure, "")
		}
		if err := <-heard; err != nil {
			t.Fatal(err)
		}
		if log := logged.take(); strings.Contains(log, "panic") {
			t.Fatalf("a panic: %s", log)
		}
	})
}

// hear reads a socket to its end, and tells what is wrong with what it heard.
func hear(ctx context.Context, conn *websocket.Conn, known map[string]bool) error {
	for {
		_, text, err := conn.Read(ctx)
		var closed websocket.CloseError
		switch {
		case errors.As(err, &closed):
			fits := slices.ContainsFunc(closings[closed.Code], func(reason string) bool { return strings.HasPrefix(closed.Reason, reason) })
			if closed.Code != websocket.StatusNormalClosure && !fits || !utf8.ValidString(closed.Reason) {
				return fmt.Errorf("%w: %w", errHeard, err)
			}
			return nil
		case err != nil:
			return nil // It was we who closed it, or our writing failed first.
		}
		if err := heardRight(text, known); err != nil {
			return err
		}
	}
}

var errHeard = errors.New("no message of the protocol, or one that says too much")

func heardRight(text []byte, known map[string]bool) error {
	var m struct {
		Type, ID string
		Payload  json.RawMessage
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("%w: %s", errHeard, text)
	}
	right := false
	switch m.Type {
	case "connection_ack", "pong":
		right = m.ID == "" && m.Payload == nil
	case "complete":
		right = m.ID != "" && m.Payload == nil
	case "next":
		right = m.ID != "" && m.Payload[0] == '{'
	case "error":
		right = m.ID != "" && m.Payload[0] == '['
		for _, w := range word.FindAllString(string(m.Payload), -1) {
			right = right && (known[w] || strings.Contains(string(m.Payload), `"path":[`))
		}
	}
	if !right {
		return fmt.Errorf("%w: %s", errHeard, text)
	}
	return nil
}
