package clients_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"vestibule.example/clients"
)

// spanning is a context in a trace whose spans are recorded.
func spanning(t *testing.T, sampler sdktrace.Sampler) (context.Context, *sdktrace.TracerProvider, *tracetest.SpanRecorder) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder), sdktrace.WithSampler(sampler))
	ctx, root := provider.Tracer("test").Start(t.Context(), "root")
	t.Cleanup(func() { root.End() })
	return ctx, provider, recorder
}

// shownSpan is a span as tests compare it, with its attributes as name=value.
func shownSpan(s sdktrace.ReadOnlySpan) string {
	var all []string
	for _, kv := range s.Attributes() {
		all = append(all, fmt.Sprintf("%s=%s", kv.Key, kv.Value.String()))
	}
	return s.Name() + ": " + strings.Join(all, " ")
}

// A call has a span and so has each attempt, which the API hears of; none tells what was asked beyond its template.
func TestCallsAreTraced(t *testing.T) {
	ctx, provider, recorder := spanning(t, sdktrace.AlwaysSample())
	var parents []string
	n := 0
	lost := newFake(t, unreachable, func(cfg *clients.Config) { cfg.Traces = provider })
	if err := send(ctx, lost, "GET"); err == nil {
		t.Fatal("a call of an API that cannot be reached does not fail")
	}
	if got, want := shownSpan(recorder.Ended()[0]), "GET /things: vestibule.api=orders http.request.method=GET url.template=/things server.address=orders.example.test error.type=UPSTREAM_UNAVAILABLE"; got != want {
		t.Errorf("the span = %s, want %s", got, want)
	}
	recorder.Reset()
	api := newFake(t, func(r *http.Request) (*http.Response, error) {
		parents = append(parents, r.Header.Get("Traceparent"))
		if n++; n == 1 {
			return status(503)(r)
		}
		return fakeAnswer(404, http.Header{"Content-Type": {jsonType}}, `{"secret":1}`), nil
	}, func(cfg *clients.Config) { cfg.Traces, cfg.Retry = provider, clients.Retry{Attempts: 2} })
	if _, err := clients.Get[clients.None](ctx, api, clients.At("/things/{id}", "secret"), url.Values{"code": {"secret"}}); err == nil {
		t.Fatal("the call does not fail")
	}
	var got []string
	for _, s := range recorder.Ended() {
		got = append(got, shownSpan(s))
	}
	want := []string{
		"GET /things/{id}: vestibule.api=orders http.request.method=GET url.template=/things/{id} server.address=orders.example.test http.response.status_code=503 error.type=503",
		"GET /things/{id}: vestibule.api=orders http.request.method=GET url.template=/things/{id} server.address=orders.example.test http.request.resend_count=1 http.response.status_code=404 error.type=404",
		"orders GET /things/{id}: vestibule.api=orders http.request.method=GET url.template=/things/{id} vestibule.via=sent http.response.status_code=404 error.type=NOT_FOUND",
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the spans are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	spans := recorder.Ended()
	for i, parent := range parents {
		at := spans[i].SpanContext()
		if want := "00-" + at.TraceID().String() + "-" + at.SpanID().String() + "-01"; parent != want {
			t.Errorf("attempt %d says %s, want %s", i+1, parent, want)
		}
		if spans[i].Parent().SpanID() != spans[2].SpanContext().SpanID() || spans[i].SpanKind() != trace.SpanKindClient || spans[i].Status().Code != codes.Error {
			t.Errorf("attempt %d is not a failed one of the call", i+1)
		}
	}
	if spans[2].Parent().SpanID() != trace.SpanContextFromContext(ctx).SpanID() {
		t.Error("the call is not part of what asked for it")
	}
}

// How a call was answered without being sent is told too.
func TestKeptAnswersAreTraced(t *testing.T) {
	ctx, provider, recorder := spanning(t, sdktrace.AlwaysSample())
	o := newOrigin(t, func(cfg *clients.Config) { cfg.Traces = provider })
	o.serve = echoes("Cache-Control: max-age=60")
	for range 2 {
		if _, err := clients.Get[echo](as(ctx, "alice"), o.api, clients.At("/things"), nil); err != nil {
			t.Fatal(err)
		}
	}
	spans := recorder.Ended()
	if len(spans) != 3 || !strings.Contains(shownSpan(spans[2]), "vestibule.via=cached") {
		t.Errorf("%d spans, the last is %s", len(spans), shownSpan(spans[len(spans)-1]))
	}
}

// A request that is not traced has no spans, and its APIs hear of the request that they are called for: it is in the logs.
func TestCallsThatAreNotTraced(t *testing.T) {
	ctx, provider, recorder := spanning(t, sdktrace.NeverSample())
	parent := ""
	api := newFake(t, func(r *http.Request) (*http.Response, error) {
		parent = r.Header.Get("Traceparent")
		return status(200)(r)
	}, func(cfg *clients.Config) { cfg.Traces = provider })
	ctx = clients.WithInbound(ctx, clients.Inbound{TraceParent: goodTrace})
	_ = send(ctx, api, "GET")
	at := trace.SpanContextFromContext(ctx)
	if want := "00-" + at.TraceID().String() + "-" + at.SpanID().String() + "-00"; parent != want || len(recorder.Ended()) != 0 {
		t.Errorf("the API hears %s, want %s; %d spans", parent, want, len(recorder.Ended()))
	}
}

// Relayed requests have an attempt's span, under the pattern of their path.
func TestTheRelayIsTraced(t *testing.T) {
	ctx, provider, recorder := spanning(t, sdktrace.AlwaysSample())
	parent := ""
	r := newRelaying(t, func(w http.ResponseWriter, r *http.Request) { parent = r.Header.Get("Traceparent") }, func(cfg *clients.Config) { cfg.Traces = provider }, nil)
	inner := r.Config.Handler
	r.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		inner.ServeHTTP(w, req.WithContext(trace.ContextWithSpan(req.Context(), trace.SpanFromContext(ctx))))
	})
	r.send(t, "GET", "/api/orders/things/secret?code=secret", nil, "")
	r.Close()
	spans := recorder.Ended()
	if len(spans) != 1 || !strings.HasPrefix(shownSpan(spans[0]), "GET /things/*: vestibule.api=orders ") || strings.Contains(shownSpan(spans[0]), "secret") {
		t.Fatalf("the spans are %v", spans)
	}
	if at := spans[0].SpanContext(); parent != "00-"+at.TraceID().String()+"-"+at.SpanID().String()+"-01" {
		t.Errorf("the API hears %s, want the attempt's span", parent)
	}
}
