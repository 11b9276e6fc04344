package clients

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	defaultMaxUpload = 32 << 20
	relayPrefix      = "/api/"
)

// RelayConfig is which APIs browsers reach through the relay, and how.
type RelayConfig struct {
	// APIs are offered under /api/{name}/. An API without routes is not there.
	APIs []RelayAPI
	// Origin is the gateway's public origin; the header Origin of a WebSocket must be equal. Required.
	Origin string
	// LoginURL is where a person signs in. Default /auth/login.
	LoginURL string
	// Page answers a person's navigation that is refused, with the words for it and the address of a login that would help,
	// if any; false: the request is no navigation. Nil: navigations get the problem details that scripts get.
	Page func(w http.ResponseWriter, r *http.Request, status int, title, text, loginURL string) bool
	// UntilEnded gives a context that ends with the session of its argument, for streams; nil: they end with their request.
	UntilEnded func(context.Context) (context.Context, context.CancelFunc, error)
	Logger     *slog.Logger
}

// RelayAPI is one API and the part of it that is offered.
type RelayAPI struct {
	API    *API
	Routes []RelayRoute
	// MaxUpload bounds a request's body in bytes. Default 32 MiB.
	MaxUpload int64
	// SignedIn requires a session, except on routes that are Public: for an API that would answer anybody, since its token is the
	// gateway's own. An API whose token is the user's requires a session anyway.
	SignedIn bool
}

// RelayRoute allows methods on the paths that fit a pattern.
type RelayRoute struct {
	// Methods are allowed; GET allows HEAD too.
	Methods []string
	// Path is a pattern below the API's base: "/shipments/*/events". "*" is one segment, "**" at the end one or more.
	Path string
	// BrowserLoads lets the browser itself load the path with GET, as an image or a download: it cannot send the header
	// that scripts send, so that Sec-Fetch-Site must say same-origin instead. See [Relay.BrowserLoads].
	BrowserLoads bool
	// WebSocket lets GET become a WebSocket.
	WebSocket bool
	// Public lets anybody ask, signed in or not, where RelayAPI.SignedIn would ask for a session.
	Public bool
}

// Relay is the handler of /api/{name}/…: it passes requests on to an API with the session's token.
//
// Only what is on a list is passed on: paths, methods, headers in both directions. An answer is on our origin, and must not act as a
// document there: it is sandboxed, its type is not guessed, and it is a download unless it is JSON, plain text, an image or an event
// stream. Requests share breaker, bulkhead and counters with the API's other calls; they are not repeated.
//
// Not done here: cross-site checks and sessions (package auth, before it).
type Relay struct {
	cfg  RelayConfig
	apis map[string]*relayed
}

// relayed is one API behind the relay.
type relayed struct {
	api    *API
	routes []relayRoute
	signed bool // whoever asks must be
	upload int64
	places places
}

// NewRelay checks a configuration and reports all its faults at once.
func NewRelay(cfg RelayConfig) (*Relay, error) {
	if cfg.LoginURL == "" {
		cfg.LoginURL = "/auth/login"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Relay{cfg: cfg, apis: map[string]*relayed{}}
	var faults []error
	if cfg.Origin == "" {
		faults = append(faults, errors.New("clients: the relay needs the public origin"))
	}
	for _, offered := range cfg.APIs {
		one := &relayed{api: offered.API, signed: offered.SignedIn, upload: offered.MaxUpload, places: places{by: map[string]int{}}}
		if one.upload == 0 {
			one.upload = defaultMaxUpload
		}
		for _, route := range offered.Routes {
			parsed, err := parseRoute(route)
			if err != nil {
				faults = append(faults, fmt.Errorf("clients: relay of API %q: %w", offered.API.name, err))
			}
			one.routes = append(one.routes, parsed)
		}
		if len(one.routes) > 0 {
			r.apis[offered.API.name] = one
		}
	}
	return r, errors.Join(faults...)
}

// BrowserLoads tells whether the browser itself may load what a request asks for. Such a request must be checked for
// Sec-Fetch-Site: same-origin in the place of the header that scripts send.
func (r *Relay) BrowserLoads(req *http.Request) bool {
	if req.Method != http.MethodGet && req.Method != http.MethodHead || req.Header.Get("Upgrade") != "" {
		return false
	}
	p, err := parsePlace(req.URL)
	one := r.apis[p.name]
	return err == nil && one != nil && slices.ContainsFunc(one.routes, func(route relayRoute) bool {
		return route.BrowserLoads && route.fits(p.segments) && route.allows(http.MethodGet)
	})
}

// ServeHTTP handles "/api/{name}/…".
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	p, err := parsePlace(req.URL)
	if err != nil {
		r.refuseRelay(w, req, http.StatusBadRequest, problemPath, nil)
		return
	}
	one := r.apis[p.name]
	if one == nil {
		r.refuseRelay(w, req, http.StatusNotFound, problemNotFound, nil)
		return
	}
	route, allowed := one.find(p.segments, req.Method)
	switch {
	case len(allowed) == 0:
		r.refuseRelay(w, req, http.StatusNotFound, problemNotFound, nil)
		return
	case route == nil:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		r.refuseRelay(w, req, http.StatusMethodNotAllowed, problemMethod, nil)
		return
	}
	if one.signed && !route.Public && !one.api.isSignedIn(req.Context()) {
		r.refuse(w, req, &Error{Code: CodeUnauthenticated, API: p.name})
		return
	}
	socket := req.Header.Get("Upgrade") != ""
	if socket && !r.mayUpgrade(route, req) {
		r.refuseRelay(w, req, http.StatusBadRequest, problemUpgrade, nil)
		return
	}
	if req.ContentLength > one.upload {
		r.refuseRelay(w, req, http.StatusRequestEntityTooLarge, problemTooLarge, nil)
		return
	}
	r.pass(w, req, one, route, p, socket)
}

// pass sends the request on and its answer back.
func (r *Relay) pass(w http.ResponseWriter, req *http.Request, one *relayed, route *relayRoute, p place, socket bool) {
	free, refused := one.place(req.Context())
	if refused != nil {
		r.refuse(w, req, refused)
		return
	}
	defer free()
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	x := &exchange{method: req.Method, template: route.Path, repeatable: idempotent(req.Method)}
	out, body, err := one.outgoing(w, req.WithContext(ctx), p, socket)
	if err != nil {
		r.refuseRelay(w, req, http.StatusBadRequest, problemPath, nil)
		return
	}
	res, err := one.send(out, x, body, cancel)
	if err != nil && !safe(req.Method) && one.api.isNetwork(err) {
		one.api.NoteChange(req.Context(), out.URL, 0, nil) // It may have acted all the same.
	}
	if err != nil {
		if body.tooLarge() {
			r.refuseRelay(w, req, http.StatusRequestEntityTooLarge, problemTooLarge, nil)
			return
		}
		r.refuse(w, req, one.api.failure(x, err))
		return
	}
	defer res.Body.Close()
	if !safe(req.Method) {
		one.api.NoteChange(req.Context(), out.URL, res.StatusCode, res.Header)
	}
	if socket && res.StatusCode == http.StatusSwitchingProtocols {
		r.socket(w, req, res, cancel)
		return
	}
	r.answer(w, req, one, x, p, res, cancel)
}

// outgoing is the request to the API; there is none if its path is too long.
func (o *relayed) outgoing(w http.ResponseWriter, req *http.Request, p place, socket bool) (*http.Request, *upload, error) {
	u, err := p.path().resolve(o.api.base, nil)
	if err != nil {
		return nil, nil, err
	}
	u.RawQuery = req.URL.RawQuery
	body := &upload{}
	out := (&http.Request{
		Method: req.Method, URL: u, Host: u.Host, Header: o.api.relayHeader(req, socket), ContentLength: req.ContentLength,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(req.Context())
	if req.ContentLength != 0 {
		body.ReadCloser = http.MaxBytesReader(w, req.Body, o.upload)
		out.Body = body
	}
	return out, body, nil
}

// send is one attempt. The API has its timeout to begin an answer; that of an upload begins anew with each part it takes.
func (o *relayed) send(out *http.Request, x *exchange, body *upload, cancel context.CancelFunc) (*http.Response, error) {
	a := o.api
	a.count.calls.Add(1)
	waiting, stop := context.WithTimeout(out.Context(), a.timeout)
	defer stop()
	p, err := a.admit(waiting)
	if err != nil {
		return nil, err
	}
	v, began := noVerdict, a.now()
	defer func() { a.release(p, v) }()
	tracing, span := a.beginAttempt(out.Context(), x, 1)
	out.Header = a.traced(tracing, out.Header)
	body.silence.start(a.timeout, cancel)
	res, err := a.transport.RoundTrip(out.WithContext(tracing))
	err = a.exhausted(err)
	switch timedOut := body.silence.end(); {
	case timedOut:
		if err == nil {
			res.Body.Close()
		}
		v = ill
		a.meter.attempt(out.Context(), a, x, began, 0, context.DeadlineExceeded)
		a.endAttempt(span, x, 0, context.DeadlineExceeded)
		return nil, context.DeadlineExceeded
	case err == nil:
		v = a.judge(out.Context(), began, res.StatusCode, nil)
	case !body.failed(): // what failed of the body is the browser's fault
		v = a.judge(out.Context(), began, 0, err)
	}
	status := 0
	if err == nil {
		status = res.StatusCode
	}
	a.meter.attempt(out.Context(), a, x, began, status, err)
	a.endAttempt(span, x, status, err)
	return res, err
}

// origin is the API's own, as a URL's beginning.
func (a *API) origin() string {
	return (&url.URL{Scheme: a.base.Scheme, Host: a.base.Host}).String()
}
