package clients

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

var errNotCanonical = errors.New("the path is not in its one canonical form")

// place is the target of a request: an API, and the decoded segments of a path below its base.
type place struct {
	name     string
	segments []string
}

// parsePlace reads the path of a request to the relay. There is one way to write each path: nothing that two readers
// might understand differently goes on (BBA-15). Refused are empty segments, dots, encoded slashes and backslashes,
// semicolons, question and number marks, control characters, percent signs of a second encoding, encoded letters, and
// what is no UTF-8; and a query that cannot be read.
func parsePlace(u *url.URL) (place, error) {
	escaped := u.EscapedPath()
	rest, ok := strings.CutPrefix(escaped, relayPrefix)
	if !ok || len(escaped)+len(u.RawQuery) > maxURLBytes || !isVisible(u.RawQuery) || strings.Contains(u.RawQuery, " ") {
		return place{}, errNotCanonical
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil {
		return place{}, errNotCanonical
	}
	name, rest, below := strings.Cut(rest, "/")
	p := place{name: name}
	if name == "" && !below {
		return p, nil
	}
	if _, err := canonical(name); err != nil {
		return place{}, err
	}
	if rest == "" {
		return p, nil
	}
	for escaped := range strings.SplitSeq(rest, "/") {
		segment, err := canonical(escaped)
		if err != nil {
			return place{}, err
		}
		p.segments = append(p.segments, segment)
	}
	return p, nil
}

// canonical decodes one segment.
func canonical(escaped string) (string, error) {
	segment, err := url.PathUnescape(escaped)
	if err != nil || checkSegment(segment) != nil || strings.ContainsAny(segment, `/\;%?#`) || !utf8.ValidString(segment) {
		return "", errNotCanonical
	}
	for i := 0; i+2 < len(escaped); i++ {
		// An encoded character that needs no encoding (RFC 3986 §6.2.2.2), a dot or a letter.
		if escaped[i] == '%' && isUnreserved(unhex(escaped[i+1])<<4|unhex(escaped[i+2])) {
			return "", errNotCanonical
		}
	}
	return segment, nil
}

func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// unhex reads a hexadecimal digit; PathUnescape has checked that it is one.
func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// path is the place below the API's base, each segment escaped anew.
func (p place) path() Path {
	var b strings.Builder
	for _, segment := range p.segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(segment))
	}
	return Path{escaped: b.String()}
}

// relayRoute is a route with its pattern in parts.
type relayRoute struct {
	RelayRoute
	parts []string
}

// Check reports what is wrong with a route.
func (route RelayRoute) Check() error {
	_, err := parseRoute(route)
	return err
}

func parseRoute(route RelayRoute) (relayRoute, error) {
	r := relayRoute{RelayRoute: route}
	if !strings.HasPrefix(route.Path, "/") {
		return r, fmt.Errorf("pattern %q: want one that begins with a slash, such as /shipments/*/events", route.Path)
	}
	if route.Path != "/" {
		r.parts = strings.Split(route.Path[1:], "/")
	}
	for i, part := range r.parts {
		if part == "**" && i < len(r.parts)-1 || part != "**" && part != "*" && (strings.Contains(part, "*") || checkSegment(part) != nil || strings.ContainsAny(part, `\;%?#`)) {
			return r, fmt.Errorf("pattern %q: want plain segments, * for one, ** at the end for one or more", route.Path)
		}
	}
	if len(route.Methods) == 0 {
		return r, fmt.Errorf("pattern %q: want at least one method", route.Path)
	}
	for _, method := range route.Methods {
		switch method {
		case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		default:
			return r, fmt.Errorf("pattern %q: method %q: want GET, HEAD, POST, PUT, PATCH or DELETE", route.Path, method)
		}
	}
	if (route.BrowserLoads || route.WebSocket) && !slices.Contains(route.Methods, http.MethodGet) {
		return r, fmt.Errorf("pattern %q: what browsers load, and a WebSocket, begins with GET", route.Path)
	}
	return r, nil
}

func (r relayRoute) fits(segments []string) bool {
	for i, part := range r.parts {
		if i >= len(segments) {
			return false
		}
		if part == "**" {
			return true
		}
		if part != "*" && part != segments[i] {
			return false
		}
	}
	return len(segments) == len(r.parts)
}

func (r relayRoute) allows(method string) bool {
	return slices.Contains(r.Methods, method) || method == http.MethodHead && slices.Contains(r.Methods, http.MethodGet)
}

// find gives the route for a path and a method, and the methods that the path has at all.
func (o *relayed) find(segments []string, method string) (route *relayRoute, allowed []string) {
	for i := range o.routes {
		if !o.routes[i].fits(segments) {
			continue
		}
		if route == nil && o.routes[i].allows(method) {
			route = &o.routes[i]
		}
		allowed = append(allowed, o.routes[i].Methods...)
		if o.routes[i].allows(http.MethodHead) {
			allowed = append(allowed, http.MethodHead)
		}
	}
	slices.Sort(allowed)
	return route, slices.Compact(allowed)
}
