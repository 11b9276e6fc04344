package observe

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// tracer makes the span of each request. A nil one makes none.
type tracer struct{ tracer trace.Tracer }

func newTracer(provider trace.TracerProvider) *tracer {
	if provider == nil {
		return nil
	}
	return &tracer{provider.Tracer(scope)}
}

// begin begins a request's span. The trace that the request names (W3C Trace Context) is continued if it comes from a trusted proxy.
// From anybody else it would let a client decide what is traced, and into which trace: then the request begins a trace of its own, linked
// to the one named, which no API is told of.
func (t *tracer) begin(ctx context.Context, r *http.Request, trusted bool) (context.Context, trace.Span) {
	named := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header)))
	if !trusted {
		r.Header.Del("Traceparent")
		r.Header.Del("Tracestate")
	}
	if t == nil {
		return ctx, trace.SpanFromContext(ctx)
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}
	switch {
	case !named.IsValid():
	case trusted:
		ctx = trace.ContextWithRemoteSpanContext(ctx, named)
	default:
		options = append(options, trace.WithLinks(trace.Link{SpanContext: named}))
	}
	return t.tracer.Start(ctx, "request", options...)
}

// endSpan names and ends a request's span: its route and status are known only at the end.
func endSpan(span trace.Span, r *http.Request, id string, status int) {
	if span.IsRecording() {
		span.SetName(method(r) + " " + route(r))
		span.SetAttributes(
			attribute.String("http.request.method", method(r)), attribute.String("http.route", route(r)),
			attribute.Int("http.response.status_code", status), attribute.String("vestibule.request_id", id),
		)
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
	}
	span.End()
}
