package graph

import (
	"context"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	oteltrace "go.opentelemetry.io/otel/trace"

	"vestibule.example/graph/plan"
)

// watched measures and traces one operation. It belongs to one goroutine.
type watched struct {
	execution
	handler *handler
	began   time.Time
	span    oteltrace.Span // nil where the operation is not traced
	ended   bool
}

// watch begins to measure and trace an operation; the caller ends it. Until is and came say more, it counts as refused.
func (h *handler) watch(ctx context.Context) (context.Context, *watched) {
	o := &watched{execution: execution{otherName, "other", outcomeRefused}, handler: h, began: h.cfg.Now()}
	if h.tracer != nil && oteltrace.SpanContextFromContext(ctx).IsSampled() {
		ctx, o.span = h.tracer.Start(ctx, "graphql")
	}
	return ctx, o
}

// is notes which operation it is. The name counts only where the document is trusted: see otherName.
func (o *watched) is(operation *graphql.OperationContext, trusted bool) {
	o.kind = string(operation.Operation.Operation)
	if trusted && operation.Operation.Name != "" {
		o.name = operation.Operation.Name
	}
	if o.span != nil {
		o.span.SetAttributes(attribute.String("graphql.operation.name", operation.Operation.Name))
	}
}

// came notes what came of it, and whether anybody still waits for it, by the request's context.
func (o *watched) came(request context.Context, result *graphql.Response) {
	o.outcome = outcomeOf(result)
	if request.Err() != nil {
		o.outcome = outcomeGone
	}
	if o.span != nil && len(result.Errors) > 0 {
		o.span.SetAttributes(attribute.StringSlice("vestibule.error_codes", errorCodes(result)))
	}
}

// end notes that it is over. A second call does nothing.
func (o *watched) end(ctx context.Context) {
	if o.ended {
		return
	}
	o.ended = true
	o.handler.meter.ran(ctx, o.execution, o.handler.cfg.Now().Sub(o.began))
	if o.span == nil {
		return
	}
	o.span.SetAttributes(attribute.String("graphql.operation.type", o.kind), attribute.String("vestibule.outcome", o.outcome))
	if o.name != otherName {
		o.span.SetName("graphql " + o.name)
	}
	if o.outcome == outcomeFailed || o.outcome == outcomePartial {
		o.span.SetStatus(codes.Error, o.outcome)
	}
	o.span.End()
}

// maxErrorCodes bounds the codes that one span lists.
const maxErrorCodes = 20

func errorCodes(result *graphql.Response) []string {
	var all []string
	for _, err := range result.Errors[:min(len(result.Errors), maxErrorCodes)] {
		code, _ := err.Extensions["code"].(string)
		all = append(all, code)
	}
	return all
}

// fieldSpans is a [plan.Observer] that makes a span of each field that a resolver gives: one for the calls of all its parents.
type fieldSpans struct{ tracer oteltrace.Tracer }

// observer makes [plan.Config.Observer]: spans of fields for the operations that are traced; nil where none are.
func observer(tracer oteltrace.Tracer) func(context.Context) plan.Observer {
	if tracer == nil {
		return nil
	}
	return func(ctx context.Context) plan.Observer {
		if !oteltrace.SpanContextFromContext(ctx).IsSampled() {
			return nil
		}
		return fieldSpans{tracer}
	}
}

// Node implements [plan.Observer].
func (f fieldSpans) Node(ctx context.Context, path []string, parents int) (context.Context, func()) {
	ctx, span := f.tracer.Start(ctx, "field", oteltrace.WithAttributes(attribute.String("graphql.field.path", strings.Join(path, ".")), attribute.Int("graphql.field.parents", parents)))
	return ctx, func() { span.End() }
}

// aroundFields makes the spans of fields for gqlgen's executor: of each field that a resolver gives, one for each parent.
func aroundFields(tracer oteltrace.Tracer) graphql.FieldMiddleware {
	return func(ctx context.Context, next graphql.Resolver) (any, error) {
		if fc := graphql.GetFieldContext(ctx); fc == nil || !fc.IsResolver || !oteltrace.SpanContextFromContext(ctx).IsSampled() {
			return next(ctx)
		}
		ctx, span := tracer.Start(ctx, "field", oteltrace.WithAttributes(attribute.String("graphql.field.path", fieldOf(ctx)), attribute.Int("graphql.field.parents", 1)))
		defer span.End()
		return next(ctx)
	}
}
