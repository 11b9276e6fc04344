package auth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// loginToken names the access token that came with the login; APIs that ask for nothing of their own share it.
const loginToken = "login"

const (
	// refreshAhead is how long before its end a token is refreshed, at the most.
	refreshAhead = time.Minute
	// shortShare is for tokens of short lives, which are refreshed when one part in so many is left.
	shortShare = 4
	// maxPatience bounds how long a request waits for a new token while the old one lives.
	maxPatience = time.Second
)

// key names the token that an API is called with. Two APIs share one only if they ask for exactly the same (RES-2).
func (a APIToken) key() string {
	if a.Kind == KindUser && a.Audience == "" && a.Resource == "" && len(a.Scopes) == 0 {
		return loginToken
	}
	return strings.Join([]string{a.Kind, a.Audience, a.Resource, strings.Join(a.Scopes, " ")}, "\x1f")
}

// request is what is asked of the token endpoint for the API.
func (a APIToken) request(subject secret.Text) rp.TokenRequest {
	req := rp.TokenRequest{SubjectToken: subject, OnBehalfOf: a.Kind == KindOnBehalfOf, Scopes: a.Scopes, Audience: a.Audience}
	if a.Resource != "" {
		req.Resources = []string{a.Resource}
	}
	return req
}

// audience is what the audit trail says that a token is for.
func (a APIToken) audience() string { return cmp.Or(a.Audience, a.Resource) }

// tokenEvent is the audit trail's name for fetching a token.
func tokenEvent(api APIToken) string {
	switch api.Kind {
	case KindUser:
		return "refresh"
	case KindClient:
		return "client_token"
	}
	return "exchange"
}

// fresh tells whether a token need not be refreshed yet: it lives for another minute, or, if its life is short, for a
// quarter of it. jitter, in [0, 1), spreads sessions so that those that began in one morning do not all refresh at once.
func (t token) fresh(now time.Time, jitter float64) bool {
	margin := t.ahead()
	margin += time.Duration(float64(margin) * jitter / 4)
	return t.Value != "" && now.Before(t.Expires.Add(-margin))
}

// ahead is how long before its end a token is refreshed.
func (t token) ahead() time.Duration { return min(refreshAhead, t.Expires.Sub(t.Issued)/shortShare) }

// lasts tells whether a token that is being refreshed will do meanwhile: half of the time is left that is meant for the refresh.
func (t token) lasts(now time.Time) bool { return now.Before(t.Expires.Add(-t.ahead() / 2)) }

func (t token) alive(now time.Time) bool { return t.Value != "" && now.Before(t.Expires) }

// jitter follows from the session, so that every replica decides alike.
func (b *body) jitter() float64 {
	return float64(crc32.ChecksumIEEE([]byte(b.Handle))>>24) / 256
}

// accessToken gives a token for an API. refused is a token that the API has refused, and which is not given again; it may be empty.
//
// While the provider or the store cannot be reached, or the provider wants to see the user, a token that has not expired is given:
// BBA-22 is about a refusal by the provider, not about its silence.
func (s *Service) accessToken(ctx context.Context, session *Session, api APIToken, refused string) (token, error) {
	if api.Kind == KindClient {
		return s.clientToken(ctx, api, refused)
	}
	if session == nil {
		return token{}, ErrUnauthenticated
	}
	b := session.body.Load()
	held := b.Tokens[api.key()]
	if session.readOnly {
		// Replaced by a step-up: the tokens that it has serve the requests under way, and it gets no new ones.
		if held.Value == refused || !held.alive(s.now()) {
			return token{}, ErrSessionEnded
		}
		return held, nil
	}
	if held.Value != refused && held.fresh(s.now(), b.jitter()) {
		return held, nil
	}
	waiting := ctx
	if held.Value != refused && held.alive(s.now()) {
		var stop context.CancelFunc
		waiting, stop = context.WithTimeout(ctx, patience(ctx))
		defer stop()
	}
	fetched, err := s.fetch(waiting, session, api, refused)
	hasEnded := errors.Is(err, ErrSessionEnded) // Which is ErrUnauthenticated too.
	isPassing := errors.Is(err, ErrProviderUnavailable) || errors.Is(err, ErrStoreUnavailable) || errors.Is(err, ErrUnauthenticated)
	if ctx.Err() == nil && isPassing && !hasEnded && held.Value != refused && held.alive(s.now()) {
		return held, nil
	}
	return fetched, err
}

// patience is how long a request waits for a new token while the old one lives: a provider or a store that hangs, or another replica's
// lease, must not fail it, so half of its time is left for the API. The refresh goes on meanwhile.
func patience(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return min(maxPatience, time.Until(deadline)/2)
	}
	return maxPatience
}

// clientToken gives a token of the gateway's own (RFC 6749 §4.4), shared by all sessions.
func (s *Service) clientToken(ctx context.Context, api APIToken, refused string) (token, error) {
	key := api.key()
	if t, ok := s.loadAnyone(key); ok && t.Value != refused && t.fresh(s.now(), 0) {
		return t, nil
	}
	return s.flights.do(ctx, s, "client\x00"+key, func(ctx context.Context) (token, error) {
		if t, ok := s.loadAnyone(key); ok && t.Value != refused && t.fresh(s.now(), 0) {
			return t, nil
		}
		if why := s.flights.backingOff("client\x00"+key, s.now()); why != nil {
			return token{}, why
		}
		grant, err := s.granted(ctx, "client_credentials", func(ctx context.Context) (*rp.Grant, error) {
			return s.cfg.Provider.ClientCredentials(ctx, api.request(secret.Text{}))
		})
		if err != nil {
			return token{}, s.providerFailed(ctx, "client\x00"+key, api, err)
		}
		s.flights.succeeded("client\x00" + key)
		t := s.tokenOf(grant)
		s.anyone.Store(key, t)
		s.audit(ctx, tokenEvent(api), slog.String("audience", api.audience()))
		return t, nil
	})
}

func (s *Service) loadAnyone(key string) (token, bool) {
	held, _ := s.anyone.Load(key)
	t, ok := held.(token)
	return t, ok
}

func (s *Service) tokenOf(grant *rp.Grant) token {
	return token{Value: grant.AccessToken.Reveal(), Expires: grant.Expiry, Issued: s.now()}
}

// appendPart appends a text after its length, so that no two lists of texts give the same bytes.
func appendPart(to []byte, part string) []byte {
	return append(append(strconv.AppendInt(to, int64(len(part)), 10), ':'), part...)
}

// Identity says for whom the named API is called: two calls may share an answer only if their keys are equal. key is a keyed hash that
// names nobody. owner is the session whose end Config.Ended reports, empty if there is none. public is
// true only for an API that is called without a token. ErrUnauthenticated if the API needs a user and there is none.
func (s *Service) Identity(ctx context.Context, name string) (key, owner string, public bool, err error) {
	api, ok := s.cfg.APIs[name]
	if !ok {
		return "", "", false, fmt.Errorf("auth: no API is called %q", name)
	}
	if api.Kind == KindNone {
		return "", "", true, nil
	}
	session := FromContext(ctx)
	if session == nil && api.Kind != KindClient {
		return "", "", false, ErrUnauthenticated
	}
	handle := ""
	if session != nil {
		handle, owner = session.body.Load().Handle, session.key
	}
	// A plain hash that begins with the key: every call needs one, and it never leaves the process, so an HMAC would buy nothing.
	text := append(make([]byte, 0, 512), s.keys.sealing().index...)
	for _, part := range []string{"identity", handle, name, api.Kind, api.Audience, api.Resource} {
		text = appendPart(text, part)
	}
	for _, scope := range api.Scopes {
		text = appendPart(text, scope)
	}
	sum := sha256.Sum256(text)
	return encode(sum[:]), owner, false, nil
}
