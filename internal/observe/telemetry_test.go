package observe_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"vestibule.example/internal/observe"
)

func newTelemetry(t testing.TB) *observe.Telemetry {
	t.Helper()
	telemetry, err := observe.NewTelemetry(observe.TelemetryConfig{Version: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { telemetry.Close(context.WithoutCancel(t.Context())) })
	return telemetry
}

func scrape(t testing.TB, telemetry *observe.Telemetry) (text string, all observe.Series) {
	t.Helper()
	rec := httptest.NewRecorder()
	telemetry.Prometheus().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
		t.Fatalf("the metrics = %d, %v", rec.Code, rec.Header())
	}
	text = rec.Body.String()
	all, err := observe.ReadMetrics(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return text, all
}

// Prometheus' exposition format 0.0.4, with the names that OpenTelemetry's specification gives metrics there.
func TestPrometheusText(t *testing.T) {
	telemetry := newTelemetry(t)
	m := telemetry.Meters().Meter("test")
	counter, err := m.Int64Counter("test.done", metric.WithDescription(`What was "done"`+"\nand \\ how."))
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 3, metric.WithAttributes(attribute.String("how.well", "so \"so\"\n\\")))
	counter.Add(t.Context(), 1)
	gauge, err := m.Int64UpDownCounter("test.size", metric.WithUnit("By"))
	if err != nil {
		t.Fatal(err)
	}
	gauge.Add(t.Context(), -5)
	took, err := m.Float64Histogram("test.took", metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(0.5, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []float64{0.25, 0.5, 0.75, 4} {
		took.Record(t.Context(), v, metric.WithAttributes(attribute.Bool("ok", true)))
	}
	text, all := scrape(t, telemetry)
	for _, want := range []string{`# HELP test_done_total What was "done"\nand \\ how.
# TYPE test_done_total counter
test_done_total 1
test_done_total{how_well="so \"so\"\n\\"} 3
`, `# TYPE test_size_bytes gauge
test_size_bytes -5
`, `# TYPE test_took_seconds histogram
test_took_seconds_bucket{ok="true",le="0.5"} 2
test_took_seconds_bucket{ok="true",le="1"} 3
test_took_seconds_bucket{ok="true",le="+Inf"} 4
test_took_seconds_sum{ok="true"} 5.5
test_took_seconds_count{ok="true"} 4
`} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks\n%s\nit is\n%s", want, text)
		}
	}
	if got := all.Sum("vestibule_build_info", `version="v1.2.3"`); got != 1 {
		t.Errorf("the version's metric = %v, want 1", got)
	}
	if got := all.Sum("go_goroutine_count"); got < 1 {
		t.Errorf("goroutines = %v, want some", got)
	}
	if got := all.Sum("vestibule_start_time_seconds"); time.Since(time.Unix(int64(got), 0)) > time.Hour {
		t.Errorf("the start = %v, want now", got)
	}
}

// Whatever is sent, the number of series stays: methods, paths and statuses that somebody makes up are counted together.
func TestSeriesOfRequestsAreBounded(t *testing.T) {
	telemetry := newTelemetry(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /known/{id}", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200 + len(r.PathValue("id"))) })
	h := observe.Handler(observe.Config{Meters: telemetry.Meters()}, mux)
	const n = 300
	for i := range n {
		for _, target := range []string{fmt.Sprintf("/unknown/%d", i), "/known/" + strings.Repeat("x", i)} {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, target, nil))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(fmt.Sprintf("M%d", i), target, nil))
		}
	}
	text, all := scrape(t, telemetry)
	if got := all.Sum("http_server_request_duration_seconds_count"); got != 4*n {
		t.Errorf("%v requests are counted, want %d", got, 4*n)
	}
	if got := all.Sum("http_server_active_requests"); got != 0 {
		t.Errorf("%v requests are under way, want none", got)
	}
	if got := strings.Count(text, "http_server_request_duration_seconds_count{"); got > 70 {
		t.Errorf("%d series, want one for each standard status", got)
	}
	for series, want := range map[string]float64{
		`http_server_request_duration_seconds_count{http_request_method="_OTHER",http_response_status_code="404",http_route="other"}`:    n + 1,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="404",http_route="other"}`:       n + 1,
		`http_server_request_duration_seconds_count{http_request_method="_OTHER",http_response_status_code="405",http_route="other"}`:    n - 1,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="206",http_route="/known/{id}"}`: 1,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="4xx",http_route="/known/{id}"}`: 100 - 29 - 1,
	} {
		if all[series] != want {
			t.Errorf("%s = %v, want %v", series, all[series], want)
		}
	}
}

func TestReadMetrics(t *testing.T) {
	all, err := observe.ReadMetrics(strings.NewReader("# TYPE a counter\na{x=\"1\",y=\"2\"} 3\na{x=\"1\",y=\"3\"} 4\na{x=\"11\",y=\"2\"} 5\n\nab 9\n"))
	if err != nil {
		t.Fatal(err)
	}
	for want, labels := range map[float64][]string{12: nil, 7: {`x="1"`}, 3: {`x="1"`, `y="2"`}, 8: {`y="2"`}, 0: {`z="2"`}} {
		if got := all.Sum("a", labels...); got != want {
			t.Errorf("Sum(%v) = %v, want %v", labels, got, want)
		}
	}
	for _, bad := range []string{"a", "a b"} {
		if _, err := observe.ReadMetrics(strings.NewReader(bad)); err == nil {
			t.Errorf("ReadMetrics(%q) takes it", bad)
		}
	}
}
