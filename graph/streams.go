package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/auth"
	"vestibule.example/graph/plan"
)

// subscription is a subscription that runs. It was admitted once, as any operation; each of its events is answered like an operation of
// its own: with the session as it is then, its directives decided again, and its own loaders, tokens, deadline and trace.
type subscription struct {
	*handler
	operation *admitted
	source    plan.Source
	sources   sync.WaitGroup
	// told tells that the first answer, which shows the cost in development, has been made.
	told bool
	// failure is what the source ended with; it is written before the source's channel is closed.
	failure error
}

type subscriptionKey struct{}

// subscribe runs a subscription and gives each answer to send, which must not keep its data. It returns nil when the source
// has no more events, the cause when ctx ends, renew's error when nothing more may be done in the session's name, or send's error. None of its goroutines is
// left then.
func (h *handler) subscribe(ctx context.Context, operation *admitted, send func(*graphql.Response) error) error {
	s := &subscription{handler: h, operation: operation}
	ctx, cancel := context.WithCancel(ctx)
	defer s.sources.Wait()
	defer cancel()
	ctx = context.WithValue(ctx, subscriptionKey{}, s)
	defer h.meter.streaming(ctx)()
	if opened := s.open(ctx); len(opened.Errors) > 0 {
		s.shown(opened)
		return send(opened)
	}
	for s.source.Next(ctx) {
		renewed, err := h.renew(ctx)
		if err != nil {
			return err
		}
		if more, err := s.answer(renewed, send); err != nil || !more {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if s.failure == nil {
		return nil
	}
	if errors.Is(s.failure, auth.ErrSessionEnded) {
		return auth.ErrSessionEnded
	}
	return send(s.dispatch(s.source.Failing(ctx, s.failure)))
}

// open calls the subscription's resolver, unless the session may not have its field.
func (s *subscription) open(ctx context.Context) *graphql.Response {
	ctx = s.resolver.withLoaders(ctx, s.failures)
	return s.dispatch(s.source.Opening(s.decided(ctx, s.operation, s.guards.decide(ctx, s.operation.OperationContext))))
}

// decided gives the context in which denied fields are not resolved, and has the tokens fetched for the APIs of the others.
func (h *handler) decided(ctx context.Context, operation *admitted, denied map[plan.Coordinate]error) context.Context {
	ctx = plan.Deny(ctx, denied)
	if h.cfg.Prepare != nil {
		h.cfg.Prepare(ctx, apisOf(operation.estimate, denied))
	}
	return ctx
}

// answer answers one event. more is false when the session may not have the next one.
func (s *subscription) answer(ctx context.Context, send func(*graphql.Response) error) (more bool, err error) {
	stream := ctx
	ctx, cancel := withTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	ctx, calls := s.traced(ctx)
	ctx, done := s.lent(ctx)
	defer done()
	ctx, seen := s.watch(ctx)
	defer func() { seen.end(ctx) }()
	seen.is(s.operation.OperationContext, s.operation.trusted)
	denied := s.guards.decide(ctx, s.operation.OperationContext)
	result := s.dispatch(s.source.Event(s.decided(ctx, s.operation, denied)))
	if seen.came(stream, result); stream.Err() != nil {
		return false, context.Cause(stream) // Nothing more is sent when the session has ended.
	}
	s.shown(result)
	s.explain(calls, s.operation.OperationContext, result)
	return denied[s.source.At()] == nil, send(result)
}

// shown shows developers in the first answer what the subscription costs.
func (s *subscription) shown(result *graphql.Response) {
	if s.cfg.Development && !s.told {
		s.showCost(s.operation.estimate, result)
	}
	s.told = true
}

func (s *subscription) dispatch(ctx context.Context) *graphql.Response {
	responses, ctx := s.exec.DispatchOperation(ctx, s.operation.OperationContext)
	result := responses(ctx)
	if result == nil { // ctx has ended.
		result = &graphql.Response{}
	}
	return result
}

// errNotRenewed is that nobody can tell whether a stream's session still lives.
var errNotRenewed = errors.New("graph: the session of a stream cannot be looked up")

// renew gives a stream's context the session as it is now, or an error if nothing more may be done in its name: also where that cannot
// be told, which is logged.
func (h *handler) renew(ctx context.Context) (context.Context, error) {
	if h.cfg.Renew == nil {
		return ctx, nil
	}
	renewed, err := h.cfg.Renew(ctx)
	switch {
	case err == nil, errors.Is(err, auth.ErrSessionEnded), errors.Is(err, auth.ErrReplaced):
		return renewed, err
	case ctx.Err() != nil:
		return ctx, context.Cause(ctx)
	}
	h.cfg.Logger.ErrorContext(ctx, "a stream ends: its session cannot be looked up", "request_id", h.cfg.RequestID(ctx), "error", err)
	return ctx, fmt.Errorf("%w: %w", errNotRenewed, err)
}

// untilEnded gives a stream's context, which ends with its session, or the refusal of one more stream.
func (h *handler) untilEnded(ctx context.Context) (until context.Context, leave context.CancelFunc, err error) {
	if h.cfg.UntilEnded == nil {
		until, leave = context.WithCancel(ctx)
		return until, leave, nil
	}
	until, leave, err = h.cfg.UntilEnded(ctx)
	switch {
	case errors.Is(err, auth.ErrNotFound):
		return nil, nil, unauthenticated()
	case errors.Is(err, auth.ErrTooManyStreams):
		return nil, nil, &requestError{status: http.StatusServiceUnavailable, code: codeUnavailable, message: "There are too many streams already.", retryAfter: outageRetryAfter}
	case err != nil:
		return nil, nil, h.unconfirmed(ctx, err)
	}
	return until, leave, nil
}

// farewell is what the subscriber is told of a stream that ended with this error: that the session has ended, or was replaced. For
// any other end it is nil.
func (h *handler) farewell(err error) *graphql.Response {
	extensions := map[string]any{"code": codeSessionChanged}
	switch {
	case errors.Is(err, auth.ErrReplaced):
	case errors.Is(err, auth.ErrSessionEnded):
		extensions = map[string]any{"code": codeUnauthenticated, "loginUrl": h.cfg.LoginURL}
	default:
		return nil
	}
	code, _ := extensions["code"].(string)
	return &graphql.Response{Errors: gqlerror.List{{Message: messages[code], Extensions: extensions}}}
}
