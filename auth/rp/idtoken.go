package rp

import (
	"context"
	"crypto"
	_ "crypto/sha256" // for leftHalfHash
	_ "crypto/sha512" // for leftHalfHash
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
)

// backchannelEvent marks a logout token (Back-Channel Logout 2.4).
const backchannelEvent = "http://schemas.openid.net/event/backchannel-logout"

// verifyLogin checks the ID token of a code exchange.
func (p *Provider) verifyLogin(ctx context.Context, t *tokens, req ExchangeRequest) (*IDClaims, error) {
	c, id, err := p.verifyIDToken(ctx, t)
	if err != nil {
		return nil, err
	}
	if nonce, err := c.text("nonce"); err != nil || subtle.ConstantTimeCompare([]byte(nonce), []byte(req.Nonce)) != 1 { // (11)
		return nil, c.refuse("nonce")
	}
	if err := c.checkHash("c_hash", req.Code); err != nil {
		return nil, err
	}
	if len(req.ACR) > 0 && !slices.Contains(req.ACR, id.ACR) { // (12)
		return nil, c.refuse("acr")
	}
	if req.MaxAge != nil { // (13); no auth_time is the zero time, which is too old
		begun := req.RequestedAt
		if begun.IsZero() {
			begun = p.cfg.Now()
		}
		if id.AuthTime.Before(begun.Add(-*req.MaxAge - p.cfg.Leeway)) {
			return nil, c.refuse("auth_time")
		}
	}
	return id, nil
}

// verifyRefreshed checks the ID token of a refresh: it must speak of the same login (OIDC Core 12.2).
func (p *Provider) verifyRefreshed(ctx context.Context, t *tokens, previous *IDClaims) (*IDClaims, error) {
	c, id, err := p.verifyIDToken(ctx, t)
	if err != nil {
		return nil, err
	}
	if previous == nil {
		return nil, c.refuse("previous")
	}
	if id.Issuer != previous.Issuer {
		return nil, c.refuse("iss")
	}
	if id.Subject != previous.Subject {
		return nil, c.refuse("sub")
	}
	if id.IssuedAt.Before(previous.IssuedAt.Add(-p.cfg.Leeway)) {
		return nil, c.refuse("iat")
	}
	if !id.AuthTime.IsZero() && !previous.AuthTime.IsZero() && !id.AuthTime.Equal(previous.AuthTime) {
		return nil, c.refuse("auth_time")
	}
	if nonce := c.raw["nonce"]; nonce != nil && nonce != previous.Raw["nonce"] {
		return nil, c.refuse("nonce")
	}
	return id, nil
}

// verifyIDToken makes every check that does not depend on the request (OIDC Core 3.1.3.7 and 3.1.3.8).
func (p *Provider) verifyIDToken(ctx context.Context, t *tokens) (*claims, *IDClaims, error) {
	c, err := p.verifyJWT(ctx, "id_token", t.IDToken, plainType)
	if err != nil {
		return nil, nil, err
	}
	if err := p.checkIssuer(c); err != nil {
		return nil, nil, err
	}
	audience, err := p.checkAudience(c)
	if err != nil {
		return nil, nil, err
	}
	azp, err := c.text("azp")
	if err != nil {
		return nil, nil, err
	}
	if azp != "" && azp != p.cfg.ClientID || azp == "" && len(audience) > 1 { // (4, 5)
		return nil, nil, c.refuse("azp")
	}
	if events, ok := c.raw["events"].(map[string]any); ok && events[backchannelEvent] != nil {
		return nil, nil, c.refuse("events") // a logout token without typ
	}
	if err := c.checkHash("at_hash", t.AccessToken); err != nil {
		return nil, nil, err
	}
	id, err := p.idClaims(c)
	if err != nil {
		return nil, nil, err
	}
	return c, id, nil
}

func (p *Provider) idClaims(c *claims) (*IDClaims, error) {
	id := &IDClaims{Raw: c.raw}
	var err error
	if id.IssuedAt, id.Expiry, err = p.checkTimes(c); err != nil {
		return nil, err
	}
	if id.Subject, err = checkSubject(c); err != nil || id.Subject == "" {
		return nil, c.refuse("sub")
	}
	if id.AuthTime, err = c.time("auth_time"); err != nil {
		return nil, err
	}
	if id.AuthTime.After(p.cfg.Now().Add(p.cfg.Leeway)) {
		return nil, c.refuse("auth_time")
	}
	for name, into := range map[string]*string{"iss": &id.Issuer, "sid": &id.SID, "acr": &id.ACR} {
		if *into, err = c.text(name); err != nil {
			return nil, err
		}
	}
	if id.AMR, err = c.texts("amr"); err != nil {
		return nil, err
	}
	return id, nil
}

// checkHash compares at_hash or c_hash, if the token has it, with the left half of the hash of value by the hash
// function of the token's own algorithm (OIDC Core 3.1.3.6, 3.3.2.11).
func (c *claims) checkHash(name, value string) error {
	if _, present := c.raw[name]; !present {
		return nil
	}
	if got, err := c.text(name); err != nil || subtle.ConstantTimeCompare([]byte(got), []byte(leftHalfHash(c.alg, value))) != 1 {
		return c.refuse(name)
	}
	return nil
}

func leftHalfHash(alg, value string) string {
	hash := crypto.SHA512 // also EdDSA: Ed25519 is built on it
	switch {
	case strings.HasSuffix(alg, "256"):
		hash = crypto.SHA256
	case strings.HasSuffix(alg, "384"):
		hash = crypto.SHA384
	}
	h := hash.New()
	h.Write([]byte(value))
	sum := h.Sum(nil)
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
