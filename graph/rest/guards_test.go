package rest_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/clients"
	"vestibule.example/graph/rest"
)

var errAPI = errors.New("the API fails")

// asked is a page of an API that counts how often it was asked, and fails the time that is named, from 1.
type asked struct{ times, fails int }

func (a *asked) part(size int) (rest.Part[int], error) {
	if a.times++; a.times == a.fails {
		return rest.Part[int]{}, errAPI
	}
	return rest.Part[int]{Items: make([]int, size)}, nil
}

// Each way of paging refuses sizes and places that are none before the API is asked, and fails as the API does.
func TestPagesThatAreNone(t *testing.T) {
	cursors, err := rest.NewCursors(nil)
	if err != nil {
		t.Fatal(err)
	}
	ways := map[string]func(rest.Pages, *asked) (*rest.Page[int], error){
		"cursor": func(p rest.Pages, a *asked) (*rest.Page[int], error) {
			return rest.ByCursor(p, func(_ string, size int) (rest.Part[int], error) { return a.part(size) })
		},
		"key": func(p rest.Pages, a *asked) (*rest.Page[int], error) {
			return rest.ByKey(p, func(*int) string { return "k" }, func(_ string, size int) (rest.Part[int], error) { return a.part(size) })
		},
		"offset": func(p rest.Pages, a *asked) (*rest.Page[int], error) {
			return rest.ByOffset(p, func(_, size int) (rest.Part[int], error) { return a.part(size) })
		},
		"number": func(p rest.Pages, a *asked) (*rest.Page[int], error) {
			return rest.ByNumber(p, func(_, size int) (rest.Part[int], error) { return a.part(size) })
		},
	}
	for _, c := range []struct {
		name, place string
		ways        []string
		first       int
		fails       int
		refused     bool
		times       int // that the API is asked
	}{
		{"the first page", "", []string{"cursor", "key", "offset", "number"}, 2, 0, false, 1},
		{"no size", "", []string{"cursor", "key", "offset", "number"}, 0, 0, true, 0},
		{"too large", "", []string{"cursor", "key", "offset", "number"}, 11, 0, true, 0},
		{"an API that fails", "", []string{"cursor", "key", "offset", "number"}, 2, 1, false, 1},
		{"a place in a page", "3\nat-1", []string{"cursor"}, 2, 0, false, 1},
		{"a place that is no number", "x\nat-1", []string{"cursor"}, 2, 0, true, 0},
		{"a place before the page", "-1\nat-1", []string{"cursor"}, 2, 0, true, 0},
		{"a place behind any page", "11\nat-1", []string{"cursor"}, 2, 0, true, 0},
		{"as far as it goes", "1000000", []string{"offset", "number"}, 2, 0, false, 1},
		{"farther", "1000001", []string{"offset", "number"}, 2, 0, true, 0},
		{"before the list", "-1", []string{"offset", "number"}, 2, 0, true, 0},
		{"no number", "x", []string{"offset", "number"}, 2, 0, true, 0},
		{"between two pages", "3", []string{"number"}, 2, 0, false, 2},
		{"between two pages, of which the second fails", "3", []string{"number"}, 2, 2, false, 2},
	} {
		for _, way := range c.ways {
			p, a := rest.Pages{Cursors: cursors, Field: "Query.x", First: c.first, Max: 10}, &asked{fails: c.fails}
			if c.place != "" {
				after := cursors.Seal(p.Field, c.place)
				p.After = &after
			}
			page, err := ways[way](p, a)
			var input *rest.InputError
			if errors.As(err, &input) != c.refused || errors.Is(err, errAPI) != (c.fails > 0) || (page == nil) != (err != nil) || a.times != c.times {
				t.Errorf("%s by %s: %v, asked %d times, want refused %v, asked %d times", c.name, way, err, a.times, c.refused, c.times)
			}
			if page != nil && len(page.Items) != c.first {
				t.Errorf("%s by %s: %d items, want %d", c.name, way, len(page.Items), c.first)
			}
		}
	}
}

// Of a Link header only what is said to be next is.
func TestNextIsWhatIsSaidToBe(t *testing.T) {
	for link, want := range map[string]string{
		`<https://x.test/1>; rel="prev"`: "", `<https://x.test/1>; rel=first, <https://x.test/2>; title="next"; REL = "Next"`: "https://x.test/2", "<https://x.test/1>": "",
		`<https://x.test/3>; title="one, two; or \"three"; rel="last next"`: "https://x.test/3", `<https://x.test/4>; rel="nextish prev"`: "",
		`<https://x.test/5>; title="a; rel=next, b"`: "", `<https://x.test/6>; rel=prev; rel=next`: "",
	} {
		got := ""
		if u := rest.Next(http.Header{"Link": {link}}); u != nil {
			got = u.String()
		}
		if got != want {
			t.Errorf("Next(%s) = %q, want %q", link, got, want)
		}
	}
}

// A parent whose thing failed gets its error and no other does; without a failure there is no error.
func TestFailuresAreTheParents(t *testing.T) {
	load := func(fails bool) *clients.Entities[string, int] {
		return clients.NewEntities(func(ctx context.Context, keys []string) (map[string]int, error) {
			return clients.Each(ctx, keys, func(_ context.Context, key string) (int, error) {
				n, err := strconv.Atoi(key)
				switch {
				case err == nil:
					return n, nil
				case fails:
					return 0, errAPI
				}
				return 0, &clients.Error{Code: clients.CodeNotFound}
			})
		})
	}
	parents := []string{"1", "x", "", "2"}
	known := func(p string) (string, bool) { return p, p != "" }
	self := func(p string) string { return p }
	list := func(p string) []string { return []string{"1", p} }
	for _, fails := range []bool{false, true} {
		each, err := rest.Each(t.Context(), load(fails), []string{"1", "x", "2"}, self)
		if !slices.Equal(each, []int{1, 0, 2}) || !slices.Equal(failing(err), map[bool][]int{true: {1}}[fails]) || (err != nil) != fails {
			t.Errorf("Each, failing %v = %v, %v", fails, each, err)
		}
		each, err = rest.EachKnown(t.Context(), load(fails), parents, known)
		if !slices.Equal(each, []int{1, 0, 0, 2}) || !slices.Equal(failing(err), map[bool][]int{true: {1}}[fails]) || (err != nil) != fails {
			t.Errorf("EachKnown, failing %v = %v, %v", fails, each, err)
		}
		lists, err := rest.EachList(t.Context(), load(fails), []string{"1", "x"}, true, list)
		if !slices.Equal(lists[0], []int{1, 1}) || !slices.Equal(lists[1], []int{1}) || !slices.Equal(failing(err), map[bool][]int{true: {1}}[fails]) || (err != nil) != fails {
			t.Errorf("EachList, failing %v = %v, %v", fails, lists, err)
		}
	}
}

// failing are the places of a batch's errors.
func failing(err error) (places []int) {
	var batch graphql.BatchErrorList
	if errors.As(err, &batch) {
		for i, err := range batch {
			if err != nil {
				places = append(places, i)
			}
		}
	}
	return places
}
