package clients

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxRelayedHeader bounds one header value that is passed on, in bytes.
const maxRelayedHeader = 4 << 10

// errForeignLocation is that a redirect leads where the relay does not, or nowhere.
var errForeignLocation = errors.New("the answer redirects to where the relay does not lead")

// passedOn are the headers of a browser's request that an API gets as they are. Cookie, Authorization, Forwarded, Origin,
// Referer, and whatever belongs to the connection or to this gateway, are not among them (BBA-17).
func passedOn() []string {
	return []string{
		"Accept", "Accept-Encoding", "Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition",
		"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range",
		"Idempotency-Key", "Last-Event-Id", "Prefer",
	}
}

// relayHeader is the whole header that the API gets, except for the token.
func (a *API) relayHeader(req *http.Request, socket bool) http.Header {
	h := a.finalHeader(req.Context())
	// Otherwise Go would ask for gzip and unpack it; the browser and the API agree on an encoding themselves.
	h["Accept-Encoding"] = []string{"identity"}
	h["Accept"] = []string{"*/*"}
	for _, name := range passedOn() {
		values := req.Header[name]
		if len(values) == 1 && len(values[0]) <= maxRelayedHeader && isVisible(values[0]) {
			h[name] = values
		}
	}
	for name, value := range a.configured {
		h[http.CanonicalHeaderKey(name)] = []string{value}
	}
	if socket {
		h["Connection"], h["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
		for _, name := range socketHeaders() {
			if values := req.Header[name]; len(values) > 0 {
				h[name] = values
			}
		}
	}
	return h
}

// passedBack are the headers of an API's answer that a browser gets as they are. No Set-Cookie, nothing of CORS, no
// Service-Worker-Allowed, Clear-Site-Data, Refresh, Link or WWW-Authenticate: they would speak for our origin.
func passedBack() []string {
	return []string{
		"Content-Encoding", "Content-Language", "Content-Range", "Accept-Ranges", "Etag", "Last-Modified", "Retry-After", "Allow", "Preference-Applied",
	}
}

// setAnswerHeader writes the header of an answer. It may be refused for where it redirects to.
func (r *Relay) setAnswerHeader(h http.Header, a *API, p place, res *http.Response) (stream bool, err error) {
	location := res.Header.Get("Location")
	switch {
	case res.StatusCode < 200:
		return false, errForeignLocation
	case location != "":
		at, ok := r.relocate(a, p, location)
		if !ok && res.StatusCode/100 == 3 {
			return false, errForeignLocation
		}
		if ok {
			h.Set("Location", at)
		}
	case res.StatusCode/100 == 3 && res.StatusCode != http.StatusNotModified:
		return false, errForeignLocation
	}
	for _, name := range passedBack() {
		if values := res.Header[name]; len(values) > 0 {
			h[name] = values
		}
	}
	for _, vary := range res.Header["Vary"] {
		h.Add("Vary", vary)
	}
	if res.ContentLength >= 0 && res.StatusCode != http.StatusNotModified {
		h["Content-Length"] = res.Header["Content-Length"]
	}
	h.Set("Cache-Control", privately(res.Header.Get("Cache-Control")))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	return setType(h, res), nil
}

// setType writes type and disposition: what a browser could take for a document is a download, and nothing is guessed.
func setType(h http.Header, res *http.Response) (stream bool) {
	media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	h.Set("Content-Type", "application/octet-stream")
	if media != "" && !isRun(media) {
		h.Set("Content-Type", res.Header.Get("Content-Type"))
	}
	disposition, params, err := mime.ParseMediaType(res.Header.Get("Content-Disposition"))
	if err != nil {
		disposition, params = "", nil
	}
	if !isShown(media) {
		disposition = "attachment"
	}
	if disposition != "" {
		name := map[string]string{}
		if file := params["filename"]; file != "" && !strings.ContainsFunc(file, isControl) {
			name["filename"] = file
		}
		h.Set("Content-Disposition", mime.FormatMediaType(disposition, name))
	}
	return media == "text/event-stream"
}

// isRun tells the types that a page runs as scripts, workers or styles. As a download they would be run all the same: a
// script element looks at neither Content-Disposition nor sandbox, and the app's own policy trusts its origin. Under
// nosniff nothing else is run.
func isRun(media string) bool { return strings.Contains(media, "script") || media == "text/css" }

// isShown tells the types that no browser runs anything of.
func isShown(media string) bool {
	switch media {
	case "text/plain", "text/event-stream", "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif":
		return true
	}
	subtype, ok := strings.CutPrefix(media, "application/")
	return ok && (subtype == "json" || strings.HasSuffix(subtype, "+json"))
}

// privately keeps a person's answer out of shared caches: an API that says public does not know of this gateway's users.
func privately(control string) string {
	if control == "" {
		return "no-store"
	}
	kept := []string{"private"}
	for directive := range strings.SplitSeq(control, ",") {
		name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "", "public", "private", "s-maxage", "proxy-revalidate":
		default:
			kept = append(kept, strings.TrimSpace(directive))
		}
	}
	return strings.Join(kept, ", ")
}

// relocate says where a redirect leads under the relay, if it stays within what the API's routes allow to read.
func (r *Relay) relocate(a *API, p place, location string) (string, bool) {
	from, err := p.path().resolve(a.base, nil)
	if err != nil {
		return "", false
	}
	to, err := from.Parse(location)
	if err != nil || to.Scheme+"://"+to.Host != a.origin() || to.User != nil {
		return "", false
	}
	below, ok := strings.CutPrefix(to.EscapedPath(), strings.TrimSuffix(a.base.EscapedPath(), "/")+"/")
	if !ok {
		return "", false
	}
	there, err := url.Parse(relayPrefix + p.name + "/" + below)
	if err != nil {
		return "", false
	}
	there.RawQuery = to.RawQuery
	next, err := parsePlace(there)
	if err != nil || !slices.ContainsFunc(r.apis[p.name].routes, func(route relayRoute) bool { return route.fits(next.segments) }) {
		return "", false
	}
	return there.String(), true
}
