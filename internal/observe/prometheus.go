package observe

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// text writes all metrics in Prometheus' text format, sorted by name. The names are the ones OpenTelemetry's specification maps them to:
// dots become underscores, the unit is written out, and a counter ends in _total.
func (t *Telemetry) text(ctx context.Context) ([]byte, error) {
	var all metricdata.ResourceMetrics
	if err := t.pulled.Collect(ctx, &all); err != nil {
		return nil, fmt.Errorf("observe: collecting metrics: %w", err)
	}
	var families []string
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			families = append(families, family(m))
		}
	}
	slices.Sort(families)
	return []byte(strings.Join(families, "")), nil
}

// family is one metric with all its series.
func family(m metricdata.Metrics) string {
	name := PrometheusName(m.Name, m.Unit)
	kind, lines := "gauge", []string(nil)
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		lines = points(name, data.DataPoints)
	case metricdata.Gauge[float64]:
		lines = points(name, data.DataPoints)
	case metricdata.Sum[int64]:
		kind, name = sumName(name, data.IsMonotonic)
		lines = points(name, data.DataPoints)
	case metricdata.Sum[float64]:
		kind, name = sumName(name, data.IsMonotonic)
		lines = points(name, data.DataPoints)
	case metricdata.Histogram[float64]:
		kind = "histogram"
		for _, p := range data.DataPoints {
			lines = append(lines, histogram(name, p))
		}
	default:
		return "" // Nothing here makes any other.
	}
	slices.Sort(lines)
	var b bytes.Buffer
	fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(m.Description), name, kind)
	for _, line := range lines {
		b.WriteString(line)
	}
	return b.String()
}

func sumName(name string, grows bool) (kind, full string) {
	if grows {
		return "counter", name + "_total"
	}
	return "gauge", name
}

// PrometheusName is a metric's name at /metrics, without the _total of a counter.
func PrometheusName(name, unit string) string {
	name = strings.ReplaceAll(name, ".", "_")
	switch unit {
	case "s":
		return name + "_seconds"
	case "By":
		return name + "_bytes"
	}
	return name
}

func points[N int64 | float64](name string, data []metricdata.DataPoint[N]) []string {
	lines := make([]string, len(data))
	for i, p := range data {
		lines[i] = name + labels(p.Attributes, "") + " " + number(float64(p.Value)) + "\n"
	}
	return lines
}

func histogram(name string, p metricdata.HistogramDataPoint[float64]) string {
	var b strings.Builder
	sum := uint64(0)
	for i, n := range p.BucketCounts {
		bound := math.Inf(1)
		if i < len(p.Bounds) {
			bound = p.Bounds[i]
		}
		sum += n
		fmt.Fprintf(&b, "%s_bucket%s %d\n", name, labels(p.Attributes, number(bound)), sum)
	}
	fmt.Fprintf(&b, "%s_sum%s %s\n", name, labels(p.Attributes, ""), number(p.Sum))
	fmt.Fprintf(&b, "%s_count%s %d\n", name, labels(p.Attributes, ""), p.Count)
	return b.String()
}

// labels writes a series' labels, with le if it is a bucket.
func labels(set attribute.Set, le string) string {
	var parts []string
	for iter := set.Iter(); iter.Next(); {
		kv := iter.Attribute()
		parts = append(parts, strings.ReplaceAll(string(kv.Key), ".", "_")+`="`+escaped(kv.Value.String())+`"`)
	}
	if le != "" {
		parts = append(parts, `le="`+le+`"`)
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func escaped(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(value, "�"))
}

func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
