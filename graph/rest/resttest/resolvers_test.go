package resttest

import "testing"

const lamp = `{"id": 9007199254740993, "name": "Lamp", "state": "sold-out", "price": 12.50, "nickname": null, "created": 86400, "updated_at": "2026-01-02T03:04:05Z",
	"stats": {"views": 3}, "sizes": [1, null], "maker_ref": "m", "maker_id": 1, "second_maker_id": 2, "part_ids": [5, 6, 5], "box": "b/1"}`

// Every form of the answer's JSON is what the schema calls it: other names, other places, other types.
func TestAnswersAreRead(t *testing.T) {
	w := newWorld(t, map[string]string{"GET /items/9007199254740993": lamp, "GET /items/2": `{"id": 2, "name": "Chair", "price": 3, "created": 0, "sizes": [], "maker_id": 1, "part_ids": []}`})
	const fields = `{id name state price nickname created updatedAt views stars sizes secret}`
	data, errs, _ := w.ask(`{a: item(id: "9007199254740993")`+fields+` b: item(id: "2")`+fields+`}`, nil)
	same(t, "data", data, `{"a": {"id": "9007199254740993", "name": "Lamp", "state": "SOLD_OUT", "price": "12.50", "nickname": null, "created": "1970-01-02T00:00:00Z",
		"updatedAt": "2026-01-02T03:04:05Z", "views": 3, "stars": null, "sizes": [1, null], "secret": "m"},
		"b": {"id": "2", "name": "Chair", "state": null, "price": "3", "nickname": null, "created": "1970-01-01T00:00:00Z", "updatedAt": null, "views": null, "stars": null, "sizes": [], "secret": null}}`)
	same(t, "errors", errs, []string(nil))
}

// What an API gives that the schema has no name for, or in another form than its document says, is an error where it stands.
func TestAnswersThatAreNotAsDescribed(t *testing.T) {
	w := newWorld(t, map[string]string{
		"GET /items/1": `{"id": 1, "name": "Lamp", "state": "on_loan", "price": 3, "created": 0, "sizes": [], "maker_id": 1, "part_ids": []}`,
		"GET /items/2": `{"id": 2, "name": "Lamp", "price": "12.50", "created": 0, "sizes": [], "maker_id": 1, "part_ids": []}`,
	})
	data, errs, _ := w.ask(`{a: item(id: "1"){name state price} b: item(id: "2"){name}}`, nil)
	same(t, "data", data, `{"a": {"name": "Lamp", "state": null, "price": "3"}, "b": null}`)
	same(t, "errors", errs, []string{"a.state: plan: a value that the enum does not have", "b: UPSTREAM_INVALID"})
}

// Arguments are sent where the template has them; null is not sent, and nothing leaves its segment.
func TestArgumentsAreSent(t *testing.T) {
	w := newWorld(t, map[string]string{})
	for query, call := range map[string]string{
		`{items{id}}`: "GET /items?sort=name",
		`{items(filter: {state: ON_SALE, words: {q: "a&b=c"}}, tags: ["x", "y"], limit: 0, cheap: false, below: 0.5, since: "2026-01-02T03:04:05.006Z"){id}}`: "GET /items?below=0.5&cheap=false&limit=0&q=a&b=c&since=2026-01-02T03:04:05.006Z&sort=name&state=on_sale&tag=x&tag=y",
		`{items(filter: {state: null, words: null}, tags: null){id}}`:                                                                                         "GET /items?sort=name",
		`{items(filter: {words: {q: ""}}){id}}`:                                                                                                               "GET /items?q=&sort=name",
		`{compare(base: "a/../b?c", head: -7)}`:                                                                                                               "GET /compare/a%2F..%2Fb%3Fc...-7",
	} {
		_, _, calls := w.ask(query, nil)
		same(t, query, calls, []string{call})
	}
	_, errs, calls := w.ask(`{item(id: ""){id}}`, nil)
	same(t, "an empty segment's error", errs, []string{"item: BAD_USER_INPUT"})
	same(t, "an empty segment's calls", calls, []string(nil))
}

// 404, null, and an answer without content is null where that is an answer, and an error where it is not.
func TestMissing(t *testing.T) {
	w := newWorld(t, map[string]string{"GET /items/503": "503", "GET /items/204": "204", "GET /items/0": "null", "GET /maybe": "204", "GET /items?sort=name": `{"page": {}}`, "GET /items": `{"page": {"data": [], "total": 0}}`})
	data, errs, _ := w.ask(`{item(id: "1"){id} mustItem(id: "1"){id} broken: item(id: "503"){id} empty: item(id: "204"){id} void: item(id: "0"){id} must: mustItem(id: "204"){id} maybe{id} items{id} total none: total(url: "x")}`, nil)
	same(t, "data", data, `{"item": null, "mustItem": null, "broken": null, "empty": null, "void": null, "must": null, "maybe": null, "items": null, "total": 0, "none": null}`)
	same(t, "errors", errs, []string{"broken: UPSTREAM_UNAVAILABLE", "must: UPSTREAM_INVALID", "mustItem: NOT_FOUND", "none: NOT_FOUND"})
	if len(w.hidden) > 0 {
		t.Errorf("%q was told of an API that says no", w.hidden)
	}
}

// Whatever wants an object by its key gets it from one call, however many want it and from wherever.
func TestKeysAreAskedForTogether(t *testing.T) {
	w := newWorld(t, map[string]string{
		"GET /items?sort=name": `{"page": {"data": [` + lamp + `,
			{"id": 2, "name": "Chair", "price": 3, "created": 0, "sizes": [], "maker_id": 3, "part_ids": [7]},
			{"id": 3, "name": "Table", "price": 4, "created": 0, "sizes": [], "maker_id": 1, "second_maker_id": 1, "part_ids": []}]}}`,
		"GET /related?of=2&of=3&of=9007199254740993": `{"data": [{"id": 8, "name": "X", "price": 1, "created": 0, "sizes": [], "maker_id": 1, "part_ids": [], "related_to": 3},
			{"id": 7, "name": "Y", "price": 1, "created": 0, "sizes": [], "maker_id": 2, "part_ids": [], "related_to": 3}]}`,
		"GET /stock?item=2&item=3&item=9007199254740993": `[{"item": {"id": 3}, "left": 4}]`,
		"GET /parts/5":     `{"part": {"id": 5, "name": "Five"}}`,
		"GET /parts/7":     "503",
		"GET /boxes/b%2F1": `{"id": "b/1", "weight": 2}`,
	})
	w.makers = map[string]string{"1": `{"id": "1", "name": "A", "home": "https://a.test"}`, "2": `{"id": "2", "name": "B"}, {"id": "4", "name": "not asked for"}`}
	w.held = "GET /related?of=2&of=3&of=9007199254740993"
	data, errs, calls := w.ask(`{items{maker{name home} second{name} related{id maker{name}} parts{name} gaps{name} stock{left} box{weight}}}`, nil)
	same(t, "data", data, `{"items": [
		{"maker": {"name": "A", "home": "https://a.test"}, "second": {"name": "B"}, "related": [], "parts": [{"name": "Five"}, {"name": "Five"}], "gaps": [{"name": "Five"}, null, {"name": "Five"}], "stock": null, "box": {"weight": 2}},
		{"maker": null, "second": null, "related": [], "parts": null, "gaps": null, "stock": null, "box": null},
		{"maker": {"name": "A", "home": "https://a.test"}, "second": {"name": "A"}, "related": [{"id": "8", "maker": {"name": "A"}}, {"id": "7", "maker": {"name": "B"}}], "parts": [], "gaps": [], "stock": {"left": 4}, "box": null}]}`)
	same(t, "errors", errs, []string{"items[1].gaps: UPSTREAM_UNAVAILABLE", "items[1].parts: UPSTREAM_UNAVAILABLE"})
	// Makers and second makers of the items are ready together; those of the related ones are under way by then.
	same(t, "calls", calls, []string{"GET /boxes/b%2F1", "GET /items?sort=name", "GET /makers?full=true&ids=1,2,3", "GET /parts/5", "GET /parts/6", "GET /parts/7",
		"GET /related?of=2&of=3&of=9007199254740993", "GET /stock?item=2&item=3&item=9007199254740993"})
}

// More keys than a call takes are several calls; a key that would be two is none.
func TestManyKeys(t *testing.T) {
	w := newWorld(t, map[string]string{
		"GET /items?sort=name": `{"page": {"data": [
			{"id": 1, "name": "", "price": 1, "created": 0, "sizes": [], "maker_id": 1, "second_maker_id": 2, "part_ids": []},
			{"id": 2, "name": "", "price": 1, "created": 0, "sizes": [], "maker_id": 3, "second_maker_id": 4, "part_ids": []},
			{"id": 3, "name": "", "price": 1, "created": 0, "sizes": [], "maker_id": 5, "second_maker_id": 5, "part_ids": []},
			{"id": 4, "name": "", "price": 1, "created": 0, "sizes": [], "maker_id": 5, "second_maker_id": 5, "part_ids": []}]}}`,
		"GET /related?of=1&of=2&of=3": `{}`, "GET /related?of=4": `{}`,
	})
	_, _, calls := w.ask(`{items{related{id}}}`, nil)
	same(t, "calls", calls, []string{"GET /items?sort=name", "GET /related?of=1&of=2&of=3", "GET /related?of=4"})
	_, errs, calls := w.ask(`{maker(id: "1,2"){id}}`, nil)
	same(t, "errors", errs, []string{"maker: BAD_USER_INPUT"})
	same(t, "calls", calls, []string(nil))
}

// Of an answer no more is decoded than its field is asked for: what is wrong elsewhere is not noticed, and what is asked for is.
func TestWhatNobodyAsksForIsNotDecoded(t *testing.T) {
	w := newWorld(t, map[string]string{
		"GET /items/1":         `{"id": "none", "name": "Lamp"}`,
		"GET /items?sort=name": `{"page": {"data": [{"id": "none", "name": "Lamp", "box": "b"}]}}`,
		"GET /boxes/b":         `{"id": 1, "weight": 2}`,
	})
	data, errs, _ := w.ask(`{item(id: "1"){name} mustItem(id: "1"){name} items{name box{weight}}}`, nil)
	same(t, "data", data, `{"item": {"name": "Lamp"}, "mustItem": {"name": "Lamp"}, "items": [{"name": "Lamp", "box": {"weight": 2}}]}`)
	same(t, "errors", errs, []string(nil))
	_, errs, _ = w.ask(`{item(id: "1"){id}}`, nil)
	same(t, "errors", errs, []string{"item: UPSTREAM_INVALID"})
	_, errs, _ = w.ask(`{items{name box{id}}}`, nil)
	same(t, "errors", errs, []string{"items[0].box: UPSTREAM_INVALID"})
}
