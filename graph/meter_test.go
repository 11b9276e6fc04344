//go:build !nodemo

package graph_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/demo/fault"
	"vestibule.example/graph"
	"vestibule.example/internal/observe"
)

// metered is where an endpoint reports to, and reads how it stands once the endpoint has answered everything.
func metered(t *testing.T) (telemetry *observe.Telemetry, read func(*endpoint) (string, observe.Series)) {
	t.Helper()
	telemetry, now := meteredAnywhere(t)
	return telemetry, func(e *endpoint) (string, observe.Series) {
		t.Helper()
		e.server.Close()
		return now()
	}
}

// meteredAnywhere is where a handler reports to, and reads how it stands.
func meteredAnywhere(t *testing.T) (telemetry *observe.Telemetry, read func() (string, observe.Series)) {
	t.Helper()
	telemetry, err := observe.NewTelemetry(observe.TelemetryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { telemetry.Close(context.WithoutCancel(t.Context())) })
	return telemetry, func() (string, observe.Series) {
		t.Helper()
		rec := httptest.NewRecorder()
		telemetry.Prometheus().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		text := rec.Body.String()
		all, err := observe.ReadMetrics(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return text, all
	}
}

// Operations are counted by name only where they are trusted documents: whoever makes up names, kinds of failure and documents
// makes no series.
func TestOperationsAreMeasured(t *testing.T) {
	const page = `query Page { products(first: 1) { edges { node { name } } } }`
	telemetry, read := metered(t)
	e := newEndpoint(t, func(c *graph.Config) {
		c.Meters = telemetry.Meters()
		sum := sha256.Sum256([]byte(page))
		c.Persisted = graph.Persisted{Manifests: []graph.Manifest{{Name: "m", Content: []byte(fmt.Sprintf(`{%q: %q}`, hex.EncodeToString(sum[:]), page))}}}
	})
	e.ask(t, page, nil)
	const n = 50
	for i := range n {
		e.ask(t, fmt.Sprintf(`query Made%d { products(first: 1) { edges { node { name } } } }`, i), nil)
		e.ask(t, fmt.Sprintf(`query Made%d { none%d }`, i, i), nil)
	}
	e.ask(t, `{ `+strings.Repeat(`a{`, 30)+`b`+strings.Repeat(`}`, 30)+` }`, nil)
	e.ask(t, `query Page { products(first: 99999) { edges { node { name } } } }`, nil)
	e.send(t, "GET", "?query=mutation{cancelOrder(input:{orderId:%22o%22}){order{id}}}", "", http.Header{})
	e.send(t, "PUT", "", "", nil)
	if _, err := e.faults.Add(fault.Rule{Target: "catalog", Status: 500}); err != nil {
		t.Fatal(err)
	}
	e.ask(t, page, nil)
	e.ask(t, `{ viewer { authenticated } products(first: 1) { edges { node { name } } } }`, nil)

	text, all := read(e)
	for series, want := range map[string]float64{
		`vestibule_graphql_operation_duration_seconds_count{operation="Page",outcome="ok",type="query"}`:          1,
		`vestibule_graphql_operation_duration_seconds_count{operation="Page",outcome="partial",type="query"}`:     1,
		`vestibule_graphql_operation_duration_seconds_count{operation="other",outcome="ok",type="query"}`:         n,
		`vestibule_graphql_operation_duration_seconds_count{operation="other",outcome="refused",type="other"}`:    n + 2,
		`vestibule_graphql_operation_duration_seconds_count{operation="other",outcome="refused",type="mutation"}`: 1,
		`vestibule_graphql_refusals_total{code="GRAPHQL_VALIDATION_FAILED"}`:                                      n,
		`vestibule_graphql_refusals_total{code="OPERATION_NOT_ALLOWED"}`:                                          2,
		`vestibule_graphql_refusals_total{code="QUERY_TOO_COMPLEX"}`:                                              2,
		`vestibule_graphql_limits_exceeded_total{limit="depth",refused="true"}`:                                   1,
		`vestibule_graphql_field_errors_total{api="catalog",code="UPSTREAM_UNAVAILABLE",fallback="false"}`:        2,
	} {
		if all[series] != want {
			t.Errorf("%s = %v, want %v", series, all[series], want)
		}
	}
	if strings.Contains(text, "Made") || strings.Contains(text, "none1") {
		t.Error("names that were made up are in the metrics")
	}
	if t.Failed() {
		t.Log(text)
	}
}

// A subscription is counted while it runs; its beginning and each of its events are operations, none of which lasts as long.
func TestSubscriptionsAreMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		telemetry, read := meteredAnywhere(t)
		var calls atomic.Int64
		h := newStreams(t, ticking(&calls), func(c *graph.Config) { c.Meters = telemetry.Meters() })
		cancel, ended := watch(t, h, &reader{}, noteOfOrder)
		<-time.After(time.Minute)
		if _, all := read(); all["vestibule_graphql_streams"] != 1 {
			t.Errorf("%v subscriptions are under way, want 1", all["vestibule_graphql_streams"])
		}
		cancel()
		<-ended
		_, all := read()
		const of = `{operation="other",outcome="ok",type="subscription"}`
		n, sum := all["vestibule_graphql_operation_duration_seconds_count"+of], all["vestibule_graphql_operation_duration_seconds_sum"+of]
		if all["vestibule_graphql_streams"] != 0 || n < 3 || sum > 1 {
			t.Errorf("after it %v are under way, and %v operations took %v s", all["vestibule_graphql_streams"], n, sum)
		}
	})
}
