package resttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// isLive tells what changes from call to call.
func isLive(path string) bool {
	return strings.HasPrefix(path, "/polled/") || path == "/notes" || strings.HasSuffix(path, "/events")
}

// live is what changes, asked for once more: it comes to an end some time, so that whoever has not seen enough does not wait for ever.
func (w *shopWorld) live(r *http.Request, before int) reply {
	dice := w.dice(fmt.Sprintf("%s the %dth", r.URL.Path, before))
	if polled, ok := strings.CutPrefix(r.URL.Path, "/polled/"); ok {
		if before%12 == 11 {
			return reply{status: http.StatusNotFound}
		}
		version := before * (1 + w.dice(r.URL.Path).IntN(2)) / 2
		tag := ""
		if dice.IntN(2) == 0 {
			tag = fmt.Sprintf(`"%s-%d"`, polled, version)
			if r.Header.Get("If-None-Match") == tag {
				return reply{status: http.StatusNotModified}
			}
		}
		return reply{header: map[string]string{"ETag": tag}, body: w.object("polled", "entry??", fmt.Sprintf(`{"id": %d}`, version))}
	}
	if before%5 == 4 {
		return reply{status: http.StatusNoContent}
	}
	var events []string
	for i := range dice.IntN(5) {
		id := strconv.Itoa(1 + dice.IntN(6))
		data := w.item(id).body
		if r.URL.Path == "/notes" {
			data = w.object("noted "+id, "note", `{"id": `+id+"}")
		}
		kind := []string{"event: moved\n", "event:message\n", "", "event: gone\n", "event: ping\n"}[dice.IntN(5)]
		if strings.Contains(kind, "ping") && r.URL.Path != "/notes" {
			data = "no JSON"
		}
		if dice.IntN(3) == 0 {
			kind = fmt.Sprintf(": a comment\nid: %d-%d\nretry: %d\n", before, i, 200+dice.IntN(2)*1000) + kind
		}
		events = append(events, kind+"data: "+strings.Replace(data, ", ", ",\ndata: ", 1)+"\n\n")
	}
	end := []string{"", "open"}[dice.IntN(2)]
	return reply{end: end, header: map[string]string{"Content-Type": "text/event-stream"}, body: strings.Join(events, "")}
}

// search is what is found of what the body asks for.
func (w *shopWorld) search(r *http.Request, body []byte) reply {
	var asked struct {
		Items  []string
		Deep   bool
		Filter struct{ IDs []json.Number }
		Limit  int
	}
	if err := json.Unmarshal(body, &asked); err != nil || asked.Deep == (asked.Limit == 10) {
		return reply{status: http.StatusUnprocessableEntity}
	}
	var found []string
	if r.URL.Path == "/search" {
		for _, id := range asked.Filter.IDs {
			if dice := w.dice("found " + id.String()); dice.IntN(4) > 0 {
				found = append(found, w.object("found "+id.String(), "id", id.String(), "name??", quoted("Found "+id.String())))
			}
		}
		return reply{wait: time.Duration(w.dice("wait of a search").IntN(5)/4*3) * time.Second, body: list(found)}
	}
	for _, id := range asked.Items {
		for i := range w.dice("tags " + id).IntN(3) {
			found = append(found, w.object(fmt.Sprintf("tag %d of %s", i, id), "label", quoted(fmt.Sprintf("Tag %d of %s", i, id)), "item?", w.object("tagged "+id, "id", id)))
		}
	}
	return reply{body: w.object("tags", "found?", list(found))}
}
