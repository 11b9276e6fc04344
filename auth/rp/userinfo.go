package rp

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

	josejson "github.com/go-jose/go-jose/v4/json"
)

// tokenClaims describe the ID token or the login itself. UserInfo has no say in them.
var tokenClaims = map[string]bool{
	"iss": true, "sub": true, "aud": true, "azp": true, "exp": true, "iat": true, "nbf": true, "jti": true,
	"nonce": true, "at_hash": true, "c_hash": true, "s_hash": true, "auth_time": true, "acr": true, "amr": true,
	"sid": true, "events": true,
}

// bearerError finds the error code in a Bearer challenge (RFC 6750 3).
var bearerError = regexp.MustCompile(`^(?i:Bearer)\b.*\b(?i:error)="([a-z_]{1,64})"`)

// addUserInfo asks the UserInfo endpoint and adds the claims that the ID token does not have.
func (p *Provider) addUserInfo(ctx context.Context, grant *Grant) error {
	c, err := p.userInfo(ctx, grant.AccessToken.Reveal())
	if err != nil {
		return err
	}
	// OIDC Core 5.3.2: they may be another user's claims, by a token that was swapped.
	if sub, err := c.text("sub"); err != nil || sub != grant.Claims.Subject {
		return c.refuse("sub")
	}
	for name, value := range c.raw {
		if _, present := grant.Claims.Raw[name]; !present && !tokenClaims[name] {
			grant.Claims.Raw[name] = value
		}
	}
	return nil
}

func (p *Provider) userInfo(ctx context.Context, accessToken string) (*claims, error) {
	md, err := p.metadata(ctx)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Accept": {"application/json, application/jwt"}, "Authorization": {"Bearer " + accessToken}}
	a, err := p.do(ctx, http.MethodGet, md.UserInfo, header, "")
	if err != nil {
		return nil, fmt.Errorf("userinfo: %w", err)
	}
	switch {
	case a.status != http.StatusOK:
		e := a.tokenError("userinfo", p.cfg.Now())
		if m := bearerError.FindStringSubmatch(a.header.Get("WWW-Authenticate")); m != nil {
			e.Code = m[1]
		}
		return nil, e
	case a.mediaType == "application/jwt":
		return p.signedUserInfo(ctx, string(a.body))
	case a.isJSON():
		c := &claims{kind: "userinfo"}
		if josejson.Unmarshal(a.body, &c.raw) != nil || c.raw == nil {
			return nil, c.refuse("json")
		}
		return c, nil
	}
	return nil, fmt.Errorf("%w: userinfo: content type %.100q", ErrInvalidAnswer, a.mediaType)
}

// signedUserInfo: OIDC Core 5.3.2. iss and aud are required, times are checked where they are given.
func (p *Provider) signedUserInfo(ctx context.Context, raw string) (*claims, error) {
	c, err := p.verifyJWT(ctx, "userinfo", raw, plainType)
	if err != nil {
		return nil, err
	}
	if err := p.checkIssuer(c); err != nil {
		return nil, err
	}
	if _, err := p.checkAudience(c); err != nil {
		return nil, err
	}
	exp, err := c.time("exp")
	if err != nil {
		return nil, err
	}
	if !exp.IsZero() && !p.cfg.Now().Before(exp.Add(p.cfg.Leeway)) {
		return nil, c.refuse("exp")
	}
	return c, nil
}
