package clients

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Spans of calls and their attempts, for requests that are traced. They say what docs/observability.md lists, and nothing of
// what was asked: no path but its template, no query, no header, no body.

// beginCall begins a call's span. Without a tracer, or outside a traced request, it is none.
func (a *API) beginCall(ctx context.Context, x *exchange) context.Context {
	if !a.traces(ctx) {
		return ctx
	}
	ctx, x.span = a.tracer.Start(ctx, a.name+" "+x.method+" "+x.template, trace.WithAttributes(
		attribute.String("vestibule.api", a.name), attribute.String("http.request.method", x.method), attribute.String("url.template", x.template),
	))
	if p, ok := ctx.Value(batchPartKey{}).(batchPart); ok {
		x.span.SetAttributes(attribute.Int("vestibule.batch.keys", p.keys), attribute.Int("vestibule.batch.part", p.part), attribute.Int("vestibule.batch.parts", p.parts))
	}
	return ctx
}

func (a *API) traces(ctx context.Context) bool {
	return a.tracer != nil && trace.SpanContextFromContext(ctx).IsSampled()
}

// via notes how a call is answered, for whoever traces it. The last word counts.
func (x *exchange) via(v Via) {
	x.note.set(v)
	if x.span != nil {
		x.span.SetAttributes(attribute.String("vestibule.via", string(v)))
	}
}

// shared notes that the answer is another call's.
func (x *exchange) shared(with *note) {
	x.note.share(with)
	if x.span != nil {
		x.span.SetAttributes(attribute.String("vestibule.via", string(ViaShared)))
	}
}

// end notes what the call came to.
func (x *exchange) end(ans *answer, err error) {
	x.note.end(ans, err)
	if x.span == nil {
		return
	}
	if ans != nil {
		x.span.SetAttributes(attribute.Int("http.response.status_code", ans.status))
	}
	endSpan(x.span, failureCode(err))
}

// failureCode is the code of a call's failure; empty if it has not failed.
func failureCode(err error) Code {
	if err == nil {
		return ""
	}
	return codeOfError(err)
}

func endSpan(span trace.Span, code Code) {
	if code != "" {
		span.SetAttributes(attribute.String("error.type", string(code)))
		span.SetStatus(codes.Error, string(code))
	}
	span.End()
}

// beginAttempt begins the span of the nth attempt.
func (a *API) beginAttempt(ctx context.Context, x *exchange, n int) (context.Context, trace.Span) {
	if !a.traces(ctx) {
		return ctx, nil
	}
	attributes := []attribute.KeyValue{
		attribute.String("vestibule.api", a.name), attribute.String("http.request.method", x.method), attribute.String("url.template", x.template),
		attribute.String("server.address", a.base.Hostname()),
	}
	if port, err := strconv.Atoi(a.base.Port()); err == nil {
		attributes = append(attributes, attribute.Int("server.port", port))
	}
	if n > 1 {
		attributes = append(attributes, attribute.Int("http.request.resend_count", n-1))
	}
	return a.tracer.Start(ctx, x.method+" "+x.template, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
}

// endAttempt ends an attempt's span.
func (a *API) endAttempt(span trace.Span, x *exchange, status int, err error) {
	if span == nil {
		return
	}
	if err != nil {
		endSpan(span, a.failure(x, err).Code)
		return
	}
	span.SetAttributes(attribute.Int("http.response.status_code", status))
	code := Code("")
	if status >= 400 {
		code = Code(strconv.Itoa(status))
	}
	endSpan(span, code)
}

// statusOf is an answer's status; 0 if there is none.
func statusOf(ans *answer) int {
	if ans == nil {
		return 0
	}
	return ans.status
}

// traced is the header of one attempt: with the span that makes it, where there is one, in the place of what it had.
func (a *API) traced(ctx context.Context, header http.Header) http.Header {
	if !a.traces(ctx) {
		return header
	}
	header = maps.Clone(header)
	setTrace(header, trace.SpanContextFromContext(ctx))
	return header
}

// setTrace names a span as W3C Trace Context has it.
func setTrace(header http.Header, at trace.SpanContext) {
	var b strings.Builder
	b.WriteString("00-")
	b.WriteString(at.TraceID().String())
	b.WriteByte('-')
	b.WriteString(at.SpanID().String())
	b.WriteByte('-')
	b.WriteString(at.TraceFlags().String())
	header[headerTraceParent] = []string{b.String()}
	if state := at.TraceState().String(); state != "" {
		header[headerTraceState] = []string{state}
	}
}
