//go:build !nodemo

package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	collectortrace "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector keeps what is sent to it.
type collector struct {
	*httptest.Server

	mu     sync.Mutex // guards bodies and headers
	bodies map[string][][]byte
	header http.Header
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{bodies: map[string][][]byte{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bodies[r.URL.Path], c.header = append(c.bodies[r.URL.Path], body), r.Header
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) got() map[string][][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.bodies)
}

func (c *collector) metrics() [][]byte { return c.got()["/v1/metrics"] }

// spans are all that came, read by the protocol's own types.
func (c *collector) spans(t *testing.T) []*tracev1.Span {
	t.Helper()
	var all []*tracev1.Span
	for _, body := range c.got()["/v1/traces"] {
		var req collectortrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &req); err != nil {
			t.Fatal(err)
		}
		for _, resource := range req.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				all = append(all, scope.Spans...)
			}
		}
	}
	return all
}

// spanTree is a trace as tests compare it: each kind of span under its parent, once, indented.
func spanTree(spans []*tracev1.Span, parent string, depth int) []string {
	var lines []string
	for _, s := range spans {
		if string(s.ParentSpanId) == parent {
			line := strings.Repeat("  ", depth) + s.Name
			if s.Name == "field" {
				line += " " + attributeOf(s.Attributes, "graphql.field.path")
			}
			lines = append(lines, strings.Join(append([]string{line}, spanTree(spans, string(s.SpanId), depth+1)...), "\n"))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func attributeOf(all []*common.KeyValue, name string) string {
	for _, kv := range all {
		if kv.Key == name {
			return kv.Value.GetStringValue()
		}
	}
	return ""
}

// A trace that a trusted proxy names goes through the whole gateway to each API: the request, its operation, the field that
// asks, the call, its attempt; the store too.
func TestATraceFromTheProxyToTheAPIs(t *testing.T) {
	collector := newCollector(t)
	g := startConfigured(t, fmt.Sprintf("observe: {otlp: {endpoint: %q, headers: {X-Tenant: shop}, share: 0, interval: 0s}}\n", collector.URL))
	v := signIn(t, g.gateway, "alice")
	const id, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	g.world.Faults.ResetCalls()
	query := url.QueryEscape(`query Page { me { name orders(first: 2) { totalCount } } products(first: 2) { edges { node { category { name } } } } }`)
	res, err := v.FetchWith(t.Context(), "GET", "/graphql?query="+query, http.Header{"Traceparent": {"00-" + id + "-" + parent + "-01"}, "X-Request-Id": {"named-by-the-proxy"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	told := map[string]string{}
	for _, call := range g.world.Faults.Calls("") {
		if call.Target != "provider" {
			told[call.Header["Traceparent"]] = call.Method + " of " + call.Target
		} else if call.Header["Traceparent"] != "" {
			t.Error("the provider was told of a trace")
		}
	}
	if len(told) < 4 {
		t.Errorf("%d calls told of their spans, want four at least", len(told))
	}
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	spans := collector.spans(t)
	for _, s := range spans {
		if hex.EncodeToString(s.TraceId) != id {
			t.Errorf("a span is of the trace %x, want %s alone", s.TraceId, id)
		}
		delete(told, fmt.Sprintf("00-%x-%x-01", s.TraceId, s.SpanId))
		if s.Kind == tracev1.Span_SPAN_KIND_SERVER && attributeOf(s.Attributes, "vestibule.request_id") != "named-by-the-proxy" {
			t.Error("the request's span does not name the request")
		}
	}
	if len(told) > 0 {
		t.Errorf("APIs were told of spans that are not there: %v", told)
	}
	root, err := hex.DecodeString(parent)
	if err != nil {
		t.Fatal(err)
	}
	want := `GET /graphql
  graphql
    field me
      accounts GET /me
        GET /me
    field me.orders
      orders GET /orders
        GET /orders
    field products
      catalog GET /products
        GET /products
    field products.edges.node.category
      catalog GET /categories
        GET /categories
  store get`
	if got := strings.Join(spanTree(spans, string(root), 0), "\n"); got != want {
		t.Errorf("the trace is\n%s\nwant\n%s", got, want)
	}
	if collector.header.Get("X-Tenant") != "shop" || len(collector.metrics()) > 0 {
		t.Errorf("the collector got the header %v, and %d times metrics", collector.header, len(collector.metrics()))
	}
}
