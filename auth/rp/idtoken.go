package rp

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxToken bounds a token before anything is decoded of it, in bytes.
const maxToken = 256 << 10

// expectation is what an ID token must fit besides being the provider's and this client's.
type expectation struct {
	nonce       string
	accessToken string
	maxAge      *time.Duration
	acr         []string
}

// verifyIDToken checks an ID token in full (OpenID Connect Core §3.1.3.7): go-jose does the signature, the rest is here.
func (p *Provider) verifyIDToken(ctx context.Context, raw string, want expectation) (*IDClaims, error) {
	payload, alg, err := p.open(ctx, raw, "", "JWT")
	if err != nil {
		return nil, err
	}
	m, err := parseMembers(payload)
	if err != nil {
		return nil, err
	}
	if err := p.checkParties(m); err != nil {
		return nil, err
	}
	claims, err := p.readIDClaims(m)
	if err != nil {
		return nil, err
	}
	nonce, err := m.text("nonce")
	if err != nil {
		return nil, err
	}
	if want.nonce != "" && subtle.ConstantTimeCompare([]byte(nonce), []byte(want.nonce)) != 1 {
		return nil, fmt.Errorf("%w: nonce is not the one sent", ErrInvalidToken)
	}
	if err := checkHash(m, alg, want.accessToken); err != nil {
		return nil, err
	}
	if err := p.checkAuthentication(claims, want); err != nil {
		return nil, err
	}
	return claims, nil
}

func (p *Provider) readIDClaims(m members) (*IDClaims, error) {
	c := &IDClaims{Issuer: p.cfg.Issuer, Raw: m}
	var err error
	if c.IssuedAt, c.Expiry, err = p.checkTimes(m); err != nil {
		return nil, err
	}
	if c.Subject, err = m.text("sub"); err != nil {
		return nil, err
	}
	if err := checkSubject(c.Subject); err != nil {
		return nil, err
	}
	if c.SID, err = m.text("sid"); err != nil {
		return nil, err
	}
	if c.ACR, err = m.text("acr"); err != nil {
		return nil, err
	}
	if c.AMR, err = m.texts("amr"); err != nil {
		return nil, err
	}
	if c.AuthTime, err = m.time("auth_time"); err != nil {
		return nil, err
	}
	return c, nil
}

// open checks type and signature of a JWT and gives its payload and algorithm. types are the values of typ that are
// accepted, in any case and with or without "application/"; a token of another kind must not pass for this one.
func (p *Provider) open(ctx context.Context, raw string, types ...string) ([]byte, jose.SignatureAlgorithm, error) {
	if len(raw) > maxToken {
		return nil, "", fmt.Errorf("%w: it is larger than 256 KiB", ErrInvalidToken)
	}
	token, err := jose.ParseSignedCompact(raw, p.algs)
	if err != nil {
		return nil, "", fmt.Errorf("%w: it is no signed JWT with an allowed algorithm", ErrInvalidToken)
	}
	header := token.Signatures[0].Header
	kind, _ := header.ExtraHeaders[jose.HeaderType].(string)
	kind = strings.TrimPrefix(strings.ToLower(kind), "application/")
	if !slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, kind) }) {
		return nil, "", fmt.Errorf("%w: typ %q is another kind of token", ErrInvalidToken, kind)
	}
	payload, err := p.verify(ctx, token)
	if errors.Is(err, errUnknownKey) || errors.Is(err, errBadSignature) {
		return nil, "", fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	return payload, jose.SignatureAlgorithm(header.Algorithm), err
}

// checkHash checks at_hash against the access token if it is there (OpenID Connect Core §3.1.3.8).
func checkHash(m members, alg jose.SignatureAlgorithm, accessToken string) error {
	got, err := m.text("at_hash")
	if err != nil {
		return err
	}
	if got == "" {
		return nil
	}
	var sum []byte
	switch alg {
	case jose.RS384, jose.PS384, jose.ES384:
		h := sha512.Sum384([]byte(accessToken))
		sum = h[:]
	case jose.RS512, jose.PS512, jose.ES512, jose.EdDSA:
		h := sha512.Sum512([]byte(accessToken))
		sum = h[:]
	default:
		h := sha256.Sum256([]byte(accessToken))
		sum = h[:]
	}
	want := base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return fmt.Errorf("%w: at_hash is not of this access token", ErrInvalidToken)
	}
	return nil
}

// checkAuthentication checks what was asked of the sign-in itself: its age and its class.
func (p *Provider) checkAuthentication(c *IDClaims, want expectation) error {
	if want.maxAge != nil {
		if c.AuthTime.IsZero() {
			return fmt.Errorf("%w: max_age was asked and auth_time is %w", ErrInvalidToken, errMissing)
		}
		if p.cfg.Now().Sub(c.AuthTime) > *want.maxAge+p.cfg.Leeway {
			return fmt.Errorf("%w: the sign-in is older than the max_age asked", ErrInvalidToken)
		}
	}
	if len(want.acr) > 0 && !slices.Contains(want.acr, c.ACR) {
		return fmt.Errorf("%w: acr is none of those asked", ErrInvalidToken)
	}
	return nil
}
