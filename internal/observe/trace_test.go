package observe_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"vestibule.example/internal/observe"
)

const (
	theirTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	theirParent = "00-" + theirTrace + "-00f067aa0ba902b7-01"
)

// W3C Trace Context: who is trusted has her trace continued. Anybody else's is linked to, not joined, and told to no API.
func TestWhoseTraceIsContinued(t *testing.T) {
	for _, c := range []struct {
		name, parent string
		trusted      bool
		traced       bool
		continued    bool
		links        int
		header       string
	}{
		{"a trusted proxy's", theirParent, true, true, true, 0, theirParent},
		{"a trusted proxy's that is not sampled", theirParent[:54] + "0", true, false, true, 0, theirParent[:54] + "0"},
		{"anybody's", theirParent, false, true, false, 1, ""},
		{"anybody's that is not sampled", theirParent[:54] + "0", false, true, false, 1, ""},
		{"none", "", true, true, false, 0, ""},
		{"none that is well-formed", "00-0-0-01", true, true, false, 0, "00-0-0-01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			recorder := tracetest.NewSpanRecorder()
			provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
			cfg := observe.Config{Traces: provider}
			if c.trusted {
				cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
			}
			var at trace.SpanContext
			mux := http.NewServeMux()
			mux.HandleFunc("GET /things/{id}", func(w http.ResponseWriter, r *http.Request) {
				at = trace.SpanContextFromContext(r.Context())
				if got := r.Header.Get("Traceparent"); got != c.header {
					t.Errorf("Traceparent = %q further in, want %q", got, c.header)
				}
				w.WriteHeader(http.StatusBadGateway)
			})
			r := httptest.NewRequest(http.MethodGet, "/things/secret?code=secret", nil)
			if c.parent != "" {
				r.Header.Set("Traceparent", c.parent)
			}
			observe.Handler(cfg, mux).ServeHTTP(httptest.NewRecorder(), r)
			if (at.TraceID().String() == theirTrace) != c.continued || !at.IsValid() || at.IsSampled() != c.traced {
				t.Errorf("the request is in %+v, want it in theirs: %v", at, c.continued)
			}
			spans := recorder.Ended()
			if !c.traced {
				if len(spans) > 0 {
					t.Errorf("%d spans, want none", len(spans))
				}
				return
			}
			if len(spans) != 1 || spans[0].Name() != "GET /things/{id}" || len(spans[0].Links()) != c.links || spans[0].SpanKind() != trace.SpanKindServer || spans[0].Status().Code != codes.Error {
				t.Fatalf("the spans are %+v", spans)
			}
			var names []string
			for _, kv := range spans[0].Attributes() {
				names = append(names, string(kv.Key))
				if kv.Value.Type() == attribute.STRING && kv.Value.AsString() == "secret" {
					t.Errorf("%s tells of the path", kv.Key)
				}
			}
			if want := []string{"http.request.method", "http.route", "http.response.status_code", "vestibule.request_id"}; !slices.Equal(names, want) {
				t.Errorf("the span has %v, want %v", names, want)
			}
		})
	}
}

// Without a tracer a trace that a trusted proxy names goes on as it is, and nobody else's does.
func TestTracesThatOnlyPassThrough(t *testing.T) {
	for _, trusted := range []bool{true, false} {
		cfg := observe.Config{}
		if trusted {
			cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
		}
		got := ""
		h := observe.Handler(cfg, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = r.Header.Get("Traceparent") + r.Header.Get("Tracestate")
		}))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Traceparent", theirParent)
		r.Header.Set("Tracestate", "a=b")
		h.ServeHTTP(httptest.NewRecorder(), r)
		if want := map[bool]string{true: theirParent + "a=b", false: ""}[trusted]; got != want {
			t.Errorf("trusted %v: %q goes on, want %q", trusted, got, want)
		}
	}
}

// A request that is traced names its trace in its record.
func TestARecordNamesItsTrace(t *testing.T) {
	provider := sdktrace.NewTracerProvider()
	server, records := watched(t, observe.Config{Traces: provider}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trace", trace.SpanContextFromContext(r.Context()).TraceID().String())
	}))
	answer, _ := send(t, server, http.MethodGet, "/", nil)
	if got := records()[0]["trace_id"]; got != answer.Header.Get("Trace") {
		t.Errorf("trace_id = %v, want %s", got, answer.Header.Get("Trace"))
	}
}
