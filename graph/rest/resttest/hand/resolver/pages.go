package resolver

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"vestibule.example/graph/rest"
	"vestibule.example/graph/rest/resttest/hand"
)

// entries is what the shop gives of a list, in whatever way it pages.
type entries struct {
	list  []hand.Entry
	next  string // cursor of the page behind
	more  *bool
	total *int
}

// where a cursor of ours leads: empty at the beginning.
func (r *Resolver) where(field string, first, most int, after *string) (string, error) {
	if first < 1 || first > most {
		return "", &rest.InputError{Field: "first", Message: fmt.Sprintf("want 1 to %d", most)}
	}
	if after == nil {
		return "", nil
	}
	return r.Cursors.Open(field, *after)
}

// page makes the connection of the entries, whose cursors lead to where place says.
func (r *Resolver) page(field string, list []hand.Entry, next, previous bool, total *int, place func(i int) string) *hand.Connection {
	c := &hand.Connection{Edges: []hand.Edge{}, PageInfo: hand.PageInfo{HasNextPage: next, HasPreviousPage: previous}, TotalCount: total}
	for i := range list {
		c.Edges = append(c.Edges, hand.Edge{Cursor: r.Cursors.Seal(field, place(i)), Node: &list[i]})
	}
	if n := len(c.Edges); n > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[n-1].Cursor
	}
	return c
}

// upTo gives so many of the list, of those behind the first ones.
func upTo(list []hand.Entry, skip, first int) []hand.Entry {
	if skip >= len(list) {
		return nil
	}
	list = list[skip:]
	if first < len(list) {
		list = list[:first]
	}
	return list
}

// byCursor is for an API that names the page behind: a cursor of ours names a page and how many of it have been seen.
func (r *Resolver) byCursor(field string, first, most int, after *string, fetch func(cursor string, size int) (entries, error)) (*hand.Connection, error) {
	place, err := r.where(field, first, most, after)
	if err != nil {
		return nil, err
	}
	seen, cursor := 0, ""
	if place != "" {
		number, page, _ := strings.Cut(place, "\n")
		if seen, err = strconv.Atoi(number); err != nil {
			return nil, err
		}
		cursor = page
	}
	got, err := fetch(cursor, seen+first)
	if err != nil {
		return nil, err
	}
	list := upTo(got.list, seen, first)
	whole := seen+len(list) == len(got.list) || seen > len(got.list)
	return r.page(field, list, got.next != "" || !whole, after != nil, got.total, func(i int) string {
		if i == len(list)-1 && whole && got.next != "" {
			return "0\n" + got.next
		}
		return strconv.Itoa(seen+i+1) + "\n" + cursor
	}), nil
}

// byKey is for an API that is told the last entry seen.
func (r *Resolver) byKey(field string, first, most int, after *string, fetch func(last string, size int) (entries, error)) (*hand.Connection, error) {
	last, err := r.where(field, first, most, after)
	if err != nil {
		return nil, err
	}
	got, err := fetch(last, first)
	if err != nil {
		return nil, err
	}
	next := len(got.list) >= first
	if got.more != nil {
		next = *got.more || len(got.list) > first
	}
	list := upTo(got.list, 0, first)
	return r.page(field, list, next, after != nil, got.total, func(i int) string { return list[i].ID() }), nil
}

// byPlace is for an API that is told how many to leave out, or the number of a page; a cursor of ours is how many have been seen.
func (r *Resolver) byPlace(field string, first, most int, after *string, numbered bool, fetch func(n, size int) (entries, error)) (*hand.Connection, error) {
	place, err := r.where(field, first, most, after)
	if err != nil {
		return nil, err
	}
	seen := 0
	if place != "" {
		if seen, err = strconv.Atoi(place); err != nil {
			return nil, err
		}
	}
	n, skip := seen, 0
	if numbered {
		n, skip = 1+seen/first, seen%first
	}
	got, err := fetch(n, first)
	if err != nil {
		return nil, err
	}
	if skip > 0 && len(got.list) >= first { // The rest is on the page behind.
		behind, err := fetch(n+1, first)
		if err != nil {
			return nil, err
		}
		behind.list = append(got.list, behind.list...)
		got = behind
	}
	list := upTo(got.list, skip, first)
	next := len(got.list) > skip+first
	switch {
	case got.total != nil:
		next = seen+len(list) < *got.total
	case got.more != nil:
		next = next || *got.more
	default:
		next = next || len(list) == first
	}
	return r.page(field, list, next, after != nil, got.total, func(i int) string { return strconv.Itoa(seen + i + 1) }), nil
}

// linkToNext is the address of the next page in a Link header (RFC 8288); empty if there is none.
func linkToNext(header http.Header) string {
	for _, line := range header.Values("Link") {
		for line != "" {
			begin := strings.IndexByte(line, '<')
			end := strings.IndexByte(line, '>')
			if begin < 0 || end < begin {
				break
			}
			address := line[begin+1 : end]
			line = line[end+1:]
			comma := strings.IndexByte(line, ',')
			parameters := line
			if comma >= 0 {
				parameters, line = line[:comma], line[comma+1:]
			} else {
				line = ""
			}
			for _, p := range strings.Split(parameters, ";") {
				p = strings.ToLower(strings.Join(strings.Fields(p), ""))
				if p == `rel="next"` || p == "rel=next" {
					return address
				}
			}
		}
	}
	return ""
}
