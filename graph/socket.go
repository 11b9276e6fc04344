package graph

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/auth"
)

// subprotocol is that of GraphQL over WebSocket (github.com/enisdenjo/graphql-ws, PROTOCOL.md); the older graphql-ws is not
// offered.
const subprotocol = "graphql-transport-ws"

// The codes that a socket is closed with, beside those of RFC 6455; the protocol defines them.
const (
	closeInvalid      websocket.StatusCode = 4400
	closeUnauthorized websocket.StatusCode = 4401
	closeForbidden    websocket.StatusCode = 4403
	closeProtocol     websocket.StatusCode = 4406
	closeNoInit       websocket.StatusCode = 4408
	closeDuplicate    websocket.StatusCode = 4409
	closeTooMany      websocket.StatusCode = 4429
)

const (
	// initWithin is how long a client may take to send connection_init.
	initWithin = 10 * time.Second
	// maxOperations bounds the operations of one socket that are under way.
	maxOperations = 100
	// maxOperationID bounds an operation's id, in bytes.
	maxOperationID = 128
)

// socket is one WebSocket. One goroutine reads it, one watches over it, and each operation has its own; serveSocket waits for all of
// them.
type socket struct {
	*handler
	// request is the handshake. Its context bears the session, and operations are charged to the client that it came from.
	request *http.Request
	conn    *websocket.Conn
	// ctx ends with the session, the service, or the socket.
	ctx context.Context //nolint:containedctx // The socket lives as long.
	end context.CancelCauseFunc
	// begun is closed when connection_init has come.
	begun      chan struct{}
	operations sync.WaitGroup

	mu     sync.Mutex // guards what follows, and is held for each message that is sent
	active map[string]*socketOperation
}

// closing is why a socket is closed, as the client is told.
type closing struct {
	code   websocket.StatusCode
	reason string
}

func (c *closing) Error() string { return "graph: socket: " + c.reason }

var errNoUpgrade = &requestError{status: http.StatusBadRequest, code: codeBadUserInput, message: "Only an upgrade to WebSocket is offered, with GET."}

// serveSocket handles "GET /graphql" with an upgrade to WebSocket. The socket belongs to one session (WS-3); package auth has checked
// the Origin (WS-2).
func (h *handler) serveSocket(w http.ResponseWriter, r *http.Request) {
	session := auth.FromContext(r.Context())
	switch {
	case r.Method != http.MethodGet || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		h.refuse(w, r, mediaJSON, errNoUpgrade)
		return
	case session == nil:
		h.refuse(w, r, mediaJSON, unauthenticated())
		return
	case session.ReadOnly():
		h.refuse(w, r, mediaJSON, &requestError{status: http.StatusConflict, code: codeSessionChanged, message: messages[codeSessionChanged]})
		return
	}
	if err := h.knock(r); err != nil {
		h.refuse(w, r, mediaJSON, err)
		return
	}
	until, leave, err := h.untilEnded(r.Context())
	if err != nil {
		h.refuse(w, r, mediaJSON, err)
		return
	}
	defer leave()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // auth.Service.CrossSite has compared the Origin with the public URL; this would compare it with Host.
	})
	if err != nil {
		return // Accept has answered.
	}
	defer conn.CloseNow() //nolint:errcheck // It is over either way.
	if conn.Subprotocol() != subprotocol {
		conn.Close(closeProtocol, "Subprotocol not acceptable") //nolint:errcheck // It is over either way.
		return
	}
	conn.SetReadLimit(h.cfg.Limits.BodyBytes)
	s := &socket{handler: h, request: r, conn: conn, begun: make(chan struct{}), active: map[string]*socketOperation{}}
	s.ctx, s.end = context.WithCancelCause(until)
	var watching sync.WaitGroup
	watching.Go(s.watchOver)
	s.end(s.read())
	s.operations.Wait()
	watching.Wait()
}

// watchOver pings, and closes the socket when ctx ends, with the code that says why.
func (s *socket) watchOver() {
	init := time.NewTimer(initWithin)
	defer init.Stop()
	begun := s.begun
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-begun:
			init.Stop()
			begun = nil
		case <-init.C:
			s.end(&closing{closeNoInit, "Connection initialisation timeout"})
		case <-ping.C:
			if !s.answers() {
				s.end(errSocketGone)
			}
		case <-s.ctx.Done():
			why := closingFor(context.Cause(s.ctx))
			if why == nil {
				s.conn.CloseNow() //nolint:errcheck // It is over either way.
				return
			}
			s.conn.Close(why.code, why.reason) //nolint:errcheck // It is over either way.
			return
		}
	}
}

var errSocketGone = errors.New("graph: the other end of the socket does not answer")

// answers tells whether the other end answers a ping in time.
func (s *socket) answers() bool {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	return s.conn.Ping(ctx) == nil || s.ctx.Err() != nil
}

// closingFor is what the client is told of a socket that ends for this reason; nil where nobody is left to be told.
func closingFor(why error) *closing {
	var told *closing
	switch {
	case errors.As(why, &told):
	case errors.Is(why, auth.ErrReplaced):
		return &closing{closeUnauthorized, codeSessionChanged}
	case errors.Is(why, auth.ErrSessionEnded):
		return &closing{closeUnauthorized, codeUnauthenticated}
	case errors.Is(why, errNotRenewed):
		return &closing{websocket.StatusTryAgainLater, codeUnavailable}
	case errors.Is(why, auth.ErrDraining):
		return &closing{websocket.StatusServiceRestart, "Restarting; connect again"}
	}
	return told
}

// read takes messages until the socket ends or must end, and gives the reason.
func (s *socket) read() error {
	for {
		// Not s.ctx: when that ends the connection would be cut, instead of being closed with a code.
		kind, text, err := s.conn.Read(context.WithoutCancel(s.ctx))
		if err != nil {
			return errSocketGone
		}
		if kind != websocket.MessageText {
			return &closing{closeInvalid, "Messages are text"}
		}
		if err := s.take(text); err != nil {
			return err
		}
	}
}

// message is a message in either direction.
type message struct {
	Type, ID string
	Payload  jsontext.Value
}

var errInvalidMessage = &closing{closeInvalid, "Invalid message"}

// readMessage reads a message, and refuses what is not one to the letter: a member that is there twice, or anything after the object.
func readMessage(text []byte) (*message, error) {
	var in struct {
		Type    string         `json:"type"`
		ID      string         `json:"id"`
		Payload jsontext.Value `json:"payload"`
	}
	if json.Unmarshal(text, &in) != nil {
		return nil, errInvalidMessage
	}
	named := in.Type == "subscribe" || in.Type == "complete"
	if named && (in.ID == "" || len(in.ID) > maxOperationID) || !isAbsent(in.Payload) && in.Payload.Kind() != '{' {
		return nil, errInvalidMessage
	}
	return &message{in.Type, in.ID, in.Payload}, nil
}

// take does what a message wants; an error closes the socket.
func (s *socket) take(text []byte) error {
	m, err := readMessage(text)
	if err != nil {
		return err
	}
	switch m.Type {
	case "connection_init":
		return s.init(m)
	case "ping":
		s.send(message{Type: "pong"})
		return nil
	case "pong":
		return nil
	case "subscribe":
		return s.subscribeTo(m)
	case "complete":
		s.leave(m.ID)
		return nil
	}
	return errInvalidMessage
}

// init begins the connection. The payload may name the session that the page belongs to, as the header Vestibule-Session does
// elsewhere: a browser cannot send headers with a handshake.
func (s *socket) init(m *message) error {
	select {
	case <-s.begun:
		return &closing{closeTooMany, "Too many initialisation requests"}
	default:
	}
	var payload struct {
		Session string `json:"Vestibule-Session"`
	}
	if !isAbsent(m.Payload) && json.Unmarshal(m.Payload, &payload) != nil {
		return errInvalidMessage
	}
	if payload.Session != "" && payload.Session != auth.FromContext(s.ctx).Ref() {
		return &closing{closeForbidden, codeSessionChanged}
	}
	if _, err := s.renew(s.ctx); err != nil {
		if why := closingFor(err); why != nil && why.code == closeUnauthorized {
			return &closing{closeForbidden, why.reason} // WS-6
		}
		return err
	}
	close(s.begun)
	s.send(message{Type: "connection_ack"})
	return nil
}

// send writes a message; a reader that does not take it in time ends the socket.
func (s *socket) send(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(m)
}

// write is send for callers that hold mu.
func (s *socket) write(m message) {
	text := append([]byte(`{"type":"`), m.Type...)
	text = append(text, '"')
	if m.ID != "" {
		id, _ := jsontext.AppendQuote(nil, m.ID) // It came as JSON.
		text = append(append(text, `,"id":`...), id...)
	}
	if len(m.Payload) > 0 {
		text = append(append(text, `,"payload":`...), m.Payload...)
	}
	text = append(text, '}')
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), patience)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, text); err != nil {
		s.end(errSocketGone)
	}
}

// faultsOf are the errors that an operation is refused with.
func (s *socket) faultsOf(err error) gqlerror.List {
	var document *documentError
	if errors.As(err, &document) {
		s.countRefused(s.ctx, document.faults)
		return s.shown(document.faults)
	}
	refused := asRefusal(err)
	s.meter.refused(s.ctx, refused.code)
	return gqlerror.List{s.told(refused)}
}
