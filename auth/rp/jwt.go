package rp

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejson "github.com/go-jose/go-jose/v4/json"
)

// maxToken bounds a signed token before anything is parsed.
const maxToken = 128 << 10

// claims are those of a token whose signature has been verified.
type claims struct {
	kind string // for errors: id_token, logout_token, userinfo
	alg  string
	raw  map[string]any
}

func (c *claims) refuse(check string) error { return &VerifyError{Token: c.kind, Check: check} }

// verifyJWT checks size, algorithm, type and signature, in that order, and reads the claims. A JSON object with
// a member twice is refused, in header and claims: two readers could see two different tokens.
func (p *Provider) verifyJWT(ctx context.Context, kind, raw string, typOK func(string) bool) (*claims, error) {
	c := &claims{kind: kind}
	if len(raw) > maxToken {
		return nil, c.refuse("size")
	}
	token, err := jose.ParseSignedCompact(raw, p.algs)
	if err != nil {
		// The parser's error may quote the token.
		var unexpected *jose.ErrUnexpectedSignatureAlgorithm
		if errors.As(err, &unexpected) {
			return nil, c.refuse("alg")
		}
		return nil, c.refuse("format")
	}
	header := token.Signatures[0].Protected
	c.alg = header.Algorithm
	if !typOK(tokenType(header)) {
		return nil, c.refuse("typ")
	}
	payload, err := p.verifySignature(ctx, kind, token)
	if err != nil {
		return nil, err
	}
	if josejson.Unmarshal(payload, &c.raw) != nil || c.raw == nil {
		return nil, c.refuse("json")
	}
	return c, nil
}

// tokenType is the header's typ in lower case without "application/" (RFC 7515 4.1.9), "" if absent.
func tokenType(header jose.Header) string {
	typ, present := header.ExtraHeaders["typ"]
	if !present {
		return ""
	}
	text, isText := typ.(string)
	if !isText || text == "" {
		return "invalid"
	}
	return strings.TrimPrefix(strings.ToLower(text), "application/")
}

// plainType is what ID tokens and UserInfo answers bear. Access tokens (at+jwt), logout tokens (logout+jwt) and
// whatever else is typed must not pass for one (RFC 8725 3.11).
func plainType(typ string) bool { return typ == "" || typ == "jwt" }

// text returns a string claim, "" if it is absent or null.
func (c *claims) text(name string) (string, error) {
	value := c.raw[name]
	if value == nil {
		return "", nil
	}
	s, ok := value.(string)
	if !ok {
		return "", c.refuse(name)
	}
	return s, nil
}

// texts returns a claim that is an array of strings, nil if it is absent or null.
func (c *claims) texts(name string) ([]string, error) {
	value := c.raw[name]
	if value == nil {
		return nil, nil
	}
	list, ok := value.([]any)
	if !ok {
		return nil, c.refuse(name)
	}
	out := make([]string, 0, len(list))
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			return nil, c.refuse(name)
		}
		out = append(out, s)
	}
	return out, nil
}

// time returns a NumericDate (RFC 7519 2) up to the year 9999, zero if it is absent or null.
func (c *claims) time(name string) (time.Time, error) {
	value := c.raw[name]
	if value == nil {
		return time.Time{}, nil
	}
	seconds, ok := value.(float64)
	if !ok || seconds < 0 || seconds > 253402300799 {
		return time.Time{}, c.refuse(name)
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)), nil
}

// checkIssuer: OIDC Core 3.1.3.7 (2).
func (p *Provider) checkIssuer(c *claims) error {
	iss, _ := c.text("iss") // Empty if it is not a text, which no issuer is.
	if fails := p.profile.issuer(&p.cfg, iss, c.raw); fails != "" {
		return c.refuse(fails)
	}
	return nil
}

// checkAudience: OIDC Core 3.1.3.7 (3). It returns the audiences.
func (p *Provider) checkAudience(c *claims) ([]string, error) {
	var audience []string
	if one, ok := c.raw["aud"].(string); ok {
		audience = []string{one}
	} else {
		audience, _ = c.texts("aud") // nil if it is not a list of texts; then we are not in it.
	}
	if !slices.Contains(audience, p.cfg.ClientID) {
		return nil, c.refuse("aud")
	}
	for _, other := range audience {
		if other != p.cfg.ClientID && !slices.Contains(p.cfg.TrustedAudiences, other) {
			return nil, c.refuse("aud")
		}
	}
	return audience, nil
}

// checkTimes wants exp and iat, and believes them within the leeway: OIDC Core 3.1.3.7 (9, 10). An exp that is missing
// is the zero time, which is long past.
func (p *Provider) checkTimes(c *claims) (iat, exp time.Time, err error) {
	now := p.cfg.Now()
	if exp, err = c.time("exp"); err != nil || !now.Before(exp.Add(p.cfg.Leeway)) {
		return iat, exp, c.refuse("exp")
	}
	if iat, err = c.time("iat"); err != nil || iat.IsZero() || iat.After(now.Add(p.cfg.Leeway)) {
		return iat, exp, c.refuse("iat")
	}
	nbf, err := c.time("nbf")
	if err != nil {
		return iat, exp, err
	}
	if nbf.After(now.Add(p.cfg.Leeway)) {
		return iat, exp, c.refuse("nbf")
	}
	return iat, exp, nil
}

// checkSubject: at most 255 ASCII characters (OIDC Core 2). It may be empty here.
func checkSubject(c *claims) (string, error) {
	sub, err := c.text("sub")
	if err != nil {
		return "", err
	}
	if len(sub) > 255 || strings.ContainsFunc(sub, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", c.refuse("sub")
	}
	return sub, nil
}
