//go:build !nodemo

package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Who goes away before her answer has come leaves no failure behind: the log blames no field and no API, and the metrics count an
// operation that nobody waited for.
func TestWhoGoesAwayIsNoFailure(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	resetCalls(t, g)
	setFault(t, g, `{"target":"orders","hang":true}`)
	asking, leave := context.WithCancel(t.Context())
	defer leave()
	left := make(chan error, 1)
	go func() {
		res, err := v.Fetch(asking, http.MethodPost, "/graphql", "application/json", strings.NewReader(`{"query":"{ me { name orders(first: 2) { totalCount } } }"}`))
		if err == nil {
			res.Body.Close()
		}
		left <- err
	}()
	for calls(t, g)["orders"] == 0 {
		select {
		case err := <-left:
			t.Fatalf("the answer came, %v, while an API hangs", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	leave()
	<-left
	for deadline := time.Now().Add(30 * time.Second); metricsOf(t, g).Sum("vestibule_graphql_operation_duration_seconds_count", `outcome="gone"`) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("no operation is counted as gone")
		}
		<-time.After(10 * time.Millisecond)
	}
	if got := metricsOf(t, g).Sum("vestibule_graphql_field_errors_total"); got != 0 {
		t.Errorf("%v fields are counted as failed, want none", got)
	}
	if log := g.log.String(); strings.Contains(log, "field failed") {
		t.Errorf("the log tells of a failure:\n%s", log)
	}
}
