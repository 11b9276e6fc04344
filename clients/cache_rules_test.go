package clients

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// CACHE-4: what an API's Cache-Control means to a private cache.
func TestParseCacheControl(t *testing.T) {
	for _, c := range []struct {
		name string
		line []string
		want cacheControl
	}{
		{"nothing", nil, cacheControl{}},
		{"no-store", []string{"no-store"}, cacheControl{noStore: true}},
		{"in capitals, with spaces", []string{" No-Store ,\tMAX-AGE=5"}, cacheControl{noStore: true, hasMaxAge: true, maxAge: 5 * time.Second}},
		{"no-cache", []string{"no-cache"}, cacheControl{noCache: true}},
		{"no-cache of a field is all of it", []string{`no-cache="set-cookie"`}, cacheControl{noCache: true}},
		{"private of fields, whose comma divides nothing", []string{`private="a, no-store", max-age=1`}, cacheControl{private: true, hasMaxAge: true, maxAge: time.Second}},
		{"must-revalidate", []string{"must-revalidate"}, cacheControl{mustRevalidate: true}},
		{"several lines", []string{"private", "", "no-cache"}, cacheControl{private: true, noCache: true}},
		{"empty members", []string{",, ,no-store,,"}, cacheControl{noStore: true}},
		{"a quoted number", []string{`max-age="7"`}, cacheControl{hasMaxAge: true, maxAge: 7 * time.Second}},
		{"a shared cache's lifetime is not ours", []string{"s-maxage=600, public, proxy-revalidate"}, cacheControl{}},
		{"a number that is none is stale", []string{"max-age=soon"}, cacheControl{hasMaxAge: true}},
		{"a negative one too", []string{"max-age=-5"}, cacheControl{hasMaxAge: true}},
		{"a signed one too", []string{"max-age=+5"}, cacheControl{hasMaxAge: true}},
		{"one without value too", []string{"max-age"}, cacheControl{hasMaxAge: true}},
		{"a fraction too", []string{"max-age=1.5"}, cacheControl{hasMaxAge: true}},
		{"one behind a space too", []string{"max-age= 5"}, cacheControl{hasMaxAge: true}},
		{"a huge one is bounded", []string{"max-age=99999999999999999999"}, cacheControl{hasMaxAge: true, maxAge: maxSeconds * time.Second}},
		{"of two the smaller counts", []string{"max-age=60, max-age=5", "max-age=30"}, cacheControl{hasMaxAge: true, maxAge: 5 * time.Second}},
		{"RFC 5861", []string{"stale-while-revalidate=5, stale-if-error=10"}, cacheControl{staleWhileRevalidate: 5 * time.Second, staleIfError: 10 * time.Second}},
		{"behind a quote that is not closed reading goes on", []string{`private="a, max-age=60`, "no-cache"}, cacheControl{private: true, noCache: true, hasMaxAge: true, maxAge: time.Minute}},
		{"no directive at all", []string{"@, no-store"}, cacheControl{noStore: true}},
		{"garbage behind a name", []string{"no-cache; no-store, max-age=1"}, cacheControl{noCache: true, hasMaxAge: true, maxAge: time.Second}},
		{"a name in another", []string{"x-no-store, no-storex"}, cacheControl{}},
	} {
		if got := parseCacheControl(c.line); got != c.want {
			t.Errorf("%s: parseCacheControl(%q) = %+v, want %+v", c.name, c.line, got, c.want)
		}
	}
}

func TestParseVary(t *testing.T) {
	for _, c := range []struct {
		lines []string
		names []string
		star  bool
	}{
		{nil, nil, false},
		{[]string{"accept-language, Accept", "accept"}, []string{"Accept", "Accept-Language"}, false},
		{[]string{"*"}, nil, true},
		{[]string{"Accept", " * "}, []string{"Accept"}, true},
		{[]string{",,Accept,"}, []string{"Accept"}, false},
		{[]string{"Accept Language"}, nil, true},
	} {
		if names, star := parseVary(c.lines); !slices.Equal(names, c.names) || star != c.star {
			t.Errorf("parseVary(%q) = %v, %v, want %v, %v", c.lines, names, star, c.names, c.star)
		}
	}
}

// RFC 9111 §4.2: how long an answer that was asked for at 11:59:58 and came at noon is fresh.
func TestFreshness(t *testing.T) {
	came := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return came.Add(d).Format(http.TimeFormat) }
	for _, c := range []struct {
		name  string
		lines []string
		want  time.Duration
	}{
		{"its time on the way counts", []string{"Cache-Control: max-age=60"}, 58 * time.Second},
		{"its own age counts", []string{"Cache-Control: max-age=60", "Age: 10"}, 48 * time.Second},
		{"an age that is none does not", []string{"Cache-Control: max-age=60", "Age: old"}, 58 * time.Second},
		{"an old date counts as age", []string{"Cache-Control: max-age=60", "Date: " + at(-time.Minute/2)}, 30 * time.Second},
		{"a date to come does not", []string{"Cache-Control: max-age=60", "Date: " + at(time.Hour)}, 58 * time.Second},
		{"Expires, by the sender's clock", []string{"Date: " + at(-20*time.Second), "Expires: " + at(time.Minute)}, time.Minute},
		{"Expires without Date", []string{"Expires: " + at(time.Minute)}, 58 * time.Second},
		{"max-age goes before Expires", []string{"Cache-Control: max-age=1", "Expires: " + at(time.Hour)}, -time.Second},
		{"Expires that is no time", []string{"Expires: 0"}, -2 * time.Second},
		{"two of them", []string{"Expires: " + at(time.Hour), "Expires: " + at(time.Hour)}, -2 * time.Second},
		{"nothing is guessed", []string{"Last-Modified: " + at(-1000*time.Hour)}, -2 * time.Second},
		{"s-maxage is not ours", []string{"Cache-Control: s-maxage=60"}, -2 * time.Second},
	} {
		h := http.Header{}
		for _, line := range c.lines {
			name, value, _ := strings.Cut(line, ": ")
			h.Add(name, value)
		}
		got := freshness(h, parseCacheControl(h.Values("Cache-Control")), came.Add(-2*time.Second), came)
		if got.Sub(came) != c.want {
			t.Errorf("%s: fresh for %s, want %s", c.name, got.Sub(came), c.want)
		}
	}
	h := http.Header{"Expires": {at(time.Hour)}}
	if got := freshness(h, cacheControl{noCache: true}, came, came); got.After(came) {
		t.Errorf("no-cache is fresh until %s", got)
	}
}

func FuzzCacheRules(f *testing.F) {
	for _, seed := range []string{"no-store", `private="a, b", max-age="5", max-age=3`, "max-age=\"\\", ",,=,", "Accept, *", "a b", "\"", "no-cache=\"x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		one := parseCacheControl([]string{text})
		for _, d := range []time.Duration{one.maxAge, one.staleIfError, one.staleWhileRevalidate} {
			if d < 0 || d > maxSeconds*time.Second {
				t.Errorf("parseCacheControl(%q) has %s", text, d)
			}
		}
		// Whatever else a field says, a line of its own that forbids is heard.
		for _, lines := range [][]string{{text, "no-store, no-cache"}, {"no-store, no-cache", text}} {
			if got := parseCacheControl(lines); !got.noStore || !got.noCache {
				t.Errorf("parseCacheControl(%q) = %+v, want no-store and no-cache", lines, got)
			}
		}
		names, star := parseVary([]string{text})
		for _, name := range names {
			if !isToken(name) || name != http.CanonicalHeaderKey(name) {
				t.Errorf("parseVary(%q) has %q", text, name)
			}
		}
		if again, _ := parseVary([]string{strings.Join(names, ", ")}); !slices.Equal(names, again) {
			t.Errorf("parseVary(%q) = %v, and of that %v", text, names, again)
		}
		if len(names) == 0 && !star && strings.Trim(text, ", \t") != "" {
			t.Errorf("parseVary(%q) is nothing", text)
		}
	})
}
