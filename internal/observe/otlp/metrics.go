package otlp

import (
	"encoding/binary"
	"math"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Metrics is an opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest in protobuf: gauges, sums, and histograms
// with given bounds.
func Metrics(all *metricdata.ResourceMetrics) []byte {
	var m message
	m.message(1, func(m *message) {
		m.message(1, func(m *message) { m.attributes(1, all.Resource.Attributes()) })
		for _, scope := range all.ScopeMetrics {
			m.message(2, func(m *message) {
				m.scope(1, scope.Scope)
				for _, one := range scope.Metrics {
					m.message(2, func(m *message) { m.metric(one) })
				}
			})
		}
	})
	return m
}

// metric writes metrics.v1.Metric.
func (m *message) metric(one metricdata.Metrics) {
	m.text(1, one.Name)
	m.text(2, one.Description)
	m.text(3, one.Unit)
	switch data := one.Data.(type) {
	case metricdata.Gauge[int64]:
		m.message(5, func(m *message) { numbers(m, data.DataPoints) })
	case metricdata.Gauge[float64]:
		m.message(5, func(m *message) { numbers(m, data.DataPoints) })
	case metricdata.Sum[int64]:
		m.message(7, func(m *message) {
			numbers(m, data.DataPoints)
			m.sum(data.Temporality, data.IsMonotonic)
		})
	case metricdata.Sum[float64]:
		m.message(7, func(m *message) {
			numbers(m, data.DataPoints)
			m.sum(data.Temporality, data.IsMonotonic)
		})
	case metricdata.Histogram[float64]:
		m.message(9, func(m *message) {
			for _, p := range data.DataPoints {
				m.message(1, func(m *message) { m.histogram(p) })
			}
			m.sum(data.Temporality, false)
		})
	}
}

// sum writes what metrics.v1.Sum and metrics.v1.Histogram say of their points.
func (m *message) sum(t metricdata.Temporality, grows bool) {
	temporality := uint64(2) // cumulative
	if t == metricdata.DeltaTemporality {
		temporality = 1
	}
	m.varint(2, temporality)
	m.bool(3, grows)
}

// numbers writes metrics.v1.NumberDataPoint, once for each.
func numbers[N int64 | float64](m *message, points []metricdata.DataPoint[N]) {
	for _, p := range points {
		m.message(1, func(m *message) {
			if !p.StartTime.IsZero() {
				m.time(2, p.StartTime)
			}
			m.time(3, p.Time)
			switch v := any(p.Value).(type) {
			case int64:
				m.fixed8(6, uint64(v)) //nolint:gosec // Two's complement is what the wire has.
			case float64:
				m.double(4, v)
			}
			m.attributes(7, p.Attributes.ToSlice())
		})
	}
}

// histogram writes metrics.v1.HistogramDataPoint.
func (m *message) histogram(p metricdata.HistogramDataPoint[float64]) {
	m.time(2, p.StartTime)
	m.time(3, p.Time)
	m.fixed8(4, p.Count)
	m.double(5, p.Sum)
	counts, bounds := make([]byte, 0, 8*len(p.BucketCounts)), make([]byte, 0, 8*len(p.Bounds))
	for _, n := range p.BucketCounts {
		counts = binary.LittleEndian.AppendUint64(counts, n)
	}
	for _, b := range p.Bounds {
		bounds = binary.LittleEndian.AppendUint64(bounds, math.Float64bits(b))
	}
	m.bytes(6, counts)
	m.bytes(7, bounds)
	m.attributes(9, p.Attributes.ToSlice())
	if least, known := p.Min.Value(); known {
		m.double(11, least)
	}
	if most, known := p.Max.Value(); known {
		m.double(12, most)
	}
}
