package auth

import (
	"net/url"
	"strings"
)

// maxReturnTo bounds return_to, in bytes: it travels in the transaction cookie.
const maxReturnTo = 400

// cleanReturnTo gives the path of this origin that a text names, or "/" if there is any doubt. It must hold for the
// browser's reading, not only for Go's: browsers drop tabs and line ends, take a backslash for a slash, and resolve dots
// (RED-1). Our own endpoints are no place to return to: the browser would go in circles (RED-2). Only the playground may be, which
// is a page with a sign-in of its own, and only without a query, so that no link can bring one along.
func cleanReturnTo(text string) string {
	const home = "/"
	// Two slashes are refused here: Go takes what follows them for a host, and reports none where that is empty.
	if len(text) > maxReturnTo || !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") {
		return home
	}
	for _, c := range text {
		// Controls, backslashes and everything beyond ASCII (fullwidth solidus among it) are written in percent encoding by
		// whoever means them.
		if c <= ' ' || c > '~' || c == '\\' {
			return home
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" {
		return home
	}
	for _, path := range []string{u.Path, u.EscapedPath()} {
		if !isPlainPath(path) {
			return home
		}
	}
	if text == "/playground" {
		return text
	}
	for _, reserved := range []string{"/auth", "/graphql", "/api", "/playground"} {
		if u.Path == reserved || strings.HasPrefix(u.Path, reserved+"/") {
			return home
		}
	}
	return text
}

// isPlainPath refuses what reads as a host, or as a host once dots are resolved: //e, /.//e, /a/..//e.
func isPlainPath(path string) bool {
	if strings.Contains(path, "//") || strings.Contains(path, `\`) {
		return false
	}
	for _, c := range path {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
