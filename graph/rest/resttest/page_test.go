package resttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vestibule.example/graph/rest"
)

// entries is how many there are to page through; their ids are 1 and on.
const entries = 7

type apiPage struct{ body, link string }

// pageOf answers as APIs page, each in its own way.
func pageOf(r *http.Request) (apiPage, bool) {
	q := r.URL.Query()
	number := func(name string) int {
		n, _ := strconv.Atoi(q.Get(name))
		return n
	}
	limit, from := number("limit"), 0
	switch r.URL.Path {
	case "/cursor":
		from, _ = strconv.Atoi(strings.TrimPrefix(q.Get("from"), "at-"))
	case "/key":
		from = number("starting_after")
	case "/link":
		from = number("after")
	case "/number":
		limit = number("per_page")
		from = (number("page") - 1) * limit
	case "/offset":
		from = number("skip")
	default:
		return apiPage{}, false
	}
	to := min(from+limit, entries)
	var ids []string
	for id := from + 1; id <= to; id++ {
		ids = append(ids, fmt.Sprintf(`{"id": %d}`, id))
	}
	page := apiPage{body: "[" + strings.Join(ids, ",") + "]"}
	if to < entries {
		page.link = fmt.Sprintf(`<https://elsewhere.test/a,b?after=%d&page=2>; title="x"; rel=next, <https://elsewhere.test/?after=0>; rel="first"`, to)
	}
	switch r.URL.Path {
	case "/cursor":
		next := "null"
		if to < entries {
			next = fmt.Sprintf(`"at-%d"`, to)
		}
		page.body = fmt.Sprintf(`{"page": {"data": %s, "next": %s, "total": %d}}`, page.body, next, entries)
	case "/key":
		page.body = fmt.Sprintf(`{"data": %s, "has_more": %t}`, page.body, to < entries)
	case "/offset":
		page.body = fmt.Sprintf(`{"data": %s}`, page.body)
	}
	return page, true
}

type connection struct {
	TotalCount *int
	PageInfo   struct {
		HasNextPage, HasPreviousPage bool
		StartCursor, EndCursor       *string
	}
	Edges []struct {
		Cursor string
		Node   struct{ ID string }
	}
}

// Whoever goes on behind any edge, with any size, gets what is behind it, each once, whatever the API's way of paging.
func TestPages(t *testing.T) {
	for _, field := range []string{"byCursor", "byKey", "byNumber", "byOffset", "byLink"} {
		w := newWorld(t, nil)
		r := w.resolver()
		read := func(first int, after string) connection {
			data, errs, _ := w.askOf(r, `query($n: Int!, $after: String){c: `+field+`(first: $n, after: $after){totalCount pageInfo{hasNextPage hasPreviousPage startCursor endCursor} edges{cursor node{id}}}}`,
				map[string]any{"n": first, "after": optionalText(after)})
			var got struct{ C connection }
			if err := json.Unmarshal([]byte(data), &got); err != nil || len(errs) > 0 {
				t.Fatalf("%s(first: %d): %s %v %v", field, first, data, errs, err)
			}
			return got.C
		}
		all := read(3, "")
		for i := range all.Edges {
			for size := 1; size <= 3; size++ {
				want := i + 2
				for after := all.Edges[i].Cursor; after != ""; {
					c := read(size, after)
					for _, edge := range c.Edges {
						if edge.Node.ID != strconv.Itoa(want) {
							t.Fatalf("%s: behind edge %d in pages of %d comes %s, want %d", field, i+1, size, edge.Node.ID, want)
						}
						want++
					}
					if !c.PageInfo.HasPreviousPage || len(c.Edges) > 0 && (*c.PageInfo.StartCursor != c.Edges[0].Cursor || *c.PageInfo.EndCursor != c.Edges[len(c.Edges)-1].Cursor) {
						t.Errorf("%s: page info is %+v of %+v", field, c.PageInfo, c.Edges)
					}
					after = ""
					if c.PageInfo.HasNextPage {
						after = *c.PageInfo.EndCursor
					}
				}
				if want != entries+1 {
					t.Errorf("%s: behind edge %d in pages of %d the last is %d, want %d", field, i+1, size, want-1, entries)
				}
			}
		}
		if field == "byCursor" && (all.TotalCount == nil || *all.TotalCount != entries) {
			t.Errorf("totalCount is %v, want %d", all.TotalCount, entries)
		}
	}
}

func optionalText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// A cursor is taken from the field that gave it, as it was given, and no page is larger than allowed: nothing else reaches an API.
func TestBadPagesReachNoAPI(t *testing.T) {
	w := newWorld(t, nil)
	r := w.resolver()
	data, _, _ := w.askOf(r, `{byOffset{edges{cursor}}}`, nil)
	var got struct{ ByOffset connection }
	if err := json.Unmarshal([]byte(data), &got); err != nil {
		t.Fatal(err)
	}
	good := got.ByOffset.Edges[0].Cursor
	other := strings.Map(func(c rune) rune {
		if c == rune(good[0]) {
			return 'A' + (c+1)%26
		}
		return c
	}, good)
	foreign, err := rest.NewCursors([][]byte{make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	for query, fault := range map[string]string{
		`{byKey(after: "` + good + `"){edges{cursor}}}`:                                   "another field's cursor",
		`{byOffset(after: "` + other + `"){edges{cursor}}}`:                               "a changed cursor",
		`{byOffset(after: "` + foreign.Seal("Query.byOffset", "1") + `"){edges{cursor}}}`: "a cursor signed with another key",
		`{byOffset(after: ""){edges{cursor}}}`:                                            "an empty cursor",
		`{byOffset(first: 0){edges{cursor}}}`:                                             "an empty page",
		`{byOffset(first: 11){edges{cursor}}}`:                                            "a large page",
		`{byCursor(first: 4){edges{cursor}}}`:                                             "a page of more than half of what the API gives",
	} {
		_, errs, calls := w.askOf(r, query, nil)
		if len(errs) != 1 || !strings.Contains(errs[0], "want ") || len(calls) > 0 {
			t.Errorf("%s: %v after %v, want a refusal and no call", fault, errs, calls)
		}
	}
}

// Keys rotate: what an older one signed is taken, and the first signs.
func TestCursorKeysRotate(t *testing.T) {
	a, b := slices.Repeat([]byte{1}, 32), slices.Repeat([]byte{2}, 32)
	old, err := rest.NewCursors([][]byte{a})
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := rest.NewCursors([][]byte{b, a})
	if err != nil {
		t.Fatal(err)
	}
	if place, err := rotated.Open("f", old.Seal("f", "7")); place != "7" || err != nil {
		t.Errorf("the old key's cursor = %q, %v", place, err)
	}
	if _, err := old.Open("f", rotated.Seal("f", "7")); err == nil {
		t.Error("the new key's cursor was signed with the old one")
	}
	if _, err := rest.NewCursors([][]byte{a[:31]}); err == nil {
		t.Error("a short key was taken")
	}
}
