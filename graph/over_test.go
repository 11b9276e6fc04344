//go:build !nodemo

package graph_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"vestibule.example/graph"
)

// An operation whose time is over, or whose reader has gone, before it runs is not run: the first is told so, of the second nothing
// panics. FuzzSocket found it.
func TestAnOperationThatIsOverBeforeItRuns(t *testing.T) {
	telemetry, read := metered(t)
	late := newEndpoint(t, func(c *graph.Config) { c.Timeout, c.Meters = 1, telemetry.Meters() })
	if r, _, errors := late.ask(t, "{viewer{authenticated}}", nil); len(errors) != 1 || errors[0].code() != "OPERATION_TIMEOUT" {
		t.Errorf("without time: %s, want OPERATION_TIMEOUT", r.body)
	}
	if text, all := read(late); all[`vestibule_graphql_operation_duration_seconds_count{operation="other",outcome="failed",type="query"}`] != 1 {
		t.Errorf("without time: not measured as failed: %s", text)
	}
	gone := newEndpoint(t, func(c *graph.Config) { c.Development = true })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "POST", "/graphql", strings.NewReader(asking("{viewer{authenticated}}")))
	r.Header = jsonHeader()
	w := httptest.NewRecorder()
	gone.server.Config.Handler.ServeHTTP(w, r)
	if w.Body.Len() > 0 {
		t.Errorf("who has gone is told %s", w.Body)
	}
}
