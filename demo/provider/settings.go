package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// RefreshAnswer is what the token endpoint does with a refresh token, right or wrong.
type RefreshAnswer string

// The answers to a refresh.
const (
	RefreshNormally RefreshAnswer = ""
	// RefreshInvalidGrant refuses with invalid_grant. The refresh token stays good.
	RefreshInvalidGrant RefreshAnswer = "invalid_grant"
	// RefreshInteraction refuses with interaction_required: the user must be seen. The refresh token stays good.
	RefreshInteraction RefreshAnswer = "interaction_required"
	// RefreshServerError answers 500 with server_error.
	RefreshServerError RefreshAnswer = "server_error"
	// RefreshHang answers nothing until the client goes away or the provider closes.
	RefreshHang RefreshAnswer = "hang"
	// RefreshNoNewToken refreshes, but the answer has no refresh token: the old one stays good (RFC 6749 §6).
	RefreshNoNewToken RefreshAnswer = "no_refresh_token"
)

const (
	defaultTTL = 5 * time.Minute
	minTTL     = time.Second
	maxTTL     = 24 * time.Hour
)

// Settings is all that can be changed while the provider runs. The zero value is a provider that behaves.
type Settings struct {
	// AccessTokenTTL and IDTokenTTL are the lifetimes of tokens made from now on, from a second to a day; 5 minutes when zero.
	AccessTokenTTL time.Duration
	IDTokenTTL     time.Duration
	// KeepRefreshToken turns rotation off: a refresh answers with the same refresh token.
	KeepRefreshToken bool
	// SignedUserInfo makes UserInfo answer with a JWT (OpenID Connect Core 5.3.2).
	SignedUserInfo bool
	// Refresh forces the answer to refreshes.
	Refresh RefreshAnswer
	// Tampering makes tokens and answers wrong.
	Tampering Tampering
}

// withDefaults fills the lifetimes.
func (s Settings) withDefaults() Settings {
	if s.AccessTokenTTL == 0 {
		s.AccessTokenTTL = defaultTTL
	}
	if s.IDTokenTTL == 0 {
		s.IDTokenTTL = defaultTTL
	}
	return s
}

// check returns everything wrong with the settings.
func (s Settings) check() error {
	var errs []error
	for name, ttl := range map[string]time.Duration{"accessTokenTTL": s.AccessTokenTTL, "idTokenTTL": s.IDTokenTTL} {
		if ttl < minTTL || ttl > maxTTL {
			errs = append(errs, fmt.Errorf("%s must be between %s and %s", name, minTTL, maxTTL))
		}
	}
	answers := refreshAnswers()
	if !slices.Contains(answers, s.Refresh) {
		errs = append(errs, fmt.Errorf("refresh must be empty or one of %s", join(answers[1:])))
	}
	return errors.Join(append(errs, s.Tampering.check())...)
}

func refreshAnswers() []RefreshAnswer {
	return []RefreshAnswer{RefreshNormally, RefreshInvalidGrant, RefreshInteraction, RefreshServerError, RefreshHang, RefreshNoNewToken}
}

func join[S ~string](values []S) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = string(value)
	}
	return strings.Join(texts, ", ")
}

// wireSettings are Settings in JSON: durations as text a person can write.
type wireSettings struct {
	AccessTokenTTL   string        `json:"accessTokenTTL"`
	IDTokenTTL       string        `json:"idTokenTTL"`
	KeepRefreshToken bool          `json:"keepRefreshToken"`
	SignedUserInfo   bool          `json:"signedUserInfo"`
	Refresh          RefreshAnswer `json:"refresh"`
	Tampering        Tampering     `json:"tampering"`
}

// MarshalJSON writes durations as Go does, such as "5m0s".
func (s Settings) MarshalJSON() ([]byte, error) {
	return json.Marshal(s.wire())
}

func (s Settings) wire() wireSettings {
	return wireSettings{s.AccessTokenTTL.String(), s.IDTokenTTL.String(), s.KeepRefreshToken, s.SignedUserInfo, s.Refresh, s.Tampering}
}

// settings reads the durations of w.
func (w wireSettings) settings() (Settings, error) {
	access, err1 := time.ParseDuration(w.AccessTokenTTL)
	id, err2 := time.ParseDuration(w.IDTokenTTL)
	if err := errors.Join(err1, err2); err != nil {
		return Settings{}, errors.New("a lifetime must be a duration such as 5m or 10s")
	}
	return Settings{access, id, w.KeepRefreshToken, w.SignedUserInfo, w.Refresh, w.Tampering}, nil
}

// Settings returns what is set.
func (p *Provider) Settings() Settings {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.settings
}

// SetSettings replaces what is set. Nothing changes when it is wrong.
func (p *Provider) SetSettings(s Settings) error {
	s = s.withDefaults()
	if err := s.check(); err != nil {
		return fmt.Errorf("provider: settings: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings = s
	return nil
}
