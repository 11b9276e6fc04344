package auth_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
)

// A request that is traced has spans for what it asks the store and the provider; the provider hears nothing of it, and no
// span has a secret (LOG-2: the suite looks).
func TestTokensAndTheStoreAreTraced(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	asked := 0
	w := newWorld(t, func(cfg *auth.Config, party *rp.Config) {
		cfg.Traces = provider
		party.HTTPClient = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			if asked++; req.Header.Get("Traceparent") != "" {
				t.Errorf("the provider hears of a trace at %s", req.URL.Path)
			}
			return (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		})}
	})
	v := w.signIn(t, "alice")
	if len(recorder.Ended()) > 0 {
		t.Errorf("%d spans of requests that are not traced", len(recorder.Ended()))
	}
	inner := *w.routes.Load()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(out http.ResponseWriter, r *http.Request) {
		ctx, span := provider.Tracer("test").Start(r.Context(), "request")
		defer span.End()
		inner.ServeHTTP(out, r.WithContext(ctx))
	})
	w.routes.Store(mux)
	w.clock.Advance(6 * time.Minute)
	before := asked
	call(t, v, "orders")
	if asked == before {
		t.Error("the provider was not asked")
	}
	var names []string
	for _, s := range recorder.Ended() {
		name := s.Name()
		for _, kv := range s.Attributes() {
			name += fmt.Sprintf(" %s=%s", kv.Key, kv.Value.String())
			suite.Saw("a span of "+t.Name(), []byte(kv.Value.String()))
		}
		names = append(names, name)
	}
	for _, want := range []string{"store get vestibule.outcome=ok", "store lease vestibule.outcome=ok", "store update vestibule.outcome=ok", "token refresh_token vestibule.outcome=ok"} {
		if !slices.Contains(names, want) {
			t.Errorf("no span is %q; there are\n%s", want, strings.Join(names, "\n"))
		}
	}
}
