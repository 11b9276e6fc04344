package clients

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"time"
)

// keptAnswer is an answer with what decides how it may be used. It is immutable.
type keptAnswer struct {
	*answer
	// varied are the neutral headers that Vary names, as the request had them; all others are in the key.
	varied http.Header
	// etag and modified are what it is revalidated by, if anything.
	etag, modified string
	// fresh, whileRevalidate and ifError are the times until which it may be given: at once, while it is renewed, after a failure.
	fresh, whileRevalidate, ifError time.Time
}

// toKeep makes what is kept of an answer; nil if nothing may be (RFC 9111 §3): it is not a whole 200 to a GET, it says
// so, Vary names what no later request can be known to equal, or it could be neither given nor revalidated later.
func (c *cache) toKeep(who IdentityKey, x *exchange, ans *answer, asked, came time.Time) *keptAnswer {
	if c.cfg.MaxBytes == 0 || x.method != http.MethodGet || ans.status != http.StatusOK {
		return nil
	}
	control := parseCacheControl(ans.header.Values("Cache-Control"))
	names, star := parseVary(ans.header.Values("Vary"))
	if control.noStore || star || who.class == public && control.private {
		return nil
	}
	k := &keptAnswer{
		answer: &answer{status: ans.status, header: storedHeader(ans.header), body: fitted(ans.body)},
		etag:   ans.header.Get("Etag"), modified: ans.header.Get("Last-Modified"), fresh: freshness(ans.header, control, asked, came),
	}
	if x.keep > 0 && !control.noCache {
		k.fresh = came.Add(x.keep)
	}
	if !k.fresh.After(came) && k.etag == "" && k.modified == "" {
		return nil
	}
	for _, name := range names {
		if neutral(name) {
			if k.varied == nil {
				k.varied = http.Header{}
			}
			k.varied[name] = x.header[name]
		}
	}
	if control.mustRevalidate {
		return k // Never given stale, whatever else it says (RFC 9111 §4.2.4); with no-cache no time is left to begin with.
	}
	if who.class == public || c.cfg.PersonalStaleWhileRevalidate {
		k.whileRevalidate = k.fresh.Add(control.staleWhileRevalidate)
	}
	if who.class == public || c.cfg.PersonalStaleIfError {
		k.ifError = k.fresh.Add(control.staleIfError)
	}
	return k
}

// fitted gives a body in memory of its size: one that was read without knowing its length may occupy twice as much.
func fitted(body []byte) []byte {
	if cap(body)-len(body) <= len(body)/8 {
		return body
	}
	return bytes.Clone(body)
}

// storedHeader gives a header without the fields that belong to the connection (RFC 9111 §3.1), and without cookies, which are never
// passed on.
func storedHeader(h http.Header) http.Header {
	stored := h.Clone()
	for _, line := range h.Values("Connection") {
		for name := range strings.SplitSeq(line, ",") {
			stored.Del(strings.Trim(name, " \t"))
		}
	}
	for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade", "Trailer", "Set-Cookie"} {
		stored.Del(name)
	}
	return stored
}

// serves tells whether the answer is one to the request: the headers that Vary names are equal (RFC 9111 §4.1).
func (k *keptAnswer) serves(x *exchange) bool {
	for name, values := range k.varied {
		if !slices.Equal(x.header[name], values) {
			return false
		}
	}
	return true
}

// condition makes the request that asks whether the answer is still right (RFC 9111 §4.3.1).
func (k *keptAnswer) condition(x *exchange) *exchange {
	if k.etag == "" && k.modified == "" {
		return x
	}
	c := *x
	c.header = x.header.Clone()
	if k.etag != "" {
		c.header["If-None-Match"] = []string{k.etag}
	}
	if k.modified != "" {
		c.header["If-Modified-Since"] = []string{k.modified}
	}
	return &c
}

// meant tells whether a 304 is about this answer: it names no other validator (RFC 9111 §4.3.4).
func (k *keptAnswer) meant(by *answer) bool {
	tag := by.header.Get("Etag")
	return tag == "" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(k.etag, "W/")
}

// updated is the answer with what a 304 says of it now (RFC 9111 §3.2). Date and Age are the 304's, there or not.
func (k *keptAnswer) updated(by *answer) *answer {
	header := k.header.Clone()
	header.Del("Age")
	header.Del("Date")
	for name, values := range storedHeader(by.header) {
		if name != "Content-Length" && name != "Content-Encoding" && name != "Content-Type" && name != "Content-Range" {
			header[name] = values
		}
	}
	return &answer{status: k.status, header: header, body: k.body}
}

// size is about what the answer occupies, in bytes.
func (k *keptAnswer) size() int64 {
	n := cap(k.body)
	for name, values := range k.header {
		n += len(name)
		for _, v := range values {
			n += len(v) + 32
		}
	}
	return int64(n)
}
