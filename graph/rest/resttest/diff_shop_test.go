package resttest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// shopWorld makes up what there is behind the two APIs, and what goes wrong there: always the same for the same call.
type shopWorld struct {
	seed uint64
	// faults and oddities are how many of a thousand calls fail, and of a thousand members are not what the document says.
	faults, oddities int
	// cached says that answers may be kept.
	cached bool
}

func newShopWorld(seed uint64) *shopWorld {
	return &shopWorld{seed: seed, faults: []int{0, 0, 60, 300}[seed%4], oddities: []int{0, 0, 4, 30}[seed/4%4], cached: seed/16%4 == 3}
}

// dice are a call's or a thing's own.
func (w *shopWorld) dice(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(w.seed, h.Sum64()))
}

// reply is what a call gets.
type reply struct {
	status int
	header map[string]string
	body   string
	end    string // how it ends otherwise: "hang", "reset" or "cut"; "open" does not end until the caller has gone
	wait   time.Duration
}

func (a reply) send(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(a.wait):
	case <-r.Context().Done():
		return
	}
	switch a.end {
	case "hang":
		<-r.Context().Done()
		return
	case "reset":
		panic(http.ErrAbortHandler)
	case "cut":
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)+10))
	}
	w.Header().Set("Content-Type", "application/json")
	for name, value := range a.header {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(a.status)
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		fmt.Fprint(w, a.body)
	}
	if a.end == "open" {
		w.(http.Flusher).Flush() //nolint:forcetypeassert // A server's.
		<-r.Context().Done()
	}
}

// faults are what may become of a call.
var faults = []reply{
	{status: 400, header: map[string]string{"Content-Type": "application/problem+json"}, body: `{"title": "no", "errors": [{"pointer": "/lines/0", "detail": "too many"}]}`},
	{status: 401}, {status: 403}, {status: 404}, {status: 409}, {status: 410},
	{status: 401, header: map[string]string{"WWW-Authenticate": `Bearer error="insufficient_user_authentication", acr_values="gold", max_age="5"`}},
	{status: 422, body: `{"errors": {"item": ["unknown"]}}`},
	{status: 429}, {status: 429, header: map[string]string{"Retry-After": "2"}},
	{status: 500}, {status: 501}, {status: 502}, {status: 503}, {status: 503, header: map[string]string{"Retry-After": "1"}}, {status: 504},
	{end: "hang"}, {end: "reset"}, {status: 200, end: "cut", body: `{"id":`},
	{status: 200, body: `{"id": 1, "page"`}, {status: 200, body: "garbage"}, {status: 200, body: `{"id": 1} {"id": 2}`},
	{status: 200, body: "[]"}, {status: 200, body: "{}"}, {status: 200, body: `"text"`}, {status: 200, body: "7"}, {status: 200, body: "null"},
	{status: 200, body: `[[]]`}, {status: 200, body: `[null]`}, {status: 200, body: `{"data": null}`}, {status: 200, body: `{"data": [null]}`}, {status: 200, body: `{"page": null}`},
	{status: 200, body: `{"page": {"data": {}}}`}, {status: 200, body: `{"id": "x", "id": "y"}`}, {status: 200, body: `{"id": "\xff"}`},
	{status: 200}, {status: 204}, {status: 206, body: "{}"}, {status: 302, header: map[string]string{"Location": "/elsewhere"}},
	{status: 200, header: map[string]string{"Content-Type": "text/html"}, body: "<p>"}, {status: 200, body: strings.Repeat("[", 100) + strings.Repeat("]", 100)},
}

// answer is what the call with the body gets, before which the same path was asked for so often. What takes many keys fails for all of them or for none, so that it does not matter which go together.
func (w *shopWorld) answer(r *http.Request, body []byte, before int) reply {
	call := r.Method + r.URL.Path
	if isLive(r.URL.Path) {
		call = fmt.Sprintf("%s the %dth", call, before)
	}
	if _, many := batches[r.URL.Path]; !many {
		call += "?" + r.URL.Query().Encode()
	}
	rate := w.faults
	if r.URL.Path == "/perhaps" || r.URL.Path == "/maybe" {
		rate *= 3 // What fails is what fallbacks are about.
	}
	if dice := w.dice("fault of " + call); dice.IntN(1000) < rate {
		return faults[dice.IntN(len(faults))]
	}
	var a reply
	switch {
	case isLive(r.URL.Path):
		a = w.live(r, before)
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/search"):
		a = w.search(r, body)
	default:
		a = w.well(r, w.dice(call))
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if w.cached && strings.HasPrefix(r.URL.Path, "/kept/") && w.dice("time of "+call).IntN(2) == 0 {
		a.header = map[string]string{"Cache-Control": "max-age=10"}
	} else if w.cached && r.Method == http.MethodGet && a.status == http.StatusOK {
		a.header = map[string]string{"Cache-Control": "max-age=60", "Link": a.header["Link"]}
	}
	return a
}

// well is the answer of an API that is well.
func (w *shopWorld) well(r *http.Request, dice *rand.Rand) reply {
	query := r.URL.Query()
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	switch segments[0] {
	case "items":
		switch {
		case r.Method == http.MethodPut:
			return []reply{{body: w.object("replaced "+segments[1], "id", "7")}, {status: 404}}[dice.IntN(2)]
		case r.Method == http.MethodDelete:
			return []reply{{status: 204}, {status: 200, body: "{}"}, {status: 404}}[dice.IntN(3)]
		case len(segments) == 2:
			return w.item(segments[1])
		}
		var items []string
		for i := range dice.IntN(6) {
			id := 1 + dice.IntN(6)
			if w.cached {
				id = i + 1
			}
			items = append(items, w.item(strconv.Itoa(id)).body)
		}
		return reply{body: w.object("items "+query.Encode(), `page`, w.object("page "+query.Encode(), "data", list(items), "total?", strconv.Itoa(dice.IntN(50))))}
	case "related":
		return w.related(query["of"])
	case "makers":
		return w.makers(strings.Split(query.Get("ids"), ","))
	case "stock":
		var found []string
		for _, id := range query["item"] {
			if d := w.dice("stock " + id); d.IntN(4) > 0 {
				found = append(found, w.object("stock "+id, "item?", w.object("stock's "+id, "id", id), "left", strconv.Itoa(d.IntN(9))))
			}
		}
		return reply{body: list(found)}
	case "parts":
		if dice.IntN(5) == 0 {
			return reply{status: http.StatusNotFound}
		}
		return reply{body: w.object("parts "+segments[1], "part?", w.object("part "+segments[1], "id", segments[1], "name", quoted("Part "+segments[1])))}
	case "boxes":
		if r.Method == http.MethodPatch {
			return []reply{{status: 204}, {status: 200, body: "{}"}, {status: 404}}[dice.IntN(3)]
		}
		if dice.IntN(4) == 0 {
			return reply{status: http.StatusNotFound}
		}
		return reply{body: w.object("box "+segments[1], "id", quoted(segments[1]), "weight", strconv.FormatFloat(dice.Float64()*9, 'g', -1, 64))}
	case "compare":
		return reply{body: w.object("compare "+segments[1], "verdict?", quoted("as "+segments[1]))}
	case "perhaps":
		return reply{body: w.object("perhaps", "data?", list([]string{`{"id": 1}`, `{"id": 2}`}[:dice.IntN(3)]))}
	case "slow":
		return reply{wait: time.Duration(dice.IntN(2)*3) * time.Second, body: w.object("slow "+segments[1], "id", strconv.Itoa(dice.IntN(99)))}
	case "maybe", "surely", "kept", "orders", "form":
		return reply{status: 200 + dice.IntN(2), body: w.object(segments[0], "id", strconv.Itoa(dice.IntN(99)))}
	}
	return w.page(r, dice)
}

// item is one of the items: its members may be missing where the document allows it.
func (w *shopWorld) item(id string) reply {
	number, err := strconv.ParseInt(id, 10, 64)
	dice := w.dice("item " + id)
	if err != nil || dice.IntN(8) == 0 && !w.cached {
		return reply{status: http.StatusNotFound, body: "{}"}
	}
	some := func(values ...string) string { return values[dice.IntN(len(values))] }
	var parts, sizes []string
	for range dice.IntN(4) {
		parts = append(parts, some("5", "6", "7", "8"))
		sizes = append(sizes, some("1", "null", "-3", "9007199254740991"))
	}
	return reply{body: w.object("item "+id, "id", strconv.FormatInt(number, 10), "name", some(`"Lamp"`, `""`, `"Ünï\u2603\n\"\\"`), "state?", some(`"on_sale"`, `"sold-out"`, `"x"`),
		"price", some("12.50", "3", "0", "-1e400", "123456789012345678901234567890.10"), "nickname??", `"Nick"`, "created", some("0", "86400", "-5", "253402300799"),
		"updated_at?", some(`"2026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05.123456789+02:00"`), "stats?", w.object("stats "+id, "views", some("0", "3"), "stars?", some("0", "4.5", "1e-7", "1e21")),
		"sizes", list(sizes), "maker_ref?", `"secret"`, "maker_id", some("1", "2", "3", "4", "5", "6", "7", "8", "9"), "second_maker_id??", some("1", "2", "3", "10"),
		"part_ids", list(parts), "box?", quoted(some("b/", "..", "", "box-")+id), "related_to?", some("1", "2", "3"), "unknown?", `{"a": [1]}`)}
}

func (w *shopWorld) related(ids []string) reply {
	var found []string
	for _, id := range ids {
		number, _ := strconv.ParseInt(id, 10, 64)
		dice := w.dice("related " + id)
		for range dice.IntN(3) {
			body := w.item(strconv.FormatInt(number%1000*10+int64(dice.IntN(10)), 10)).body
			if members, ok := strings.CutPrefix(body, `{"id"`); ok { // Not one that does not exist.
				members = strings.Split(members, `, "related_to"`)[0]
				found = append(found, `{"id"`+strings.TrimSuffix(members, "}")+`, "related_to": `+id+"}")
			}
		}
		if dice.IntN(4) == 0 {
			found = append(found, `{"id": 1, "name": "nobody's", "price": 1, "created": 1, "sizes": [], "maker_id": 1, "part_ids": []}`)
		}
	}
	return reply{body: w.object("related", "data?", list(found))}
}

func (w *shopWorld) makers(ids []string) reply {
	var found []string
	for _, id := range ids {
		dice := w.dice("maker " + id)
		if dice.IntN(4) == 0 {
			continue
		}
		found = append(found, w.object("maker "+id, "id", quoted(id), "name", quoted("Maker "+id), "home?", `"https://maker.test/`+id+`"`))
		if dice.IntN(5) == 0 {
			found = append(found, `{"id": "`+id+`", "name": "again"}`, `{"id": "77", "name": "not asked for"}`)
		}
	}
	return reply{body: list(found)}
}
