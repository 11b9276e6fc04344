package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/auth"
)

// socketOperation is an operation of a socket that is under way.
type socketOperation struct {
	id     string
	ctx    context.Context //nolint:containedctx // The operation's; it lives as long.
	cancel context.CancelFunc
}

// subscribeTo begins an operation.
func (s *socket) subscribeTo(m *message) error {
	select {
	case <-s.begun:
	default:
		return &closing{closeUnauthorized, "Unauthorized"} // WS-7
	}
	asked, err := readJSON(m.Payload)
	if err != nil {
		return errInvalidMessage
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.active[m.ID] != nil:
		return &closing{closeDuplicate, "Subscriber for " + strings.ToValidUTF8(m.ID[:min(len(m.ID), 64)], "") + " already exists"}
	case len(s.active) >= maxOperations:
		return &closing{closeTooMany, "Too many operations"}
	}
	op := &socketOperation{id: m.ID}
	op.ctx, op.cancel = context.WithCancel(s.ctx)
	s.active[m.ID] = op
	s.operations.Go(func() {
		defer s.leaveFor(op)
		defer func() {
			if v := recover(); v != nil { // In this goroutine no handler of requests does.
				s.cfg.Logger.ErrorContext(op.ctx, "an operation of a WebSocket panicked", "request_id", s.cfg.RequestID(op.ctx), "error", fmt.Sprint(v), "stack", string(debug.Stack()))
				s.refuseOperation(op, errPanicked)
			}
		}()
		s.run(op, asked)
	})
	return nil
}

// errPanicked is answered as an internal error.
var errPanicked = errors.New("graph: an operation panicked")

// leave ends an operation that its client does not want any more: nothing more is sent for it, and its id is free (WS-11). One that is
// not there has just ended by itself.
func (s *socket) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op := s.active[id]; op != nil {
		op.cancel()
		delete(s.active, id)
	}
}

// leaveFor is leave for an operation that has ended, whose id may belong to another by now.
func (s *socket) leaveFor(op *socketOperation) {
	op.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active[op.id] == op {
		delete(s.active, op.id)
	}
}

// tell sends a message of an operation; any but "next" is the last, and frees its id. It gives an error once the client has left the
// operation, or the socket has ended.
func (s *socket) tell(op *socketOperation, kind string, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active[op.id] != op {
		return context.Canceled
	}
	if kind != "next" {
		delete(s.active, op.id)
	}
	s.write(message{Type: kind, ID: op.id, Payload: payload})
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return nil
}

// run admits an operation, as any transport does, and runs it to its end.
func (s *socket) run(op *socketOperation, asked *request) {
	ctx, err := s.renew(graphql.StartOperationTrace(op.ctx))
	if err != nil {
		s.end(err)
		return
	}
	if err := s.handler.knock(s.request.WithContext(ctx)); err != nil {
		s.refuseOperation(op, err)
		return
	}
	within, cancel := withTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	within, seen := s.watch(within)
	defer func() { seen.end(within) }()
	within, calls := s.traced(within)
	operation, within, err := s.let(within, s.request.WithContext(ctx), asked)
	if operation != nil {
		seen.is(operation.OperationContext, operation.trusted)
	}
	if err != nil {
		s.refuseOperation(op, err)
		return
	}
	if operation.Operation.Operation == ast.Subscription {
		cancel() // The timeout is not for streams.
		seen.came(ctx, &graphql.Response{Data: []byte("{}")})
		s.stream(auth.NewContext(op.ctx, auth.FromContext(within)), op, operation)
		return
	}
	within, done := s.lent(within)
	defer done()
	result := s.execute(within, operation)
	if seen.came(ctx, result); ctx.Err() != nil {
		return // Nobody is there to read it.
	}
	s.explain(calls, operation.OperationContext, result)
	if s.next(op, result) == nil {
		s.tell(op, "complete", nil) //nolint:errcheck // Nobody is there to be told.
	}
}

// stream runs a subscription.
func (s *socket) stream(ctx context.Context, op *socketOperation, operation *admitted) {
	begun := false
	err := s.handler.subscribe(ctx, operation, func(result *graphql.Response) error {
		if !begun && result.Data == nil { // It never began.
			text, err := json.Marshal(result.Errors)
			if err != nil {
				return err
			}
			return s.tell(op, "error", text)
		}
		begun = true
		return s.next(op, result)
	})
	switch {
	case err == nil:
		s.tell(op, "complete", nil) //nolint:errcheck // Nobody is there to be told, or it has been told already.
	case ctx.Err() == nil: // Neither has the client left it nor the socket ended: nothing more may be done in the session's name.
		s.end(err)
	}
}

func (s *socket) next(op *socketOperation, result *graphql.Response) error {
	var payload bytes.Buffer
	writePayload(&payload, result)
	return s.tell(op, "next", payload.Bytes())
}

// refuseOperation tells the client that an operation is not run; no complete follows.
func (s *socket) refuseOperation(op *socketOperation, err error) {
	text, err := json.Marshal(s.faultsOf(err))
	if err != nil {
		s.end(err)
		return
	}
	s.tell(op, "error", text) //nolint:errcheck // Nobody is there to be told.
}
