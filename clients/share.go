package clients

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// obtain gets an exchange's answer: a kept one, that of a call under way, or that of a call of its own. Only calls of the same identity
// ever share.
func (a *API) obtain(ctx context.Context, x *exchange) (*answer, error) {
	if a.identity == nil {
		return a.perform(ctx, x)
	}
	who, err := a.identity(ctx)
	if err != nil {
		return nil, err
	}
	if !x.safe {
		ans, err := a.perform(ctx, x)
		switch {
		case err == nil && x.repeated && ans.status >= 400:
			a.noteChange(ctx, who, x.url, 0, nil) // An attempt before may have acted: that the last one did not tells nothing.
		case err == nil:
			a.noteChange(ctx, who, x.url, ans.status, ans.header)
		case x.repeated || a.classify == nil || a.classify(err) == nil: // else it was never sent
			a.noteChange(ctx, who, x.url, 0, nil)
		}
		return ans, err
	}
	if who.class == nobody || !sharable(x) {
		return a.perform(ctx, x)
	}
	return a.share(ctx, who, x)
}

// share takes part in an answer, or begins one in which others may take part.
func (a *API) share(ctx context.Context, who IdentityKey, x *exchange) (*answer, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	kept, call, joined := a.lookup(ctx, who, x)
	switch {
	case kept != nil:
		return kept, nil
	case call == nil:
		return a.perform(ctx, x)
	}
	got, err := call.wait(ctx)
	if joined && err == nil && !mayJoin(who, x, got) {
		a.cache.counts.misses.Add(1)
		return a.perform(ctx, x)
	}
	if joined {
		a.cache.counts.shared.Add(1)
		x.shared(got.note())
	}
	return got.answer, err
}

// landing is an answer that several waited for, and whose request it answers.
type landing struct {
	*answer
	by *exchange
}

// note is the note of the call that was made; nil if there is none.
func (l landing) note() *note {
	if l.by == nil {
		return nil
	}
	return l.by.note
}

// sharable tells whether another call's answer could serve: whether this is a GET or HEAD without a body, for the whole representation,
// unconditional, without Cache-Control of its own, and not [NotKept].
func sharable(x *exchange) bool {
	if x.method != http.MethodGet && x.method != http.MethodHead || x.body != nil || x.keep < 0 {
		return false
	}
	for _, name := range []string{"Range", "Cache-Control", "Pragma", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"} {
		if _, given := x.header[name]; given {
			return false
		}
	}
	return true
}

// neutral tells whether an API cannot answer differently because of a header, so that calls that differ in nothing else share: such a
// header only says which of many equal calls this is.
//
//	X-Request-Id   names the browser's request, for logs
//	Traceparent    names the span, for traces (W3C Trace Context §3.2)
//	Tracestate     goes with it (§3.3); a vendor's sampling at the most
//
// Every other header is part of the key: Accept-Language, Forwarded and configured ones may change the answer. An API's Vary is honoured
// even if it names a neutral header.
func neutral(name string) bool {
	return name == headerRequestID || name == headerTraceParent || name == headerTraceState
}

// requestKey is the request as text: method, URL, all headers that are not neutral, and Keep. It does not say who asks, and therefore
// finds nothing by itself: everything that is kept or under way is below an IdentityKey (see cache.slots).
type requestKey string

func keyOf(x *exchange, target string) requestKey {
	names := make([]string, 0, len(x.header))
	for name := range x.header {
		if !neutral(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	b.Grow(256 + len(target))
	b.WriteString(x.method)
	b.WriteByte(0) // found in no method, URL or header that can be sent
	b.WriteString(target)
	for _, name := range names {
		for _, value := range x.header[name] {
			b.WriteByte(0)
			b.WriteString(name)
			b.WriteByte(':')
			b.WriteString(value)
		}
	}
	if x.keep > 0 {
		b.WriteByte(0)
		b.WriteString(x.keep.String())
	}
	return requestKey(b.String())
}

// mayJoin tells whether an answer serves a call that came while it was under way. Within one session it does even if it must not be
// stored: the two might as well have been one call. Among different users only what a shared cache could give to all is shared
// (RFC 9111 §3).
func mayJoin(who IdentityKey, x *exchange, got landing) bool {
	names, star := parseVary(got.header.Values("Vary"))
	if star {
		return false
	}
	for _, name := range names {
		if neutral(name) && !slices.Equal(x.header[name], got.by.header[name]) {
			return false
		}
	}
	control := parseCacheControl(got.header.Values("Cache-Control"))
	return who.class != public || !control.private && !control.noStore
}

// NoteChange must be called for an unsafe call that was not made by [Do], such as a relayed one, once its answer's header is there and
// before anybody gets it. status 0 means that there was no answer.
func (a *API) NoteChange(ctx context.Context, target *url.URL, status int, header http.Header) {
	if a.identity == nil {
		return
	}
	if who, err := a.identity(ctx); err == nil {
		a.noteChange(ctx, who, target, status, header)
	}
}

// noteChange makes what is kept or under way for an identity unusable for later calls, if an unsafe call of that identity may have
// changed something: if it succeeded, or failed in a way that leaves that open. What the answer's header names is dropped for everybody
// (RFC 9111 §4.4).
func (a *API) noteChange(ctx context.Context, who IdentityKey, target *url.URL, status int, header http.Header) {
	if status >= 400 && status < 500 {
		return
	}
	targets := []string{target.String()}
	for _, name := range []string{"Location", "Content-Location"} {
		if at := sameOrigin(target, header.Get(name)); at != "" {
			targets = append(targets, at)
		}
	}
	a.cache.invalidate(who, targets)
	if a.changed != nil {
		a.changed(ctx)
	}
}

// sameOrigin resolves a reference in an answer's header; empty if there is none, or if it leads to another origin, for which the answer
// does not speak (RFC 9111 §4.4).
func sameOrigin(base *url.URL, reference string) string {
	if reference == "" {
		return ""
	}
	at, err := base.Parse(reference)
	if err != nil || at.Scheme != base.Scheme || !strings.EqualFold(at.Host, base.Host) {
		return ""
	}
	at.Host, at.Fragment, at.RawFragment, at.User = base.Host, "", "", nil
	return at.String()
}

// Invalidate makes what is kept or under way for the identity of ctx unusable for later calls, as an unsafe call does. Without an
// identity it does nothing.
func (a *API) Invalidate(ctx context.Context) {
	if a.identity == nil {
		return
	}
	if who, err := a.identity(ctx); err == nil {
		a.cache.invalidate(who, nil)
	}
}

// Forget drops what is kept for a session that has ended, by the owner that its identities name. Calls under way serve those who wait and
// are not kept; later calls of the session, by requests that still run, are neither shared nor kept.
func (a *API) Forget(owner string) { a.cache.forget(owner, a.now()) }

// ForgetSessions drops what is kept for every session, for when the ends of some may have been missed. Public answers stay.
func (a *API) ForgetSessions() { a.cache.forgetSessions() }

// Close ends the revalidations in the background and waits for them, and unregisters the API from Config.Meters. It does not end calls:
// their callers do.
func (a *API) Close() {
	a.meter.close()
	a.cache.close()
}
