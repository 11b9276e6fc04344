package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sources is the text of all Go files of some directories that are no tests.
func sources(t *testing.T, patterns ...string) string {
	t.Helper()
	var all strings.Builder
	for _, file := range tracked(t, patterns...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		all.WriteString(read(t, file))
	}
	return all.String()
}

// Operators find each event of the audit trail in docs/observability.md, and no other.
func TestAuditEventsAreDocumented(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "docs/observability.md"), "### The audit trail")
	table, _, _ = strings.Cut(table, "\n## ")
	var told []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z_`, ]+`) \\|").FindAllStringSubmatch(table, -1) {
		for _, name := range regexp.MustCompile("[a-z_]+").FindAllString(row[1], -1) {
			if name != "event" { // The table's own head.
				told = append(told, name)
			}
		}
	}
	auth := sources(t, "auth/*.go")
	var written []string
	for _, m := range regexp.MustCompile(`\.audit\([^"\n]*, "([a-z_]+)"`).FindAllStringSubmatch(auth, -1) {
		written = append(written, m[1])
	}
	_, kinds, _ := strings.Cut(auth, "func tokenEvent(")
	kinds, _, _ = strings.Cut(kinds, "\n}")
	for _, m := range regexp.MustCompile(`return "([a-z_]+)"`).FindAllStringSubmatch(kinds, -1) {
		written = append(written, m[1], m[1]+"_failed")
	}
	slices.Sort(told)
	slices.Sort(written)
	if written = slices.Compact(written); !slices.Equal(told, written) || len(written) < 15 {
		t.Errorf("docs/observability.md has the events %q, the gateway writes %q", told, written)
	}
}

// Whoever searches the log by a key of docs/observability.md finds records.
func TestKeysOfRecordsExist(t *testing.T) {
	_, logs, _ := strings.Cut(read(t, "docs/observability.md"), "## Logs")
	logs, _, _ = strings.Cut(logs, "\n## ")
	seen := 0
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)`.*\\|([^|]+)\\|$").FindAllStringSubmatch(logs, -1) {
		code := sources(t, "auth/*.go")
		if row[1] == "request" {
			code = sources(t, "internal/observe/*.go")
		}
		for _, key := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[2], -1) {
			if seen++; !strings.Contains(code, `"`+key[1]+`"`) {
				t.Errorf("docs/observability.md gives %s the key %s, which nobody writes", row[1], key[1])
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d keys were found", seen)
	}
}

// An alert asks for values that a gateway gives, and its texts name settings and records that exist.
func TestAlertsNameWhatExists(t *testing.T) {
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "docs/observability/alerts.yml")), &rules); err != nil {
		t.Fatal(err)
	}
	code, settings, page := sources(t, "*.go"), configurationDoc(), read(t, "docs/observability.md")
	values, words := 0, 0
	for _, r := range rules.Groups[0].Rules {
		for _, m := range regexp.MustCompile(`[a-z_]+=~?"([^"]*)"`).FindAllStringSubmatch(r.Expr, -1) {
			for value := range strings.SplitSeq(m[1], "|") {
				if values++; value != "5.." && value != "true" && !strings.Contains(code, `"`+value+`"`) {
					t.Errorf("%s asks for the value %q, which nothing gives", r.Alert, value)
				}
			}
		}
		said := regexp.MustCompile(`\{\{ \$labels\.api \}\}`).ReplaceAllString(r.Annotations["description"], "NAME")
		for _, name := range regexp.MustCompile(`\b(?:server|identity|session|graphql|observe|spa|apis)\.[A-Za-z_.]*[a-z]`).FindAllString(said, -1) {
			if words++; !strings.Contains(settings, "`"+name+"`") && !strings.Contains(settings, "`"+name+".") {
				t.Errorf("%s names the setting %s, which is not there", r.Alert, name)
			}
		}
		for _, m := range regexp.MustCompile(`“([^”]*)”`).FindAllStringSubmatch(said, -1) {
			if words++; !strings.Contains(code, `"`+m[1]+`"`) {
				t.Errorf("%s names the record %q, which nobody writes", r.Alert, m[1])
			}
		}
		for _, name := range regexp.MustCompile(`\b(?:vestibule|go|http)_[a-z_]+`).FindAllString(said, -1) {
			if words++; !strings.Contains(page, "`"+strings.TrimSuffix(name, "_count")+"`") {
				t.Errorf("%s names the metric %s, which is not there", r.Alert, name)
			}
		}
	}
	if values < 8 || words < 12 {
		t.Errorf("only %d values and %d names were found", values, words)
	}
}
