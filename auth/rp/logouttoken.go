package rp

import (
	"context"
	"time"
)

// MaxLogoutTokenAge is how long after its iat a logout token is accepted.
const MaxLogoutTokenAge = 15 * time.Minute

// maxLogoutID bounds jti and sid, which callers keep as keys.
const maxLogoutID = 1024

// VerifyLogoutToken verifies a logout token (Back-Channel Logout 2.6) except for the replay of its jti, which
// needs a memory. A *VerifyError is final. Any other error means that the token could not be checked now and may
// pass when the provider sends it again. Claims that we do not know are ignored.
func (p *Provider) VerifyLogoutToken(ctx context.Context, raw string) (*LogoutToken, error) {
	c, err := p.verifyJWT(ctx, "logout_token", raw, func(typ string) bool {
		return typ == "logout+jwt" || !p.cfg.RequireLogoutTyp && plainType(typ)
	})
	if err != nil {
		return nil, err
	}
	if err := p.checkIssuer(c); err != nil {
		return nil, err
	}
	if _, err := p.checkAudience(c); err != nil {
		return nil, err
	}
	if _, present := c.raw["exp"]; !present && p.cfg.LogoutTokenWithoutExp {
		if iat, err := c.time("iat"); err == nil && !iat.IsZero() {
			c.raw["exp"] = float64(iat.Add(MaxLogoutTokenAge).Unix())
		}
	}
	var t LogoutToken
	t.Issuer, _ = c.text("iss") // checkIssuer has read it.
	if t.IssuedAt, t.Expires, err = p.checkTimes(c); err != nil {
		return nil, err
	}
	if t.IssuedAt.Before(p.cfg.Now().Add(-MaxLogoutTokenAge - p.cfg.Leeway)) {
		return nil, c.refuse("iat")
	}
	events, _ := c.raw["events"].(map[string]any)
	if _, isObject := events[backchannelEvent].(map[string]any); !isObject {
		return nil, c.refuse("events")
	}
	if _, present := c.raw["nonce"]; present { // an ID token in disguise
		return nil, c.refuse("nonce")
	}
	if t.JTI, err = c.text("jti"); err != nil || t.JTI == "" || len(t.JTI) > maxLogoutID {
		return nil, c.refuse("jti")
	}
	if t.Subject, err = checkSubject(c); err != nil {
		return nil, err
	}
	if t.SID, err = c.text("sid"); err != nil {
		return nil, err
	}
	if len(t.SID) > maxLogoutID {
		return nil, c.refuse("sid")
	}
	if t.Subject == "" && t.SID == "" {
		return nil, c.refuse("sub or sid")
	}
	return &t, nil
}
