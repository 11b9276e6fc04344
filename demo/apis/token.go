package apis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

const (
	// maxToken bounds an access token, in bytes.
	maxToken = 16 << 10
	// maxKeys bounds the issuer's key set, in bytes.
	maxKeys = 1 << 20
)

var (
	errToken = errors.New("apis: the access token is not valid")
	errKeys  = errors.New("apis: the issuer's keys cannot be had")
)

// accessClaims are what an API reads from an access token beside the registered claims.
type accessClaims struct {
	Scope string   `json:"scope"`
	Roles []string `json:"roles"`
	ACR   string   `json:"acr"`
}

// admit checks the access token of a request (RFC 6750, RFC 9068 §4). When it returns false it has
// answered: 401 without a good token, 403 without the scope, 503 when the keys cannot be had, which says
// nothing about the token.
func (s *Set) admit(w http.ResponseWriter, r *http.Request, api, scope string) (caller, bool) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		// RFC 6750 §3.1: without a token there is no error code.
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer realm=%q", Audience(api)))
		writeProblem(w, problem{Status: http.StatusUnauthorized, Detail: "An access token is needed."})
		return caller{}, false
	}
	scheme, raw, _ := strings.Cut(values[0], " ")
	who, claims, err := caller{}, accessClaims{}, errToken
	if len(values) == 1 && strings.EqualFold(scheme, "Bearer") && len(raw) <= maxToken {
		who, claims, err = s.verify(r.Context(), strings.TrimLeft(raw, " "), Audience(api))
	}
	if errors.Is(err, errKeys) {
		w.Header().Set("Retry-After", "1")
		writeProblem(w, problem{Status: http.StatusServiceUnavailable, Detail: "The issuer's keys cannot be had."})
		return caller{}, false
	}
	if err != nil {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer realm=%q, error=\"invalid_token\"", Audience(api)))
		writeProblem(w, problem{Status: http.StatusUnauthorized, Detail: "The access token is not valid here."})
		return caller{}, false
	}
	if !slices.Contains(strings.Fields(claims.Scope), scope) {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer realm=%q, error=\"insufficient_scope\", scope=%q", Audience(api), scope))
		writeProblem(w, problem{Status: http.StatusForbidden, Detail: "The access token lacks the scope " + scope + "."})
		return caller{}, false
	}
	return who, true
}

// verify returns what a token says, errToken when it is not to be believed, or errKeys.
func (s *Set) verify(ctx context.Context, raw, audience string) (caller, accessClaims, error) {
	var claims accessClaims
	// RFC 9068 §4: typ keeps ID tokens and others of the same issuer out. go-oidc does not look at it.
	parsed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(parsed.Signatures) != 1 {
		return caller{}, claims, errToken
	}
	typ, _ := parsed.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string)
	if typ = strings.ToLower(typ); typ != "at+jwt" && typ != "application/at+jwt" {
		return caller{}, claims, errToken
	}
	keys := &keyAttempt{remote: s.keys}
	token, err := oidc.NewVerifier(s.issuer, keys, &oidc.Config{
		ClientID: audience, SupportedSigningAlgs: []string{oidc.RS256}, Now: s.now,
	}).Verify(ctx, raw)
	switch {
	case keys.unavailable:
		return caller{}, claims, errKeys
	case err != nil, token.Subject == "", !token.Expiry.After(s.now()), token.Claims(&claims) != nil:
		return caller{}, claims, errToken
	}
	return caller{subject: token.Subject, agent: slices.Contains(claims.Roles, "agent"), acr: claims.ACR}, claims, nil
}

// keyAttempt notes whether a signature could not be checked for want of keys: the verifier's own error
// tells that apart from a bad signature only by its text.
type keyAttempt struct {
	remote      *oidc.RemoteKeySet
	unavailable bool
}

// VerifySignature is what the verifier calls.
func (k *keyAttempt) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.remote.VerifySignature(ctx, jwt)
	var network *url.Error
	k.unavailable = errors.As(err, &network) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	return payload, err
}

// keyClient is the client that fetches the keys.
func keyClient(client *http.Client) *http.Client {
	if client == nil {
		client = &http.Client{
			Timeout:       5 * time.Second,
			Transport:     &http.Transport{Proxy: nil, IdleConnTimeout: 30 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	base := client.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	own := *client
	own.Transport = keyTransport{base}
	return &own
}

// keyTransport makes every answer that is no key set an error of the network.
type keyTransport struct{ base http.RoundTripper }

// RoundTrip fetches the keys.
func (t keyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxKeys))
	if err != nil {
		return nil, err
	}
	var set jose.JSONWebKeySet
	if response.StatusCode != http.StatusOK || json.Unmarshal(body, &set) != nil || len(set.Keys) == 0 {
		return nil, errKeys
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
