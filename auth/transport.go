package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// errForeignOrigin is the error of a request that would take a token to another origin.
var errForeignOrigin = errors.New("auth: the request does not go to the API's own origin")

// maxDrain bounds what is read of a 401's body so that its connection can be used again, in bytes.
const maxDrain = 64 << 10

// Transport adds the access token for the API to each request, and nothing else: the session is the one in the request's
// context. It sends a token to no origin but the API's own (BBA-14), and the browser's Cookie and Authorization to none
// (BBA-17).
//
// After a 401 the token is refreshed, at most once a minute per session and API unless it was due anyway, and the request
// is repeated if it can be (GQL-14). A demand for a stronger sign-in (RFC 9470) is passed on: no refresh would help.
//
// Errors: ErrUnauthenticated when the API needs a user and there is none, ErrSessionEnded, ErrProviderUnavailable (also after a
// 401, when no other token can be had now, and where waiting for tokens took more than half of a call's time and the rest was too short),
// and those of base.
func (s *Service) Transport(name string, base http.RoundTripper) http.RoundTripper {
	return &bearer{service: s, name: name, api: s.cfg.APIs[name], base: base}
}

type bearer struct {
	service *Service
	name    string
	api     APIToken
	base    http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	if b.api.Kind == KindNone {
		return b.base.RoundTrip(bare(req))
	}
	begun := time.Now()
	held, err := b.token(req, "")
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	waited := time.Since(begun)
	res, err := b.base.RoundTrip(withBearer(req, held.Value))
	if err != nil {
		return nil, ranOut(req, begun, waited, err)
	}
	if res.StatusCode != http.StatusUnauthorized || wantsStepUp(res) || !isReplayable(req) {
		return res, err
	}
	refused := time.Now()
	again, err := b.replace(req, held)
	waited += time.Since(refused)
	switch {
	case errors.Is(err, errForcedBefore), errors.Is(err, ErrUnauthenticated):
		return res, nil
	case err != nil: // A 401 would ask the user to sign in, which would not help now.
		res.Body.Close()
		return nil, err
	}
	repeat := withBearer(req, again.Value)
	if req.GetBody != nil {
		if repeat.Body, err = req.GetBody(); err != nil {
			return res, nil //nolint:nilerr // The 401 is the answer; it just cannot be tried again.
		}
	}
	io.Copy(io.Discard, io.LimitReader(res.Body, maxDrain)) //nolint:errcheck // Only for the connection's sake.
	res.Body.Close()
	if res, err = b.base.RoundTrip(repeat); err != nil {
		return nil, ranOut(req, begun, waited, err)
	}
	return res, nil
}

// ranOut is the error of a call that came to nothing. If its time is over, and more than half of that went by with waiting for tokens, it
// says nothing of the API.
func ranOut(req *http.Request, begun time.Time, waited time.Duration, err error) error {
	if errors.Is(req.Context().Err(), context.DeadlineExceeded) && waited > time.Since(begun)/2 {
		return errors.Join(ErrProviderUnavailable, err)
	}
	return err
}

// errForcedBefore is the error of a token that an API refused too soon after another.
var errForcedBefore = errors.New("auth: a new token was forced less than a minute ago")

// replace gives a token instead of one that the API refused: a newer one that is there already, or, if one may be forced, a new one.
func (b *bearer) replace(req *http.Request, refused token) (token, error) {
	session := FromContext(req.Context())
	who := "client"
	if session != nil {
		who = session.key
		if held := session.body.Load().Tokens[b.api.key()]; held.Value != refused.Value && held.alive(b.service.now()) {
			return held, nil
		}
	}
	// The refresh of a token that was due for one is not forced: the token expired before a slow API looked at it.
	if refused.fresh(b.service.now(), 0) && !b.service.flights.mayForce(who+"\x00"+b.name, b.service.now()) {
		if b.service.flights.failing(who + "\x00" + b.api.key()) {
			return token{}, ErrProviderUnavailable // Not a 401: a user who is asked to sign in would find that she is signed in.
		}
		return token{}, errForcedBefore
	}
	again, err := b.token(req, refused.Value)
	if err != nil {
		b.service.cfg.Logger.WarnContext(req.Context(), "an API refused a token, and no other could be had", "api", b.name, "error", err)
	}
	return again, err
}

func (b *bearer) token(req *http.Request, refused string) (token, error) {
	if b.api.BaseURL == nil || req.URL.Scheme != b.api.BaseURL.Scheme || !strings.EqualFold(req.URL.Host, b.api.BaseURL.Host) {
		return token{}, fmt.Errorf("%w: API %q", errForeignOrigin, b.name)
	}
	return b.service.accessToken(req.Context(), FromContext(req.Context()), b.api, refused)
}

// bare is a copy of the request without the headers of a browser that no API may get.
func bare(req *http.Request) *http.Request {
	out := req.Clone(req.Context())
	out.Header.Del("Authorization")
	out.Header.Del("Cookie")
	return out
}

func withBearer(req *http.Request, value string) *http.Request {
	out := bare(req)
	out.Header.Set("Authorization", "Bearer "+value)
	return out
}

func isReplayable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

func wantsStepUp(res *http.Response) bool {
	for _, challenge := range res.Header.Values("WWW-Authenticate") {
		if strings.Contains(challenge, "insufficient_user_authentication") {
			return true
		}
	}
	return false
}
