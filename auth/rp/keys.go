package rp

import (
	"context"
	"crypto/rsa"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	josejson "github.com/go-jose/go-jose/v4/json"
)

const (
	// maxKeys bounds the work that a token without kid can cause.
	maxKeys = 100
	// minRSABits as RFC 7518 3.3 demands.
	minRSABits = 2048
)

// fetchKeys gets the provider's key set. Keys that we cannot use are left out, so that a new kind of key does not
// stop everything; symmetric and private keys must not be there at all and are left out too.
func (p *Provider) fetchKeys(ctx context.Context) ([]jose.JSONWebKey, error) {
	md, err := p.metadata(ctx)
	if err != nil {
		return nil, err
	}
	body, err := p.getJSON(ctx, "jwks", md.JWKS)
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []josejson.RawMessage `json:"keys"`
	}
	if err := josejson.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("%w: jwks: %w", ErrInvalidAnswer, err)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("%w: jwks: more than %d keys", ErrInvalidAnswer, maxKeys)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) == nil && usable(key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: jwks: no usable signing key", ErrInvalidAnswer)
	}
	return keys, nil
}

func usable(key jose.JSONWebKey) bool {
	if key.Use != "" && key.Use != "sig" || !key.IsPublic() {
		return false
	}
	public, isRSA := key.Key.(*rsa.PublicKey)
	return !isRSA || public.N.BitLen() >= minRSABits
}

// verifySignature returns the payload if a key of the provider's set signed it, else a VerifyError; another error
// if that could not be found out. Keys named or contained in the token's own header (jku, x5u, jwk, x5c) play no
// part.
func (p *Provider) verifySignature(ctx context.Context, kind string, token *jose.JSONWebSignature) ([]byte, error) {
	keys, generation, err := p.keys.get(ctx)
	if err != nil {
		return nil, err
	}
	if payload, ok := verifyWith(keys, token); ok {
		return payload, nil
	}
	// The key may be new, under a new kid or, with careless providers, under an old one (Core 10.1.1).
	keys, renewed, err := p.keys.renew(ctx, generation)
	if renewed != generation {
		if payload, ok := verifyWith(keys, token); ok {
			return payload, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("rp: %s: no known key verifies it: %w", kind, err)
	}
	return nil, &VerifyError{Token: kind, Check: "signature"}
}

func verifyWith(keys []jose.JSONWebKey, token *jose.JSONWebSignature) ([]byte, bool) {
	header := token.Signatures[0].Protected
	for _, key := range keys {
		if header.KeyID != "" && key.KeyID != header.KeyID || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if payload, err := token.Verify(key.Key); err == nil {
			return payload, true
		}
	}
	return nil, false
}
