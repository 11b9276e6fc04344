package spa

import (
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// clean turns a request's escaped path into a name within the bundle, "" for the
// top. It refuses whatever could be read in two ways: encoded slashes, backslashes
// and dots, control characters, double encoding, empty and dot segments, and
// files that begin with a dot, except in .well-known (WEB-11).
func clean(escaped string) (name string, ok bool) {
	if escaped == "" || escaped == "/" {
		return "", true
	}
	name, err := url.PathUnescape(strings.TrimPrefix(escaped, "/"))
	if err != nil {
		return "", false
	}
	// What was encoded must not have been a separator or a dot, nor encoded twice.
	lower := strings.ToLower(escaped)
	for _, hostile := range []string{"%2f", "%5c", "%2e", "%25", "%00"} {
		if strings.Contains(lower, hostile) {
			return "", false
		}
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return "", false
	}
	// A trailing slash belongs to a route ("/orders/"), never to a file.
	whole := strings.TrimSuffix(name, "/")
	if !fs.ValidPath(whole) || whole == "." {
		return "", false
	}
	for i, segment := range strings.Split(whole, "/") {
		if strings.HasPrefix(segment, ".") && (i > 0 || segment != ".well-known") {
			return "", false
		}
	}
	return name, true
}

// servable tells whether a clean name may be that of a file to hand out: not the
// compressed twins, which are other forms of one resource, no source maps, and no
// name that means something else to some file system (streams of NTFS).
func servable(name string) bool {
	if strings.ContainsAny(name, ":;") {
		return false
	}
	switch path.Ext(name) {
	case ".br", ".gz", ".map":
		return false
	}
	return !strings.HasSuffix(name, "/")
}

// routable tells whether a clean name may be a route of the app: it has no file
// extension, does not lie where the hashed files are, and is none of the
// gateway's own routes (WEB-10).
func routable(name string, hashed []string) bool {
	if inside(name, hashed) {
		return false
	}
	first, _, _ := strings.Cut(name, "/")
	if slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(first, r) }) || first == ".well-known" {
		return false
	}
	return path.Ext(strings.TrimSuffix(name, "/")) == ""
}

// inside tells whether a name is one of the directories or lies in one.
func inside(name string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool {
		rest, ok := strings.CutPrefix(name, dir)
		return ok && (rest == "" || rest[0] == '/')
	})
}

// isNavigation tells whether a browser asks for a page to show, rather than a
// script for data or a page for one of its parts.
func isNavigation(r *http.Request) bool {
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" {
		return dest == "document"
	}
	return acceptsHTML(r)
}

// acceptsHTML tells whether a client names text/html among what it takes. That
// it takes anything is not enough: scripts say so too.
func acceptsHTML(r *http.Request) bool {
	for _, item := range weighted(r.Header.Values("Accept")) {
		if item.name == "text/html" || item.name == "application/xhtml+xml" {
			return item.q > 0
		}
	}
	return false
}
