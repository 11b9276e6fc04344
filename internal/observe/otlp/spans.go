package otlp

import (
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Spans is an opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest in protobuf. All spans are of one resource.
func Spans(spans []sdktrace.ReadOnlySpan) []byte {
	var m message
	if len(spans) == 0 {
		return m
	}
	m.message(1, func(m *message) {
		m.message(1, func(m *message) { m.attributes(1, spans[0].Resource().Attributes()) })
		var scopes []instrumentation.Scope
		by := map[instrumentation.Scope][]sdktrace.ReadOnlySpan{}
		for _, s := range spans {
			at := s.InstrumentationScope()
			if by[at] == nil {
				scopes = append(scopes, at)
			}
			by[at] = append(by[at], s)
		}
		for _, at := range scopes {
			m.message(2, func(m *message) {
				m.scope(1, at)
				for _, s := range by[at] {
					m.message(2, func(m *message) { m.span(s) })
				}
			})
		}
	})
	return m
}

// flagHasRemote and flagRemote say in a span's flags whether its parent is another process's (bits 8 and 9).
const flagHasRemote, flagRemote = 0x100, 0x200

// span writes trace.v1.Span.
func (m *message) span(s sdktrace.ReadOnlySpan) {
	at, parent := s.SpanContext(), s.Parent()
	m.ids(at)
	m.text(3, at.TraceState().String())
	if parent.SpanID().IsValid() {
		id := parent.SpanID()
		m.bytes(4, id[:])
	}
	m.text(5, s.Name())
	m.varint(6, uint64(s.SpanKind())) //nolint:gosec // The numbers are the protocol's.
	m.time(7, s.StartTime())
	m.time(8, s.EndTime())
	m.attributes(9, s.Attributes())
	m.varint(10, uint64(s.DroppedAttributes())) //nolint:gosec // A count.
	for _, e := range s.Events() {
		m.message(11, func(m *message) {
			m.time(1, e.Time)
			m.text(2, e.Name)
			m.attributes(3, e.Attributes)
		})
	}
	for _, l := range s.Links() {
		m.message(13, func(m *message) {
			m.ids(l.SpanContext)
			m.text(3, l.SpanContext.TraceState().String())
			m.attributes(4, l.Attributes)
			m.fixed4(6, flags(l.SpanContext, l.SpanContext.IsRemote()))
		})
	}
	m.message(15, func(m *message) {
		m.text(2, s.Status().Description)
		m.varint(3, statusCode(s.Status().Code))
	})
	m.fixed4(16, flags(at, parent.IsRemote()))
}

func (m *message) ids(c trace.SpanContext) {
	traceID, spanID := c.TraceID(), c.SpanID()
	m.bytes(1, traceID[:])
	m.bytes(2, spanID[:])
}

func flags(c trace.SpanContext, remote bool) uint32 {
	f := uint32(c.TraceFlags()) | flagHasRemote
	if remote {
		f |= flagRemote
	}
	return f
}

// statusCode is the protocol's number, which is not the SDK's.
func statusCode(c codes.Code) uint64 {
	switch c {
	case codes.Ok:
		return 1
	case codes.Error:
		return 2
	}
	return 0
}
