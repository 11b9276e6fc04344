package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"vestibule.example/bench/rig"
	"vestibule.example/internal/observe"
)

// witness compares what gateways say of themselves before and after an event.
type witness struct {
	metrics map[*rig.Gateway]observe.Series
	logs    map[*rig.Gateway]int // how much of each was there before
}

// metricsOf reads a gateway's metrics; nothing if it is gone.
func metricsOf(ctx context.Context, g *rig.Gateway) observe.Series {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+g.Admin+"/metrics", nil)
	if err != nil {
		return nil
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	all, err := observe.ReadMetrics(res.Body)
	if err != nil {
		return nil
	}
	return all
}

func watch(ctx context.Context, gateways []*rig.Gateway) *witness {
	w := &witness{map[*rig.Gateway]observe.Series{}, map[*rig.Gateway]int{}}
	for _, g := range gateways {
		w.metrics[g] = metricsOf(ctx, g)
		text, _ := g.Log() // There is none, then.
		w.logs[g] = len(text)
	}
	return w
}

// grown are the counters that grew by an event, over all gateways; those that a killed one took with it are not among them.
func (w *witness) grown(ctx context.Context, gateways []*rig.Gateway) observe.Series {
	sum := observe.Series{}
	for _, g := range gateways {
		before := w.metrics[g]
		for series, v := range metricsOf(ctx, g) {
			name, _, _ := strings.Cut(series, "{")
			if strings.HasSuffix(name, "_total") || strings.HasSuffix(name, "_count") {
				if d := v - before[series]; d > 0 {
					sum[series] += d
				}
			}
		}
	}
	return sum
}

// telling are the series that say what is wrong, of all that grew.
var telling = regexp.MustCompile(`^(http_server_request_duration_seconds_count\{.*"5..".*` +
	`|vestibule_graphql_field_errors_total.*|vestibule_api_(failures|retries|retries_unaffordable|held_back)_total.*` +
	`|vestibule_session_(starts|ends)_total.*|vestibule_store_call_duration_seconds_count\{.*outcome="error".*` +
	`|vestibule_token_request_duration_seconds_count\{.*|vestibule_auth_events_total\{event=".*(refused|failed|ended).*)$`)

func shownMetrics(grown observe.Series) string {
	var all []string
	for _, series := range slices.Sorted(maps.Keys(grown)) {
		if telling.MatchString(series) {
			all = append(all, fmt.Sprintf("%s +%.0f", strings.NewReplacer("_duration_seconds_count", "", `"`, "").Replace(series), grown[series]))
		}
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, "; ")
}

// logged counts the warnings, errors and audit events of the log since the witness was called, and gives one record of each kind.
func (w *witness) logged(gateways []*rig.Gateway) (count map[string]int, examples []string) {
	count = map[string]int{}
	note := func(what, line string) {
		if count[what]++; count[what] == 1 {
			examples = append(examples, strings.TrimSpace(line))
		}
	}
	for _, g := range gateways {
		text, err := g.Log()
		if err != nil {
			continue
		}
		from := min(w.logs[g], len(text))
		for line := range strings.Lines(text[from:]) {
			var record struct{ Level, Msg, Event, Code string }
			if json.Unmarshal([]byte(line), &record) != nil {
				note("(no record) "+strings.TrimSpace(line), line)
				continue
			}
			switch {
			case record.Msg == "audit":
				if strings.Contains(record.Event, "refused") || strings.Contains(record.Event, "failed") || strings.Contains(record.Event, "ended") {
					note("audit "+record.Event, line)
				}
			case record.Level != "INFO" && record.Level != "DEBUG":
				note(strings.TrimSpace(record.Level+" "+record.Msg+" "+record.Code), line)
			}
		}
	}
	return count, examples
}

func shownLog(count map[string]int) string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(count)) {
		all = append(all, fmt.Sprintf("%s ×%d", what, count[what]))
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, "; ")
}
