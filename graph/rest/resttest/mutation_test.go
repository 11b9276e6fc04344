package resttest

import (
	"net/url"
	"strings"
	"testing"
)

// What a call sends is what its line says: renamed, nested, with constants; what is null is left out, and what is used elsewhere too.
func TestBodiesAreSent(t *testing.T) {
	w := newWorld(t, map[string]string{"POST /orders?dry=true": `{"id": 5}`, "POST /orders": `{"id": 6}`, "POST /form": `{"id": 7}`})
	data, errs, calls := w.ask(`mutation{order(kind: OWN, tenant: "t", input: {key: "k-1", dry: true, lines: [{item: "a"}, {item: "b", count: 2, words: {q: "x"}}], gifts: [null], remark: "hello", states: [SOLD_OUT], at: "2026-01-02T03:04:05Z"}){item{id}}}`, nil)
	same(t, "data", data, `{"order": {"item": {"id": "5"}}}`)
	same(t, "errors", errs, []string(nil))
	same(t, "calls", calls, []string{"POST /orders?dry=true"})
	const meta = `"meta":{"via":"gateway","count":3,"live":true}`
	data, _, _ = w.ask(`mutation{order(input: {key: "k-2", lines: [], remark: null, states: null}){item{id}}}`, nil)
	same(t, "data", data, `{"order": {"item": {"id": "6"}}}`)
	data, _, _ = w.ask(`mutation{form(line: {item: "a&b", count: 3, words: {q: "x"}}, notes: ["n", null, "m"], price: "1.50")}`, nil)
	same(t, "data", data, `{"form": 7}`)
	if len(w.bodies) != 3 {
		t.Fatalf("bodies are %q", w.bodies)
	}
	same(t, "the first body", strings.Split(w.bodies[0], "|"), []string{"application/json", "k-1", "t", "2",
		`{"lines":[{"item":"a","count":1},{"item":"b","count":2,"words":{"q":"x"}}],"gifts":[null],"extra":{"note":"hello"},"states":["sold-out"],"at":"2026-01-02T03:04:05Z","kind":"own-use",` + meta + `}`})
	same(t, "the second body", strings.Split(w.bodies[1], "|"), []string{"application/json", "k-2", "", "2", `{"lines":[],` + meta + `}`})
	kind, form, _ := strings.Cut(w.bodies[2], "||||")
	got, err := url.ParseQuery(form)
	if err != nil || kind != "application/x-www-form-urlencoded" {
		t.Fatalf("the form is %q", w.bodies[2])
	}
	same(t, "the form", got, url.Values{"line[item]": {"a&b"}, "line[count]": {"3"}, "line[words][q]": {"x"}, "notes[0]": {"n"}, "notes[2]": {"m"}, "price": {"1.50"}})
}

// A change succeeds, or it is an error; a header that cannot be sent is the client's fault and nothing is sent.
func TestChanges(t *testing.T) {
	w := newWorld(t, map[string]string{"DELETE /items/1": "204"})
	data, errs, _ := w.ask(`mutation{a: remove(id: "1") b: mustRemove(id: "1") c: remove(id: "2") order(tenant: "a\nb", input: {key: "k", lines: []}){item{id}}}`, nil)
	same(t, "data", data, `{"a": true, "b": true, "c": null, "order": null}`)
	same(t, "errors", errs, []string{"c: NOT_FOUND", "order: BAD_USER_INPUT"})
	if len(w.bodies) > 0 {
		t.Errorf("sent %q", w.bodies)
	}
}

// What a change makes stale is asked for anew.
func TestChangesInvalidate(t *testing.T) {
	w := newWorld(t, map[string]string{"POST /orders": `{"id": 6}`, "POST /form": "503"})
	w.makers = map[string]string{"1": `{"id": "1", "name": "A"}`}
	r := w.resolver()
	asked := func(query string) (makers int) {
		_, _, calls := w.askOf(r, query, nil)
		for _, call := range calls {
			if strings.HasPrefix(call, "GET /makers") {
				makers++
			}
		}
		return makers
	}
	const maker, order = `{maker(id: "1"){name}}`, `mutation{order(input: {key: "k", lines: []}){item{id}}}`
	got := []int{asked(maker), asked(maker), asked(order), asked(maker), asked(maker)}
	same(t, "how often the maker was asked for", got, []int{1, 0, 0, 1, 0})
	delete(w.answers, "POST /orders")
	got = []int{asked(order), asked(maker)}
	same(t, "how often the maker was asked for after a change that failed", got, []int{0, 0})
}

// An API out of order is no error where there is a fallback, and somebody hears of it; what the user must know still is one.
func TestFallbacks(t *testing.T) {
	w := newWorld(t, map[string]string{"GET /perhaps": "503", "GET /maybe": "503"})
	data, errs, _ := w.ask(`{perhaps{id} maybe{id}}`, nil)
	same(t, "data", data, `{"perhaps": [], "maybe": null}`)
	same(t, "errors", errs, []string(nil))
	if len(w.hidden) != 2 {
		t.Errorf("%q was told, want both failures", w.hidden)
	}
	w = newWorld(t, map[string]string{"GET /maybe": `{"id": 1}`})
	data, errs, _ = w.ask(`{perhaps{id} maybe{id}}`, nil)
	same(t, "data", data, `{"perhaps": null, "maybe": {"id": "1"}}`)
	same(t, "errors", errs, []string{"perhaps: NOT_FOUND"})
}
