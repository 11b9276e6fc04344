package rest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxOffset bounds how far into a list a cursor may lead.
const maxOffset = 1_000_000

// Pages is what a connection's field is asked for.
type Pages struct {
	Cursors *Cursors
	Field   string // "Type.field"
	First   int
	After   *string
	Max     int // of First
}

// Part is one page of an API, as it gives it.
type Part[T any] struct {
	Items []T
	// Next is the cursor of the page behind; nil or empty on the last.
	Next *string
	// More tells whether there is a page behind, if the API says so.
	More *bool
	// Total is how many there are over all pages, if the API says so.
	Total *int
}

// Page is a page of a connection.
type Page[T any] struct {
	Items   []*T
	Cursors []string // one for each item
	HasNext bool
	Total   *int
}

// Start is the first item's cursor; nil on an empty page.
func (p *Page[T]) Start() *string {
	if len(p.Cursors) == 0 {
		return nil
	}
	return &p.Cursors[0]
}

// End is the last item's cursor; nil on an empty page.
func (p *Page[T]) End() *string {
	if len(p.Cursors) == 0 {
		return nil
	}
	return &p.Cursors[len(p.Cursors)-1]
}

// TotalCount is how many there are over all pages; 0 if the API does not say.
func (p *Page[T]) TotalCount() int {
	if p.Total == nil {
		return 0
	}
	return *p.Total
}

// place opens the cursor, and checks the size; empty at the beginning.
func (p Pages) place() (string, error) {
	if p.First < 1 || p.First > p.Max {
		return "", &InputError{"first", fmt.Sprintf("want 1 to %d", p.Max)}
	}
	if p.After == nil {
		return "", nil
	}
	return p.Cursors.Open(p.Field, *p.After)
}

// ByCursor pages through an API that gives, with each page, the cursor of the next. A cursor of ours then is the API's cursor of a page,
// and how many of it are behind: whoever goes on in the midst of a page is given that page again, from there on.
func ByCursor[T any](p Pages, fetch func(cursor string, size int) (Part[T], error)) (*Page[T], error) {
	place, err := p.place()
	if err != nil {
		return nil, err
	}
	skipped, cursor, _ := strings.Cut(place, "\n")
	skip, err := strconv.Atoi(skipped)
	if place != "" && (err != nil || skip < 0 || skip > p.Max) {
		return nil, &InputError{"after", "want a cursor of this connection"}
	}
	part, err := fetch(cursor, skip+p.First)
	if err != nil {
		return nil, err
	}
	next := ""
	if part.Next != nil && (part.More == nil || *part.More) {
		next = *part.Next
	}
	page := newPage(part, skip, p.First)
	behind := len(part.Items) > skip+p.First // An API that gives more than was asked for.
	page.HasNext = next != "" || behind
	for i := range page.Items {
		at := strconv.Itoa(skip+i+1) + "\n" + cursor
		if i == len(page.Items)-1 && next != "" && !behind {
			at = "0\n" + next
		}
		page.Cursors[i] = p.Cursors.Seal(p.Field, at)
	}
	return page, nil
}

// ByKey pages through an API whose cursor is a property of the item before. Where it does not say whether there is more, a full page has
// a page behind.
func ByKey[T any](p Pages, key func(*T) string, fetch func(cursor string, size int) (Part[T], error)) (*Page[T], error) {
	cursor, err := p.place()
	if err != nil {
		return nil, err
	}
	part, err := fetch(cursor, p.First)
	if err != nil {
		return nil, err
	}
	page := newPage(part, 0, p.First)
	page.HasNext = len(part.Items) >= p.First
	if part.More != nil {
		page.HasNext = *part.More || len(part.Items) > p.First
	}
	for i, item := range page.Items {
		page.Cursors[i] = p.Cursors.Seal(p.Field, key(item))
	}
	return page, nil
}

// ByOffset pages through an API that is told how many to skip.
func ByOffset[T any](p Pages, fetch func(offset, size int) (Part[T], error)) (*Page[T], error) {
	start, err := p.offset()
	if err != nil {
		return nil, err
	}
	part, err := fetch(start, p.First)
	if err != nil {
		return nil, err
	}
	return numbered(p, part, start, 0), nil
}

// ByNumber pages through an API whose pages have numbers, from 1. A page that begins between two of the API's takes both.
func ByNumber[T any](p Pages, fetch func(number, size int) (Part[T], error)) (*Page[T], error) {
	start, err := p.offset()
	if err != nil {
		return nil, err
	}
	part, err := fetch(start/p.First+1, p.First)
	if err != nil {
		return nil, err
	}
	skip := start % p.First
	if skip > 0 && len(part.Items) >= p.First {
		behind, err := fetch(start/p.First+2, p.First)
		if err != nil {
			return nil, err
		}
		part = Part[T]{Items: append(part.Items, behind.Items...), More: behind.More, Total: behind.Total}
	}
	return numbered(p, part, start, skip), nil
}

func (p Pages) offset() (int, error) {
	place, err := p.place()
	if err != nil || place == "" {
		return 0, err
	}
	n, err := strconv.Atoi(place)
	if err != nil || n < 0 || n > maxOffset {
		return 0, &InputError{"after", "want a cursor of this connection"}
	}
	return n, nil
}

// numbered makes a page of a part that begins so many before start.
func numbered[T any](p Pages, part Part[T], start, skip int) *Page[T] {
	page := newPage(part, skip, p.First)
	behind := len(part.Items) > skip+p.First
	switch {
	case part.Total != nil:
		page.HasNext = start+len(page.Items) < *part.Total
	case part.More != nil:
		page.HasNext = *part.More || behind
	default:
		page.HasNext = behind || len(page.Items) == p.First
	}
	for i := range page.Items {
		page.Cursors[i] = p.Cursors.Seal(p.Field, strconv.Itoa(start+i+1))
	}
	return page
}

func newPage[T any](part Part[T], skip, first int) *Page[T] {
	items := part.Items[min(skip, len(part.Items)):]
	items = items[:min(first, len(items))]
	page := &Page[T]{Items: make([]*T, len(items)), Cursors: make([]string, len(items)), Total: part.Total}
	for i := range items {
		page.Items[i] = &items[i]
	}
	return page
}

// Next is the address that a Link header calls the next page's (RFC 8288); nil if it calls none so. It is never asked: a cursor is taken
// of it, or that it is there.
func Next(header http.Header) *url.URL {
	rest := strings.Join(header.Values("Link"), ",")
	for {
		_, after, found := strings.Cut(rest, "<")
		address, behind, closed := strings.Cut(after, ">") // An address may have commas.
		if !found || !closed {
			return nil
		}
		var parameters string
		parameters, rest = cutUnquoted(behind, ',')
		if u, err := url.Parse(address); err == nil && isNext(parameters) {
			return u
		}
	}
}

// isNext tells whether a link is the next page's, among what else it may be (RFC 8288 §3.3: only the first rel counts).
func isNext(parameters string) bool {
	for parameters != "" {
		var parameter string
		parameter, parameters = cutUnquoted(parameters, ';')
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") {
			relations := strings.Fields(strings.Trim(strings.TrimSpace(value), `"`))
			return slices.ContainsFunc(relations, func(relation string) bool { return strings.EqualFold(relation, "next") })
		}
	}
	return false
}

// cutUnquoted cuts a text at the first separator that stands in no quoted string.
func cutUnquoted(text string, separator byte) (before, after string) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && text[i] == separator:
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}
