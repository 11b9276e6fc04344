package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// storage is the provider as the library sees it: what it may look up and change.
type storage struct{ *Provider }

var (
	_ op.Storage                        = storage{}
	_ op.CanSetUserinfoFromRequest      = storage{}
	_ op.CanGetPrivateClaimsFromRequest = storage{}
)

var (
	errUnknown = errors.New("provider: unknown or over")
	errSpent   = errors.New("provider: used before")
)

// GetClientByClientID finds a registered client.
func (s storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	client, ok := s.clients[id]
	if !ok {
		return nil, oidc.ErrInvalidClient().WithDescription("unknown client")
	}
	return client, nil
}

// AuthorizeClientIDSecret checks a client's secret.
func (s storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if client, ok := s.clients[id]; !ok || !client.secretIs(secret) {
		return errors.New("provider: wrong client id or secret")
	}
	return nil
}

// GetKeyByIDAndClientID finds the key that a client's assertions are signed with (RFC 7523).
func (s storage) GetKeyByIDAndClientID(_ context.Context, keyID, clientID string) (*jose.JSONWebKey, error) {
	client, ok := s.clients[clientID]
	if !ok || client.Key == nil || client.Key.KeyID != keyID {
		return nil, errUnknown
	}
	return client.Key, nil
}

// CreateAuthRequest stores a request that /authorize has checked.
func (s storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, hint string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	if len(s.requests) >= maxRequests {
		return nil, oidc.ErrServerError().WithDescription("too many requests are open")
	}
	request := &authRequest{
		id: random(), asked: *asked, hint: hint, created: s.now(),
		grant: grant{client: asked.ClientID, scopes: asked.Scopes, issuer: s.issuer, apis: s.scopes, quirks: s.quirks},
	}
	s.requests[request.id] = request
	return copied(request), nil
}

// SaveAuthCode makes a code good for its request.
func (s storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	request, ok := s.requests[id]
	if !ok {
		return errUnknown
	}
	request.issued = s.now()
	s.codes[code] = request
	return nil
}

// AuthRequestByCode spends a code. A code that comes again ends the grant it gave (RFC 6749 §4.1.2).
func (s storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request, ok := s.codes[code]
	if !ok {
		return nil, errUnknown
	}
	if _, open := s.requests[request.id]; !open {
		request.replayed = true
		s.kill(request.family)
		return nil, errSpent
	}
	delete(s.requests, request.id)
	if s.now().Sub(request.issued) > codeLife {
		return nil, errUnknown
	}
	return copied(request), nil
}

// DeleteAuthRequest is called when tokens were made; the code was spent before that.
func (s storage) DeleteAuthRequest(context.Context, string) error { return nil }

// CreateAccessToken gives an access token its id.
func (s storage) CreateAccessToken(context.Context, op.TokenRequest) (id string, expires time.Time, err error) {
	return random(), s.now().Add(s.Settings().AccessTokenTTL), nil
}

// CreateAccessAndRefreshTokens begins a family of refresh tokens, or spends its current one for the next.
func (s storage) CreateAccessAndRefreshTokens(ctx context.Context, request op.TokenRequest, current string) (id, refresh string, expires time.Time, err error) {
	if id, expires, err = s.CreateAccessToken(ctx, request); err != nil {
		return "", "", time.Time{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch request := request.(type) {
	case *authRequest:
		if request.stored.replayed {
			return "", "", time.Time{}, oidc.ErrInvalidGrant().WithParent(errSpent)
		}
		whole := request.grant
		whole.scopes = request.stored.scopes // The first token may be for less (RFC 8707 §2.2).
		f := &family{grant: whole, id: random(), current: random(), used: s.now()}
		s.families[f.id] = f
		s.refresh[f.current] = f
		request.stored.family = f.id
		return id, f.current, expires, nil
	case *refreshRequest:
		f, err := s.unspent(current)
		if err != nil {
			return "", "", time.Time{}, oidc.ErrInvalidGrant().WithParent(err)
		}
		f.used = s.now()
		switch {
		case s.settings.Refresh == RefreshNoNewToken:
			return id, "", expires, nil
		case s.settings.KeepRefreshToken:
			return id, f.current, expires, nil
		}
		f.current = random()
		f.rotations++
		s.refresh[f.current] = f
		return id, f.current, expires, nil
	default:
		return "", "", time.Time{}, fmt.Errorf("provider: no refresh token for a %T", request)
	}
}

// TokenRequestByRefreshToken looks a refresh token up, without spending it.
func (s storage) TokenRequestByRefreshToken(_ context.Context, token string) (op.RefreshTokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.unspent(token)
	if err != nil {
		return nil, err
	}
	return &refreshRequest{grant: f.grant, token: token, current: f.scopes}, nil
}

// GetRefreshTokenInfo finds whose a refresh token is, for revocation; a spent one names its family too.
func (s storage) GetRefreshTokenInfo(_ context.Context, clientID, token string) (subject, tokenID string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.refresh[token]
	if !ok || f.client != clientID {
		return "", "", op.ErrInvalidRefreshToken
	}
	return f.subject, token, nil
}

// RevokeToken ends the family of a refresh token. An access token is read by the APIs alone and lives out its time.
func (s storage) RevokeToken(_ context.Context, token, _, clientID string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.refresh[token]; ok && f.client == clientID {
		s.kill(f.id)
	}
	return nil
}

// SetUserinfoFromRequest says what the ID token tells of the user and the session.
func (s storage) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, request op.IDTokenRequest, scopes []string) error {
	user, ok := s.bySubject(request.GetSubject())
	if !ok {
		return errUnknown
	}
	g, err := grantOf(request)
	if err != nil {
		return err
	}
	*info = *user.claims(scopes)
	info.AppendClaims("sid", g.sid)
	info.AppendClaims("acr", g.acr) // the library has it only at the first exchange
	return nil
}

// GetPrivateClaimsFromRequest says what the access token tells beside the registered claims (RFC 9068 §2.2).
func (s storage) GetPrivateClaimsFromRequest(_ context.Context, request op.TokenRequest, _ []string) (map[string]any, error) {
	user, ok := s.bySubject(request.GetSubject())
	if !ok {
		return nil, errUnknown
	}
	g, err := grantOf(request)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"scope": strings.Join(request.GetScopes(), " "), "roles": user.Roles,
		"acr": g.acr, "auth_time": g.authTime.Unix(), "sid": g.sid,
	}, nil
}

// SigningKey is that of drafts.
func (s storage) SigningKey(context.Context) (op.SigningKey, error) {
	return draftKey{s.keys.public()[0]}, nil
}

// SignatureAlgorithms is RS256.
func (s storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// KeySet is what is published.
func (s storage) KeySet(context.Context) ([]op.Key, error) {
	var keys []op.Key
	for _, k := range s.keys.public() {
		keys = append(keys, published{k})
	}
	return keys, nil
}

// Health is good as long as there is a process.
func (s storage) Health(context.Context) error { return nil }

func grantOf(request any) (grant, error) {
	switch request := request.(type) {
	case *authRequest:
		return request.grant, nil
	case *refreshRequest:
		return request.grant, nil
	default:
		return grant{}, fmt.Errorf("provider: a %T is no grant of ours", request)
	}
}

func copied(request *authRequest) *authRequest {
	c := *request
	c.stored = request
	return &c
}

// unspent needs the lock. A token that was spent ends its family (RFC 9700 §4.14.2).
func (p *Provider) unspent(token string) (*family, error) {
	f, ok := p.refresh[token]
	switch {
	case !ok:
		return nil, errUnknown
	case f.current != token && p.quirks.OldRefreshTokensLive:
	case f.current != token:
		p.kill(f.id)
		return nil, errSpent
	case f.dead || p.now().Sub(f.used) > familyLife:
		return nil, errUnknown
	}
	return f, nil
}

// kill needs the lock. It ends a family of refresh tokens.
func (p *Provider) kill(id string) {
	if f, ok := p.families[id]; ok {
		f.dead = true
	}
}

const maxRequests = 10_000

// forget needs the lock. It drops what can no longer matter.
func (p *Provider) forget() {
	now := p.now()
	maps.DeleteFunc(p.requests, func(_ string, r *authRequest) bool { return now.Sub(r.created) > requestLife })
	maps.DeleteFunc(p.codes, func(_ string, r *authRequest) bool { return now.Sub(r.created) > familyLife })
	maps.DeleteFunc(p.families, func(_ string, f *family) bool { return now.Sub(f.used) > familyLife })
	maps.DeleteFunc(p.refresh, func(_ string, f *family) bool { return now.Sub(f.used) > familyLife })
	maps.DeleteFunc(p.sessions, func(_ string, s *session) bool { return now.Sub(s.authTime) > familyLife })
}
