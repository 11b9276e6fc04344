//go:build !nodemo

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

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

// Whoever reads the documentation finds each metric with its type and labels, and no other; the dashboard and the alerts ask for
// nothing else.
func TestMetricsAreDocumented(t *testing.T) {
	g := travelled(t)
	page, err := os.ReadFile("docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]exposed{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\|([^|]*)\\|").FindAllStringSubmatch(string(page), -1) {
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
		if name == "vestibule_telemetry_failures_total" || name == "vestibule_certificate_end_time_seconds" {
			continue // This gateway has neither a collector nor a certificate.
		}
		if strings.HasPrefix(name, "vestibule_open_files") && runtime.GOOS != "linux" {
			continue
		}
		if _, there := shown[name]; !there {
			t.Errorf("%s is documented, and not there", name)
		}
	}
	t.Run("dashboard", func(t *testing.T) { checkDashboard(t, told) })
	t.Run("alerts", func(t *testing.T) { checkAlerts(t, told) })
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

// usedMetric is a metric that a query names, with the matchers behind it.
var usedMetric = regexp.MustCompile(`\b((?:vestibule|http_server|go)_[a-z_]+)(\{[^}]*\})?`)

// checkQuery tells what of a query no gateway has.
func checkQuery(t *testing.T, where, query string, there map[string]exposed) {
	t.Helper()
	known := map[string]bool{"le": true, "job": true, "instance": true}
	used := usedMetric.FindAllStringSubmatch(query, -1)
	if len(used) == 0 {
		t.Errorf("%s asks for nothing of a gateway's: %s", where, query)
	}
	for _, m := range used {
		is, ok := there[m[1]]
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if base, cut := strings.CutSuffix(m[1], part); cut && !ok && there[base].kind == "histogram" {
				is, ok = there[base], true
			}
		}
		if !ok || is.kind == "histogram" && there[m[1]] == is {
			t.Errorf("%s names %s, which no gateway has", where, m[1])
			continue
		}
		if is.kind == "counter" && !regexp.MustCompile(`(rate|increase)\(`+m[1]+`\b`).MatchString(query) {
			t.Errorf("%s takes %s, which only grows, as it is", where, m[1])
		}
		for label := range strings.FieldsSeq(is.labels) {
			known[label] = true
		}
		for _, matcher := range regexp.MustCompile(`([a-z_]+)\s*=`).FindAllStringSubmatch(m[2], -1) {
			if name := matcher[1]; name != "job" && name != "instance" && !slices.Contains(strings.Fields(is.labels), name) {
				t.Errorf("%s asks %s for its %s, and it has %q", where, m[1], name, is.labels)
			}
		}
	}
	for _, m := range regexp.MustCompile(`\b(?:by|on|group_left)\s*\(([^)]*)\)`).FindAllStringSubmatch(query, -1) {
		for _, label := range strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' }) {
			if !known[label] {
				t.Errorf("%s groups by %s, which nothing in it has", where, label)
			}
		}
	}
}

// checkLabels tells what labels a text of an alert or a panel names that its query has not left.
func checkLabels(t *testing.T, where, text, query string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}`).FindAllStringSubmatch(text, -1) {
		if strings.Contains(query, "by (") && !regexp.MustCompile(`(by|on|group_left) \([^)]*\b`+m[1]+`\b`).MatchString(query) {
			t.Errorf("%s says %s, which its query has not left: %s", where, m[1], query)
		}
	}
}

func checkDashboard(t *testing.T, there map[string]exposed) {
	text, err := os.ReadFile("docs/observability/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		UID        string
		Templating struct {
			List []struct{ Name, Definition string }
		}
		Panels []struct {
			ID          int
			Type, Title string
			GridPos     struct{ X, Y, W, H int }
			Targets     []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil || dashboard.UID == "" {
		t.Fatalf("the dashboard %q: %v", dashboard.UID, err)
	}
	ids, asked := map[int]bool{}, string(text)
	for _, p := range dashboard.Panels {
		if ids[p.ID] || p.GridPos.X+p.GridPos.W > 24 || (p.Type == "row") != (len(p.Targets) == 0) {
			t.Errorf("panel %d, %s, has another's number, does not fit, or shows nothing", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			checkQuery(t, "panel "+p.Title, target.Expr, there)
			checkLabels(t, "panel "+p.Title, target.LegendFormat, target.Expr)
		}
	}
	for _, v := range dashboard.Templating.List {
		if v.Definition != "" && there[usedMetric.FindStringSubmatch(v.Definition)[1]] == (exposed{}) {
			t.Errorf("variable %s asks for %s, which no gateway has", v.Name, v.Definition)
		}
	}
	for name := range there {
		if name != "go_processor_limit" && !strings.Contains(asked, name) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

func checkAlerts(t *testing.T, there map[string]exposed) {
	text, err := os.ReadFile("docs/observability/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&rules); err != nil || len(rules.Groups) != 1 || len(rules.Groups[0].Rules) < 10 {
		t.Fatalf("the rules %+v: %v", rules, err)
	}
	seen := map[string]bool{}
	for _, r := range rules.Groups[0].Rules {
		if seen[r.Alert] || r.Annotations["summary"] == "" || r.Annotations["description"] == "" || !slices.Contains([]string{"page", "ticket"}, r.Labels["severity"]) {
			t.Errorf("the alert %q is there twice, or does not say what it is", r.Alert)
		}
		seen[r.Alert] = true
		checkQuery(t, r.Alert, r.Expr, there)
		checkLabels(t, r.Alert, r.Annotations["summary"]+r.Annotations["description"], r.Expr)
	}
}
