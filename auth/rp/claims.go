package rp

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	josejson "github.com/go-jose/go-jose/v4/json"
)

// IDClaims is what a verified ID token says.
type IDClaims struct {
	// Issuer and Subject together name the user; nothing else does (OpenID Connect Core §5.7).
	Issuer, Subject string
	// SID is the provider's session, if it says.
	SID string
	// ACR and AMR are how the user signed in, if the provider says.
	ACR string
	AMR []string
	// AuthTime is when the user last proved who she is; zero if the provider does not say.
	AuthTime time.Time
	// IssuedAt and Expiry are the token's.
	IssuedAt, Expiry time.Time
	// Raw is every claim, those of UserInfo merged in.
	Raw map[string]any
}

// members is a JWT's payload. Duplicate members are refused while decoding: two readers could read two tokens.
type members map[string]any

var (
	errMissing   = errors.New("missing")
	errWrongType = errors.New("of the wrong type")
)

func parseMembers(payload []byte) (members, error) {
	var m members
	if err := josejson.Unmarshal(payload, &m); err != nil || m == nil {
		return nil, fmt.Errorf("%w: the payload is not one JSON object with distinct members", ErrInvalidToken)
	}
	return m, nil
}

// text gives a string member; an absent one is "".
func (m members) text(name string) (string, error) {
	value, there := m[name]
	if !there || value == nil {
		return "", nil
	}
	s, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("%w: %s is %w", ErrInvalidToken, name, errWrongType)
	}
	return s, nil
}

// time gives a NumericDate member (RFC 7519 §2); an absent one is zero.
func (m members) time(name string) (time.Time, error) {
	value, there := m[name]
	if !there || value == nil {
		return time.Time{}, nil
	}
	seconds, ok := value.(float64)
	if !ok || math.IsNaN(seconds) || seconds < 0 || seconds > 1<<40 {
		return time.Time{}, fmt.Errorf("%w: %s is %w", ErrInvalidToken, name, errWrongType)
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)), nil
}

// texts gives a member that is a string or a list of strings, as aud is.
func (m members) texts(name string) ([]string, error) {
	switch value := m[name].(type) {
	case nil:
		return nil, nil
	case string:
		return []string{value}, nil
	case []any:
		var out []string
		for _, element := range value {
			s, ok := element.(string)
			if !ok {
				return nil, fmt.Errorf("%w: %s is %w", ErrInvalidToken, name, errWrongType)
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: %s is %w", ErrInvalidToken, name, errWrongType)
}

// checkParties checks iss, aud and azp (OpenID Connect Core §3.1.3.7, steps 2 to 5).
func (p *Provider) checkParties(m members) error {
	issuer, err := m.text("iss")
	if err != nil {
		return err
	}
	if issuer != p.cfg.Issuer {
		return fmt.Errorf("%w: %w: iss is %q", ErrInvalidToken, ErrIssuerMismatch, issuer)
	}
	audience, err := m.texts("aud")
	if err != nil {
		return err
	}
	if !slices.Contains(audience, p.cfg.ClientID) {
		return fmt.Errorf("%w: aud is not this client", ErrInvalidToken)
	}
	for _, other := range audience {
		if other != p.cfg.ClientID && !slices.Contains(p.cfg.TrustedAudiences, other) {
			return fmt.Errorf("%w: aud names another audience, which is not trusted", ErrInvalidToken)
		}
	}
	authorized, err := m.text("azp")
	if err != nil {
		return err
	}
	if authorized != "" && authorized != p.cfg.ClientID {
		return fmt.Errorf("%w: azp is another client", ErrInvalidToken)
	}
	if authorized == "" && len(audience) > 1 {
		return fmt.Errorf("%w: several audiences and no azp", ErrInvalidToken)
	}
	return nil
}

// maxAge is how old an iat may be: a token answered to a request just made is minutes old at most, with room for a
// provider that reuses one for a while.
const maxAge = 24 * time.Hour

// checkTimes checks exp, iat and nbf with the leeway and gives iat and exp.
func (p *Provider) checkTimes(m members) (issued, expires time.Time, err error) {
	now, leeway := p.cfg.Now(), p.cfg.Leeway
	if expires, err = m.time("exp"); err != nil {
		return issued, expires, err
	}
	if expires.IsZero() {
		return issued, expires, fmt.Errorf("%w: exp is %w", ErrInvalidToken, errMissing)
	}
	if !now.Before(expires.Add(leeway)) {
		return issued, expires, fmt.Errorf("%w: it has expired", ErrInvalidToken)
	}
	if issued, err = m.time("iat"); err != nil {
		return issued, expires, err
	}
	if issued.IsZero() {
		return issued, expires, fmt.Errorf("%w: iat is %w", ErrInvalidToken, errMissing)
	}
	if issued.After(now.Add(leeway)) {
		return issued, expires, fmt.Errorf("%w: it was issued in the future", ErrInvalidToken)
	}
	if issued.Before(now.Add(-maxAge)) {
		return issued, expires, fmt.Errorf("%w: it was issued too long ago", ErrInvalidToken)
	}
	notBefore, err := m.time("nbf")
	if err != nil {
		return issued, expires, err
	}
	if notBefore.After(now.Add(leeway)) {
		return issued, expires, fmt.Errorf("%w: it is not valid yet", ErrInvalidToken)
	}
	return issued, expires, nil
}

// maxSubject is the longest sub, in characters (OpenID Connect Core §2).
const maxSubject = 255

func checkSubject(subject string) error {
	if subject == "" {
		return fmt.Errorf("%w: sub is %w", ErrInvalidToken, errMissing)
	}
	if len(subject) > maxSubject {
		return fmt.Errorf("%w: sub is longer than 255 characters", ErrInvalidToken)
	}
	for _, c := range []byte(subject) {
		if c < 0x20 || c > 0x7e {
			return fmt.Errorf("%w: sub is not printable ASCII", ErrInvalidToken)
		}
	}
	return nil
}
