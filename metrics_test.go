package main

import (
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vestibule.example/demo/visitor"
	"vestibule.example/internal/observe"
)

func metricsText(t testing.TB, g *gateway) string {
	t.Helper()
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(g.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET /metrics = %d, %v", res.StatusCode, err)
	}
	return string(text)
}

func metricsOf(t testing.TB, g *gateway) observe.Series {
	t.Helper()
	all, err := observe.ReadMetrics(strings.NewReader(metricsText(t, g)))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// exposed is a metric as a gateway shows it: its type and the names of its labels.
type exposed struct{ kind, labels string }

var (
	typeLine  = regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`)
	seriesOf  = regexp.MustCompile(`(?m)^([a-z_]+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$`)
	labelName = regexp.MustCompile(`([a-z_]+)="(?:[^"\\]|\\.)*"`)
)

func exposedMetrics(text string) map[string]exposed {
	labels := map[string]map[string]bool{}
	for _, m := range seriesOf.FindAllStringSubmatch(text, -1) {
		if labels[m[1]] == nil {
			labels[m[1]] = map[string]bool{}
		}
		for _, l := range labelName.FindAllStringSubmatch(m[2], -1) {
			if l[1] != "le" {
				labels[m[1]][l[1]] = true
			}
		}
	}
	all := map[string]exposed{}
	for _, m := range typeLine.FindAllStringSubmatch(text, -1) {
		of := labels[m[1]]
		if m[2] != "histogram" { // A gauge's name may end as a histogram's series do.
			for name, more := range labels {
				if strings.HasPrefix(m[1], name+"_") && of == nil {
					of = more
				}
			}
		}
		all[m[1]] = exposed{m[2], strings.Join(slices.Sorted(maps.Keys(of)), " ")}
	}
	return all
}

// travelled is a gateway that has seen a sign-in, answers, a refresh, failures, refusals, and a sign-out.
func travelled(t *testing.T) *gateway {
	t.Helper()
	g := startGateway(t)
	v := signIn(t, g, "alice")
	ask(t, v, accountPage, nil)
	res := do(t, "PATCH", g.demo+"/control/provider/settings", http.Header{"Content-Type": {"application/json"}}, strings.NewReader(`{"accessTokenTTL":"2s"}`))
	if res.StatusCode >= 300 {
		t.Fatalf("shortening tokens: %d", res.StatusCode)
	}
	w := signIn(t, g, "bob")
	for refreshes(t, g) < 1 {
		ask(t, w, `{ me { id } }`, nil)
	}
	setFault(t, g, `{"target":"orders","status":503}`)
	ask(t, v, accountPage, nil)
	ask(t, v, `{ a { `+strings.Repeat("b { ", 20)+"c"+strings.Repeat(" }", 22), nil)
	openEvents(t, v)
	if _, err := w.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	return g
}

// openEvents opens the stream of a session's events, until the test ends.
func openEvents(t *testing.T, v *visitor.Visitor) {
	t.Helper()
	res, err := v.Fetch(t.Context(), "GET", "/auth/events", "", nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the events' stream: %v", err)
	}
	t.Cleanup(func() { res.Body.Close() })
}

// Whoever reads the documentation finds each metric with its type and labels, and no other.
func TestMetricsAreDocumented(t *testing.T) {
	g := travelled(t)
	page, err := os.ReadFile("docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]exposed{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([a-z]+) \\|([^|]*)\\|").FindAllStringSubmatch(string(page), -1) {
		labels := regexp.MustCompile("[a-z_]+").FindAllString(row[3], -1)
		slices.Sort(labels)
		told[row[1]] = exposed{row[2], strings.Join(labels, " ")}
	}
	shown := exposedMetrics(metricsText(t, g))
	for name, is := range shown {
		if told[name] != is {
			t.Errorf("%s is %+v and documented as %+v", name, is, told[name])
		}
	}
	for name := range told {
		if _, there := shown[name]; !there {
			t.Errorf("%s is documented, and not there", name)
		}
	}
	all := metricsOf(t, g)
	for series, least := range map[string]float64{
		`vestibule_auth_events_total{event="login"}`:    2,
		`vestibule_session_streams`:                     1,
		`vestibule_session_ends_total{reason="logout"}`: 1,
		`vestibule_graphql_field_errors_total{api="orders",code="UPSTREAM_UNAVAILABLE",fallback="false"}`: 1,
	} {
		if all[series] < least {
			t.Errorf("%s = %v, want %v at least", series, all[series], least)
		}
	}
}
