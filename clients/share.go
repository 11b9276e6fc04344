package clients

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// obtain gets an exchange's answer: one that is kept, one that is on its way already, or one of its own. Only calls of
// one identity ever share.
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

// note is that of the call which was made; nil if there is none, or no landing.
func (l landing) note() *note {
	if l.by == nil {
		return nil
	}
	return l.by.note
}

// sharable tells whether another call's answer could serve: it is a GET or HEAD without a body that asks for the whole
// thing, unconditionally, and neither speaks to caches itself nor wants to be asked anew.
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

// neutral tells the headers by which no API may answer differently, so that calls that differ in them alone share: they
// only say which of many equal calls this is.
//
//	X-Request-Id   names the browser's request, for logs
//	Traceparent    names the span, for traces (W3C Trace Context §3.2)
//	Tracestate     goes with it (§3.3); a vendor's sampling at the most
//
// Every other header is part of the key: Accept-Language, Forwarded and configured ones may well decide an answer. An API
// whose Vary names a neutral header is heard all the same.
func neutral(name string) bool {
	return name == headerRequestID || name == headerTraceParent || name == headerTraceState
}

// requestKey is what was asked: method, URL, all headers that are not neutral and how long the answer may be kept, as text. It says nothing of who asked
// and therefore finds nothing by itself: whatever is kept or under way lies behind an IdentityKey (see cache.slots).
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

// mayJoin tells whether an answer serves a call that came while it was on its way. That it may not be stored is no
// reason against it where both calls are one session's: they might as well have been one call. Among strangers only what
// a shared cache might give to all is shared (RFC 9111 §3).
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

// NoteChange tells of an unsafe call that was made beside [Do], such as a relayed one, once its answer's header is there
// and before anybody has it; status 0 says that there was none. Calls by Do need no telling.
func (a *API) NoteChange(ctx context.Context, target *url.URL, status int, header http.Header) {
	if a.identity == nil {
		return
	}
	if who, err := a.identity(ctx); err == nil {
		a.noteChange(ctx, who, target, status, header)
	}
}

// noteChange makes what is kept or on its way for an identity unusable for later calls, when an unsafe call of its may
// have changed something: it succeeded, or it failed in a way that does not say that nothing happened. What the answer
// names is dropped for everybody (RFC 9111 §4.4).
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

// sameOrigin resolves a reference that an answer names; empty if there is none, or if it is another origin's, about which
// the answer has nothing to say (RFC 9111 §4.4).
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

// Invalidate makes what is kept or on its way for the identity of ctx unusable for later calls, as a change by a call of
// its own does. Without such an identity there is nothing to invalidate.
func (a *API) Invalidate(ctx context.Context) {
	if a.identity == nil {
		return
	}
	if who, err := a.identity(ctx); err == nil {
		a.cache.invalidate(who, nil)
	}
}

// Forget drops what is kept for a session that has ended, by the owner that its identities name. What is on its way for it
// is given to those who wait and is kept no more; later calls of it, by requests still running, neither share nor keep.
func (a *API) Forget(owner string) { a.cache.forget(owner, a.now()) }

// ForgetSessions drops what is kept for every session: the ends of some may have been missed. What is public stays.
func (a *API) ForgetSessions() { a.cache.forgetSessions() }

// Close ends revalidations behind callers' backs and waits for them, and what is told of the API to Config.Meters. Calls are
// their callers' to end.
func (a *API) Close() {
	a.meter.close()
	a.cache.close()
}
