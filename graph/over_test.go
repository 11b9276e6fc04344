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
	late := newEndpoint(t, func(c *graph.Config) { c.Timeout = 1 })
	if r, _, errors := late.ask(t, "{viewer{authenticated}}", nil); len(errors) != 1 || errors[0].code() != "OPERATION_TIMEOUT" {
		t.Errorf("without time: %s, want OPERATION_TIMEOUT", r.body)
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
