package otlp

import (
	"encoding/binary"
	"math"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
)

// message is a protobuf message as it is written: fields one after another (protobuf encoding, wire format).
type message []byte

// The wire types that are written.
const (
	wireVarint = 0
	wireFixed8 = 1
	wireBytes  = 2
	wireFixed4 = 5
)

func (m *message) tag(field, wire int) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|uint64(wire)) //nolint:gosec // Constants.
}

func (m *message) varint(field int, v uint64) {
	m.tag(field, wireVarint)
	*m = binary.AppendUvarint(*m, v)
}

func (m *message) bool(field int, v bool) {
	if v {
		m.varint(field, 1)
	}
}

func (m *message) fixed8(field int, v uint64) {
	m.tag(field, wireFixed8)
	*m = binary.LittleEndian.AppendUint64(*m, v)
}

func (m *message) fixed4(field int, v uint32) {
	m.tag(field, wireFixed4)
	*m = binary.LittleEndian.AppendUint32(*m, v)
}

func (m *message) double(field int, v float64) { m.fixed8(field, math.Float64bits(v)) }

func (m *message) bytes(field int, v []byte) {
	m.tag(field, wireBytes)
	*m = append(binary.AppendUvarint(*m, uint64(len(v))), v...)
}

func (m *message) text(field int, v string) {
	if v != "" {
		m.bytes(field, []byte(v))
	}
}

func (m *message) time(field int, t time.Time) { m.fixed8(field, uint64(t.UnixNano())) } //nolint:gosec // After 1970.

// message writes a message within this one.
func (m *message) message(field int, write func(*message)) {
	var inner message
	write(&inner)
	m.bytes(field, inner)
}

// attributes writes common.v1.KeyValue, once for each.
func (m *message) attributes(field int, set []attribute.KeyValue) {
	for _, kv := range set {
		m.message(field, func(m *message) {
			m.text(1, string(kv.Key))
			m.message(2, func(m *message) { m.value(kv.Value) })
		})
	}
}

// value writes common.v1.AnyValue.
func (m *message) value(v attribute.Value) {
	switch v.Type() {
	case attribute.BOOL:
		n := uint64(0)
		if v.AsBool() {
			n = 1
		}
		m.varint(2, n)
	case attribute.INT64:
		m.varint(3, uint64(v.AsInt64())) //nolint:gosec // Two's complement is what the wire has.
	case attribute.FLOAT64:
		m.double(4, v.AsFloat64())
	case attribute.STRINGSLICE:
		m.message(5, func(m *message) {
			for _, s := range v.AsStringSlice() {
				m.message(1, func(m *message) { m.bytes(1, []byte(s)) })
			}
		})
	default: // A string, or what nobody here makes, as text.
		m.bytes(1, []byte(v.String()))
	}
}

// scope writes common.v1.InstrumentationScope.
func (m *message) scope(field int, s instrumentation.Scope) {
	m.message(field, func(m *message) {
		m.text(1, s.Name)
		m.text(2, s.Version)
	})
}
