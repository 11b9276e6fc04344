package observe_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"vestibule.example/internal/observe"
)

// What observing costs a request; the demo's account page takes more than a millisecond of CPU.
func BenchmarkHandler(b *testing.B) {
	for _, c := range []struct {
		name string
		cfg  observe.Config
	}{
		{"recorded", observe.Config{}},
		{"recorded and measured", observe.Config{Meters: newTelemetry(b).Meters()}},
	} {
		b.Run(c.name, func(b *testing.B) {
			mux := http.NewServeMux()
			mux.HandleFunc("GET /page", func(http.ResponseWriter, *http.Request) {})
			h := observe.Handler(c.cfg, mux)
			r := httptest.NewRequest(http.MethodGet, "/page", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
