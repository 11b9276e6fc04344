package otlp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	collectormetrics "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	resourcev1 "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	tracev1 "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"vestibule.example/internal/observe/otlp"
)

// What is written is read by the protocol's own types, with nothing left over.
func TestSpans(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder), sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "vestibule"))))
	remote := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: 1, Remote: true})
	began := time.Unix(1, 5)
	ctx, root := provider.Tracer("a").Start(trace.ContextWithRemoteSpanContext(t.Context(), remote), "root", trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(began),
		trace.WithLinks(trace.Link{SpanContext: remote, Attributes: []attribute.KeyValue{attribute.Bool("linked", true)}}))
	root.AddEvent("event", trace.WithTimestamp(began), trace.WithAttributes(attribute.Int("n", -7)))
	_, child := provider.Tracer("b").Start(ctx, "child", trace.WithAttributes(attribute.String("s", ""), attribute.Float64("f", 0.5), attribute.Bool("no", false), attribute.StringSlice("list", []string{"x", ""})))
	child.SetStatus(codes.Error, "why")
	child.End(trace.WithTimestamp(began.Add(time.Second)))
	root.SetStatus(codes.Ok, "")
	root.End(trace.WithTimestamp(began.Add(2 * time.Second)))

	var got collectortrace.ExportTraceServiceRequest
	unmarshal(t, otlp.Spans(recorder.Ended()), &got)
	rootID, childID := root.SpanContext().SpanID(), trace.SpanContextFromContext(ctx).TraceID()
	childSpan := child.SpanContext().SpanID()
	want := &collectortrace.ExportTraceServiceRequest{ResourceSpans: []*tracev1.ResourceSpans{{
		Resource: resourceOf(),
		ScopeSpans: []*tracev1.ScopeSpans{
			{Scope: &common.InstrumentationScope{Name: "b"}, Spans: []*tracev1.Span{{
				TraceId: childID[:], SpanId: childSpan[:], ParentSpanId: rootID[:], Name: "child", Kind: tracev1.Span_SPAN_KIND_INTERNAL,
				StartTimeUnixNano: uint64(recorder.Ended()[0].StartTime().UnixNano()), EndTimeUnixNano: 2_000_000_005, Flags: 0x101,
				Attributes: []*common.KeyValue{
					pair("s", &common.AnyValue{Value: &common.AnyValue_StringValue{}}), pair("f", &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: 0.5}}),
					pair("no", &common.AnyValue{Value: &common.AnyValue_BoolValue{}}),
					pair("list", &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{
						{Value: &common.AnyValue_StringValue{StringValue: "x"}}, {Value: &common.AnyValue_StringValue{}},
					}}}}),
				},
				Status: &tracev1.Status{Code: tracev1.Status_STATUS_CODE_ERROR, Message: "why"},
			}}},
			{Scope: &common.InstrumentationScope{Name: "a"}, Spans: []*tracev1.Span{{
				TraceId: childID[:], SpanId: rootID[:], ParentSpanId: []byte{2, 0, 0, 0, 0, 0, 0, 0}, Name: "root", Kind: tracev1.Span_SPAN_KIND_SERVER,
				StartTimeUnixNano: 1_000_000_005, EndTimeUnixNano: 3_000_000_005, Flags: 0x301,
				Events: []*tracev1.Span_Event{{TimeUnixNano: 1_000_000_005, Name: "event", Attributes: []*common.KeyValue{pair("n", &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: -7}})}}},
				Links: []*tracev1.Span_Link{{
					TraceId: append([]byte{1}, make([]byte, 15)...), SpanId: append([]byte{2}, make([]byte, 7)...), Flags: 0x301,
					Attributes: []*common.KeyValue{pair("linked", &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: true}})},
				}},
				Status: &tracev1.Status{Code: tracev1.Status_STATUS_CODE_OK},
			}}},
		},
	}}}
	if !proto.Equal(&got, want) {
		t.Errorf("the spans are\n%s\nwant\n%s", prototext.Format(&got), prototext.Format(want))
	}
	if len(otlp.Spans(nil)) != 0 {
		t.Error("no spans are something")
	}
}

func TestMetrics(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(resource.NewSchemaless(attribute.String("service.name", "vestibule"))))
	m := provider.Meter("m")
	count, err1 := m.Int64Counter("count", metric.WithDescription("what"), metric.WithUnit("{thing}"))
	size, err2 := m.Float64Gauge("size", metric.WithUnit("By"))
	load, err3 := m.Int64UpDownCounter("load")
	took, err4 := m.Float64Histogram("took", metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(1, 2))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	count.Add(t.Context(), 3, metric.WithAttributes(attribute.String("k", "v")))
	size.Record(t.Context(), -0.5)
	load.Add(t.Context(), -2)
	took.Record(t.Context(), 0.5)
	took.Record(t.Context(), 4)
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	var got collectormetrics.ExportMetricsServiceRequest
	unmarshal(t, otlp.Metrics(&all), &got)
	for _, one := range got.ResourceMetrics[0].ScopeMetrics[0].Metrics { // Times are as they are.
		for _, p := range append(one.GetSum().GetDataPoints(), one.GetGauge().GetDataPoints()...) {
			if p.TimeUnixNano < p.StartTimeUnixNano || p.TimeUnixNano == 0 {
				t.Errorf("%s: from %d to %d", one.Name, p.StartTimeUnixNano, p.TimeUnixNano)
			}
			p.TimeUnixNano, p.StartTimeUnixNano = 0, 0
		}
		for _, p := range one.GetHistogram().GetDataPoints() {
			if p.TimeUnixNano < p.StartTimeUnixNano || p.StartTimeUnixNano == 0 {
				t.Errorf("%s: from %d to %d", one.Name, p.StartTimeUnixNano, p.TimeUnixNano)
			}
			p.TimeUnixNano, p.StartTimeUnixNano = 0, 0
		}
	}
	const cumulative = metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	want := &collectormetrics.ExportMetricsServiceRequest{ResourceMetrics: []*metrics.ResourceMetrics{{
		Resource: resourceOf(),
		ScopeMetrics: []*metrics.ScopeMetrics{{Scope: &common.InstrumentationScope{Name: "m"}, Metrics: []*metrics.Metric{
			{Name: "count", Description: "what", Unit: "{thing}", Data: &metrics.Metric_Sum{Sum: &metrics.Sum{AggregationTemporality: cumulative, IsMonotonic: true, DataPoints: []*metrics.NumberDataPoint{{
				Attributes: []*common.KeyValue{text("k", "v")}, Value: &metrics.NumberDataPoint_AsInt{AsInt: 3},
			}}}}},
			{Name: "size", Unit: "By", Data: &metrics.Metric_Gauge{Gauge: &metrics.Gauge{DataPoints: []*metrics.NumberDataPoint{{Value: &metrics.NumberDataPoint_AsDouble{AsDouble: -0.5}}}}}},
			{Name: "load", Data: &metrics.Metric_Sum{Sum: &metrics.Sum{AggregationTemporality: cumulative, DataPoints: []*metrics.NumberDataPoint{{Value: &metrics.NumberDataPoint_AsInt{AsInt: -2}}}}}},
			{Name: "took", Unit: "s", Data: &metrics.Metric_Histogram{Histogram: &metrics.Histogram{AggregationTemporality: cumulative, DataPoints: []*metrics.HistogramDataPoint{{
				Count: 2, Sum: proto.Float64(4.5), BucketCounts: []uint64{1, 0, 1}, ExplicitBounds: []float64{1, 2}, Min: proto.Float64(0.5), Max: proto.Float64(4),
			}}}}},
		}}},
	}}}
	if !proto.Equal(&got, want) {
		t.Errorf("the metrics are\n%s\nwant\n%s", prototext.Format(&got), prototext.Format(want))
	}
}

func resourceOf() *resourcev1.Resource {
	return &resourcev1.Resource{Attributes: []*common.KeyValue{text("service.name", "vestibule")}}
}

func pair(key string, v *common.AnyValue) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: v}
}

func text(key, value string) *common.KeyValue {
	return pair(key, &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}})
}

func unmarshal(t *testing.T, wire []byte, into proto.Message) {
	t.Helper()
	if err := (proto.UnmarshalOptions{}).Unmarshal(wire, into); err != nil {
		t.Fatal(err)
	}
	if unknown := into.ProtoReflect().GetUnknown(); len(unknown) > 0 {
		t.Errorf("%d bytes belong to no field", len(unknown))
	}
}

// collector is one that answers what it is told.
type collector struct {
	answers []*http.Response
	got     []*http.Request
	bodies  [][]byte
}

func (c *collector) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	c.got, c.bodies = append(c.got, req), append(c.bodies, body)
	answer := c.answers[0]
	c.answers = c.answers[1:]
	if answer == nil {
		return nil, errors.New("no connection")
	}
	return answer, nil
}

func status(code int, retryAfter string) *http.Response {
	rec := httptest.NewRecorder()
	if retryAfter != "" {
		rec.Header().Set("Retry-After", retryAfter)
	}
	rec.WriteHeader(code)
	return rec.Result()
}

// OTLP/HTTP: what the collector cannot take at the moment is sent again, when it says; what it refuses is not.
func TestExport(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []*http.Response
		sent    int
		least   time.Duration
		fails   bool
	}{
		{"taken", []*http.Response{status(200, "")}, 1, 0, false},
		{"busy", []*http.Response{status(503, "2"), status(200, "")}, 2, 2 * time.Second, false},
		{"busy for longer than we wait", []*http.Response{status(429, "3600"), status(200, "")}, 2, 5 * time.Second, false},
		{"not reached", []*http.Response{nil, nil, nil}, 3, 0, true},
		{"refused", []*http.Response{status(400, "")}, 1, 0, true},
		{"elsewhere", []*http.Response{status(307, "")}, 1, 0, true},
		{"broken", []*http.Response{status(500, "")}, 1, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				collector, failed := &collector{answers: c.answers}, 0
				endpoint, err := url.Parse("http://collector.test:4318/base")
				if err != nil {
					t.Fatal(err)
				}
				e := otlp.New(otlp.Config{Endpoint: endpoint, Header: http.Header{"X-Tenant": {"shop"}}, Transport: collector, Failed: func(_ context.Context, what string, err error) {
					if failed++; what != "metrics" || err == nil {
						t.Errorf("%s failed: %v", what, err)
					}
				}})
				before := time.Now()
				err = e.ExportMetrics(t.Context(), &metricdata.ResourceMetrics{Resource: resource.Empty()})
				if (err != nil) != c.fails || (failed > 0) != c.fails || len(collector.got) != c.sent || time.Since(before) < c.least || time.Since(before) > 7*time.Second {
					t.Errorf("export = %v, %d failures told, %d requests after %s", err, failed, len(collector.got), time.Since(before))
				}
				for i, req := range collector.got {
					if req.URL.String() != "http://collector.test:4318/base/v1/metrics" || req.Header.Get("Content-Type") != "application/x-protobuf" || req.Header.Get("X-Tenant") != "shop" || len(collector.bodies[i]) == 0 {
						t.Errorf("request %d: %s %v, %d bytes", i, req.URL, req.Header, len(collector.bodies[i]))
					}
				}
			})
		})
	}
}

// Who stops waiting is not kept.
func TestExportEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		collector := &collector{answers: []*http.Response{status(503, "5"), status(200, "")}}
		e := otlp.New(otlp.Config{Endpoint: &url.URL{Scheme: "http", Host: "collector.test"}, Transport: collector})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before := time.Now()
		if err := e.ExportSpans(ctx, nil); err == nil || time.Since(before) != time.Second || len(collector.got) != 1 {
			t.Errorf("export = %v after %s and %d requests", err, time.Since(before), len(collector.got))
		}
	})
}
