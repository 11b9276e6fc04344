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

// begin begins a request's span. The trace that the request names (W3C Trace Context) is continued if a trusted proxy says so.
// Anybody else could have us trace whatever she sends, into a trace that is not hers: the request begins a trace of its own,
// which is linked to that one, and no API hears of it.
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

// endSpan ends a request's span, once it is known what it was.
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
