package resttest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
)

func list(elements []string) string { return "[" + strings.Join(elements, ", ") + "]" }

func quoted(text string) string { return `"` + text + `"` }

// odd is what may stand where something else should.
var odd = []string{"null", `"text"`, `""`, "1.5", "-1", "true", "[]", "{}", `[null]`, "1e30", `"12"`, `{"id": null}`}

// object writes members, names and values in turn. One whose name ends with ? may be missing, with ?? be null too; any may be odd.
func (w *shopWorld) object(name string, namesAndValues ...string) string {
	dice := w.dice("object " + name)
	var members []string
	for i := 0; i < len(namesAndValues); i += 2 {
		member, value := namesAndValues[i], namesAndValues[i+1]
		plain := strings.TrimRight(member, "?")
		switch n := dice.IntN(10); {
		case dice.IntN(1000) < w.oddities && plain != "id" && dice.IntN(4) == 0:
			continue // A required member may be missing too.
		case dice.IntN(1000) < w.oddities:
			value = odd[dice.IntN(len(odd))]
		case member != plain && n < 3:
			continue
		case strings.HasSuffix(member, "??") && n < 6:
			value = "null"
		}
		members = append(members, quoted(plain)+": "+value)
	}
	return "{" + strings.Join(members, ", ") + "}"
}

// page is a page of entries, in each of the ways to page: mostly honest, or with more or fewer than was asked for, or with less said.
func (w *shopWorld) page(r *http.Request, dice *rand.Rand) reply {
	q := r.URL.Query()
	number := func(name string) int {
		n, _ := strconv.Atoi(q.Get(name))
		return n
	}
	size, from := number("limit"), 0
	switch r.URL.Path {
	case "/cursor":
		from, _ = strconv.Atoi(strings.TrimPrefix(q.Get("from"), "at-"))
	case "/key":
		from = number("starting_after")
	case "/link":
		from = number("after")
	case "/total":
		from = (number("page") - 1) * size
	case "/number":
		size = number("per_page")
		from = (number("page") - 1) * size
	case "/offset":
		from = number("skip")
	}
	all := w.dice("entries of "+r.URL.Path).IntN(10) + w.dice("none of "+r.URL.Path).IntN(2)
	if dice.IntN(6) == 0 {
		size += dice.IntN(4) - 1
	}
	to := min(max(from+size, from), all)
	var entries []string
	for id := from + 1; id <= to; id++ {
		entries = append(entries, w.object("entry "+strconv.Itoa(id), "id", strconv.Itoa(id)))
	}
	body, more := list(entries), to < all
	if dice.IntN(10) == 0 {
		more = !more
	}
	link := ""
	if more {
		link = fmt.Sprintf([]string{
			`<https://elsewhere.test/a,b?after=%d&page=2>; title="x"; rel=next, <https://elsewhere.test/?after=0>; rel="first"`,
			`<?after=0>; rel="prev", <?after=%d>;REL="next"`, `<?page=%d>; rel="next"`, `<?after=%d>; rel="nextish"`, `<?after=%d`,
		}[dice.IntN(5)*dice.IntN(2)], to)
	}
	switch r.URL.Path {
	case "/cursor":
		next := []string{"null", `""`}[dice.IntN(2)]
		if more {
			next = fmt.Sprintf(`"at-%d"`, to)
		}
		body = w.object(r.URL.RawQuery, "page", w.object("page of "+r.URL.RawQuery, "data", body, "next??", next, "total?", strconv.Itoa(all)))
	case "/key":
		body = w.object(r.URL.RawQuery, "data", body, "has_more?", strconv.FormatBool(more))
	case "/total":
		body = w.object(r.URL.RawQuery, "data", body, "total", strconv.Itoa(all+dice.IntN(6)/5))
	case "/offset":
		body = w.object(r.URL.RawQuery, "data?", body)
	}
	return reply{body: body, header: map[string]string{"Link": link}}
}
