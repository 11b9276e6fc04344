package rp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// assertionLife is how long a client assertion may be used, once, by the provider it is for.
const assertionLife = time.Minute

var errKeyKind = errors.New("want RSA of at least 2048 bits, ECDSA P-256, P-384 or P-521, or Ed25519")

// assertion makes a client assertion (RFC 7523 §3, OpenID Connect Core §9). Its audience is the issuer identifier
// alone, at every endpoint, so that no other server can use it.
func (p *Provider) assertion() (string, error) {
	alg, err := algorithmFor(p.cfg.PrivateKey)
	if err != nil {
		return "", fmt.Errorf("rp: client assertion: %w", err)
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	if p.cfg.PrivateKeyID != "" {
		options = options.WithHeader("kid", p.cfg.PrivateKeyID)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: cryptosigner.Opaque(p.cfg.PrivateKey)}, options)
	if err != nil {
		return "", fmt.Errorf("rp: client assertion: %w", err)
	}
	now := p.cfg.Now()
	payload, err := json.Marshal(map[string]any{
		"iss": p.cfg.ClientID, "sub": p.cfg.ClientID, "aud": p.cfg.Issuer, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("rp: client assertion: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("rp: client assertion: %w", err)
	}
	return signed.CompactSerialize()
}

func algorithmFor(key crypto.Signer) (jose.SignatureAlgorithm, error) {
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() >= 2048 {
			return jose.RS256, nil
		}
	case *ecdsa.PublicKey:
		switch public.Curve.Params().BitSize {
		case 256:
			return jose.ES256, nil
		case 384:
			return jose.ES384, nil
		case 521:
			return jose.ES512, nil
		}
	case ed25519.PublicKey:
		return jose.EdDSA, nil
	}
	return "", errKeyKind
}
