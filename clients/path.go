package clients

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxSegmentBytes bounds one path parameter: no identifier of an API is longer, and a URL must fit servers' limits.
	maxSegmentBytes = 512
	// maxURLBytes bounds path and query together; common servers refuse longer request lines with 414.
	maxURLBytes = 16 << 10
)

var (
	errSegmentEmpty   = errors.New("path segment is empty")
	errSegmentDots    = errors.New("path segment is one dot or two")
	errSegmentControl = errors.New("path segment holds a control character")
	errSegmentLong    = errors.New("path segment is too long")
	errURLLong        = errors.New("path and query are too long")
)

// Path is the path of one operation: its template, as the API's OpenAPI document writes it, with every parameter escaped
// into exactly one segment. The zero Path is the API's base URL itself.
type Path struct {
	template string
	escaped  string
	err      error
}

// At fills a template's parameters, in order: At("/customers/{id}/addresses", id).
//
// The template is a constant of the program, never made of input. A parameter stays one segment whatever it holds:
// "../x?y#z%2e" becomes "..%2Fx%3Fy%23z%252e". One that is empty, "." or "..", longer than 512 bytes, or holds a control
// character (CR, LF and NUL among them) cannot be one; the call that uses the Path then ends as BAD_USER_INPUT, unsent.
func At(template string, params ...string) Path {
	p := Path{template: template}
	var b strings.Builder
	rest := template
	for {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			break
		}
		end := strings.IndexByte(rest[open:], '}')
		if end < 0 || len(params) == 0 {
			p.err = fmt.Errorf("%w: template %q has more parameters than were given", errProgram, template)
			return p
		}
		if err := checkSegment(params[0]); err != nil {
			p.err = err
			return p
		}
		b.WriteString(rest[:open])
		b.WriteString(url.PathEscape(params[0]))
		rest, params = rest[open+end+1:], params[1:]
	}
	if len(params) > 0 {
		p.err = fmt.Errorf("%w: template %q has fewer parameters than were given", errProgram, template)
		return p
	}
	b.WriteString(rest)
	p.escaped = b.String()
	if p.escaped != "" && p.escaped[0] != '/' {
		p.err = fmt.Errorf("%w: template %q does not begin with a slash", errProgram, template)
	}
	return p
}

// String is the template: a name of the operation without anybody's identifiers, fit for logs and metrics.
func (p Path) String() string { return p.template }

func checkSegment(s string) error {
	switch {
	case s == "":
		return errSegmentEmpty // it would make another operation of the path: the list instead of the item
	case s == "." || s == "..":
		return errSegmentDots
	case len(s) > maxSegmentBytes:
		return errSegmentLong
	case strings.ContainsFunc(s, isControl):
		return errSegmentControl
	}
	return nil
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// resolve is the URL of the operation below base, whose path keeps its own escapes.
func (p Path) resolve(base *url.URL, query url.Values) (*url.URL, error) {
	if p.err != nil {
		return nil, p.err
	}
	escaped := strings.TrimSuffix(base.EscapedPath(), "/") + p.escaped
	if escaped == "" {
		escaped = "/"
	}
	decoded, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, fmt.Errorf("%w: template %q: %w", errProgram, p.template, err)
	}
	u := *base
	u.Path, u.RawPath = decoded, escaped
	u.RawQuery = query.Encode()
	if len(escaped)+len(u.RawQuery) > maxURLBytes {
		return nil, errURLLong
	}
	return &u, nil
}

// Query makes parameters of names and values in turn, leaving out empty values.
func Query(namesAndValues ...string) url.Values {
	q := url.Values{}
	for pair := range slices.Chunk(namesAndValues, 2) {
		if len(pair) == 2 && pair[1] != "" {
			q.Set(pair[0], pair[1])
		}
	}
	return q
}

// Number is n for Query, where 0 means not given.
func Number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// IDs repeats a parameter for every id: id=1&id=2, the form OpenAPI calls exploded.
func IDs(name string, ids []string) url.Values { return url.Values{name: ids} }
