package rp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

// keysPause is the least time between two fetches of the key set, for whatever reason: an attacker who sends unknown
// kids or bad signatures causes no more than this.
const keysPause = 10 * time.Second

var (
	errUnknownKey   = errors.New("no key of the provider fits")
	errBadSignature = errors.New("the signature is not the provider's")
)

// keyCache holds the provider's signature keys.
type keyCache struct {
	flight singleflight.Group

	mu      sync.Mutex // guards all of the following
	keys    []jose.JSONWebKey
	fetched time.Time
}

// verify checks a compact signature with the provider's keys and gives the payload. The key comes from the provider's
// jwks_uri alone: what the token's header offers (jwk, jku, x5c, x5u) is never looked at (ASVS 9.1.3).
func (p *Provider) verify(ctx context.Context, token *jose.JSONWebSignature) ([]byte, error) {
	header := token.Signatures[0].Header
	keys := p.cachedKeys()
	payload, err := tryKeys(token, header, keys)
	if err == nil {
		return payload, nil
	}
	// An unknown kid, or a bad signature under a known one, may be a key that the provider has changed since.
	fetched, fetchErr := p.fetchKeys(ctx)
	if fetchErr != nil {
		if len(keys) == 0 {
			return nil, fetchErr
		}
		return nil, err
	}
	return tryKeys(token, header, fetched)
}

// tryKeys verifies with the key of the token's kid, or, where it names none, with every key of its algorithm.
func tryKeys(token *jose.JSONWebSignature, header jose.Header, keys []jose.JSONWebKey) ([]byte, error) {
	err := errUnknownKey
	for _, key := range keys {
		if header.KeyID != "" && key.KeyID != header.KeyID || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		payload, bad := token.Verify(key)
		if bad == nil {
			return payload, nil
		}
		err = errBadSignature
	}
	return nil, err
}

func (p *Provider) cachedKeys() []jose.JSONWebKey {
	p.keys.mu.Lock()
	defer p.keys.mu.Unlock()
	return p.keys.keys
}

// fetchKeys gives the newest keys: fetched now, or the cached ones if they were fetched less than keysPause ago.
func (p *Provider) fetchKeys(ctx context.Context) ([]jose.JSONWebKey, error) {
	c := &p.keys
	c.mu.Lock()
	keys, recent := c.keys, p.cfg.Now().Sub(c.fetched) < keysPause
	c.mu.Unlock()
	if recent {
		return keys, nil
	}
	done := c.flight.DoChan("", func() (any, error) { return p.readKeys(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.([]jose.JSONWebKey), nil
	}
}

func (p *Provider) readKeys(ctx context.Context) ([]jose.JSONWebKey, error) {
	doc, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	c := &p.keys
	c.mu.Lock()
	c.fetched = p.cfg.Now() // A failed fetch counts too: it is calls that are bounded.
	c.mu.Unlock()
	body, err := p.get(ctx, doc.JWKSURI)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	keys, err := parseKeys(body)
	if err != nil {
		return nil, fmt.Errorf("key set: %w: %w", ErrProviderUnavailable, err)
	}
	c.mu.Lock()
	c.keys = keys
	c.mu.Unlock()
	return keys, nil
}

// parseKeys takes the public signature keys of a set and passes over what it does not know, as RFC 7517 §5 asks.
func parseKeys(body []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil || set.Keys == nil {
		return nil, errNotJSON
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(raw); err != nil || !key.IsPublic() || key.Use != "" && key.Use != "sig" {
			continue
		}
		keys = append(keys, key)
	}
	return keys, nil
}
