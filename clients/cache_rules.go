package clients

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSeconds is what a larger number of seconds counts as (RFC 9111 §1.2.2).
const maxSeconds = 1 << 31

// cacheControl is what a Cache-Control field says to a private cache (RFC 9111 §5.2.2). s-maxage and proxy-revalidate are
// for shared caches; public gives leave that a private one has anyway. A qualified no-cache or private counts as one
// without fields, as §5.2.2.4 and §5.2.2.7 allow.
type cacheControl struct {
	noStore, noCache, private, mustRevalidate bool

	maxAge    time.Duration
	hasMaxAge bool
	// staleWhileRevalidate and staleIfError are RFC 5861's, 0 unless given.
	staleWhileRevalidate, staleIfError time.Duration
}

// parseCacheControl reads all lines of a Cache-Control field. What cannot be read is passed over, but a number that cannot
// be read is 0, and of one that is there twice the smaller counts: both mean stale, which is safe (§4.2.1).
func parseCacheControl(lines []string) cacheControl {
	var c cacheControl
	seen := map[string]bool{}
	seconds := func(name, value string, into *time.Duration) {
		d := parseSeconds(value)
		if seen[name] {
			d = min(d, *into)
		}
		*into, seen[name] = d, true
	}
	for _, line := range lines {
		for rest := line; rest != ""; {
			var name, value string
			name, value, rest = cutDirective(rest)
			switch strings.ToLower(name) {
			case "no-store":
				c.noStore = true
			case "no-cache":
				c.noCache = true
			case "private":
				c.private = true
			case "must-revalidate":
				c.mustRevalidate = true
			case "max-age":
				seconds("max-age", value, &c.maxAge)
				c.hasMaxAge = true
			case "stale-while-revalidate":
				seconds("stale-while-revalidate", value, &c.staleWhileRevalidate)
			case "stale-if-error":
				seconds("stale-if-error", value, &c.staleIfError)
			}
		}
	}
	return c
}

// cutDirective takes one directive, name or name=value, off the front of a list (RFC 9110 §5.6.1). Inside a quoted value a
// comma divides nothing. It always takes something, so that a list has an end.
func cutDirective(list string) (name, value, rest string) {
	list = strings.TrimLeft(list, " \t,")
	name, rest = cutToken(list)
	if after, given := strings.CutPrefix(rest, "="); given && name != "" {
		var ok bool
		if value, rest, ok = cutValue(after); !ok {
			rest = after
		}
	}
	if end := strings.IndexByte(rest, ','); end >= 0 && strings.Trim(rest[:end], " \t") == "" {
		return name, value, rest[end+1:]
	} else if strings.Trim(rest, " \t") == "" {
		return name, value, ""
	}
	// Something that is no directive, such as a quote that is not closed: reading goes on behind the next comma, so that
	// a no-store there is heard.
	_, rest, _ = strings.Cut(rest, ",")
	return name, "", rest
}

func parseSeconds(s string) time.Duration {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > maxSeconds {
		n = maxSeconds
	}
	return time.Duration(n) * time.Second
}

// parseVary gives the header names of all lines of a Vary field, canonical and in order, and whether it has a star.
func parseVary(lines []string) (names []string, star bool) {
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.Trim(name, " \t")
			switch {
			case name == "*":
				star = true
			case isToken(name):
				names = append(names, http.CanonicalHeaderKey(name))
			case name != "":
				star = true // What cannot be read may name anything.
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), star
}

// freshness tells until when an answer is fresh: its lifetime (RFC 9111 §4.2.1, nothing is guessed) less the age it came
// with (§4.2.3). asked and came are when its request was sent and when it arrived.
func freshness(h http.Header, control cacheControl, asked, came time.Time) time.Time {
	if control.noCache {
		return time.Time{}
	}
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		date = came
	}
	var lifetime time.Duration
	switch expires := h.Values("Expires"); {
	case control.hasMaxAge:
		lifetime = control.maxAge
	case len(expires) == 1:
		if at, err := http.ParseTime(expires[0]); err == nil {
			lifetime = min(at.Sub(date), maxSeconds*time.Second)
		}
	}
	age := max(0, came.Sub(date), parseSeconds(h.Get("Age"))+came.Sub(asked))
	return came.Add(lifetime - age)
}
