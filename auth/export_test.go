package auth

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// CookieContent gives what is sealed in one of our cookies: a session's id and key, or a login's seed and what is derived
// of it. Nothing if it does not open.
func (s *Service) CookieContent(c *http.Cookie) map[string]string {
	if strings.HasPrefix(c.Name, s.transactionPrefix()) {
		t, err := s.openTransaction(c.Name, c.Value)
		if err != nil {
			return nil
		}
		return map[string]string{"a login's seed": t.Seed, "a login's state": t.state(), "a login's nonce": t.nonce(), "a login's verifier": t.verifier()}
	}
	for _, found := range s.readCookies(&http.Request{Header: http.Header{"Cookie": {c.Name + "=" + c.Value}}}) {
		return map[string]string{"a session's id": string(found.id), "a session's key": string(found.key)}
	}
	return nil
}

// KeyBytes gives a key as it is used.
func KeyBytes(key Key) ([]byte, error) { return decodeKey(key.Secret.Reveal()) }

// ForgetBodies empties the cache of opened bodies.
func (s *Service) ForgetBodies() {
	s.bodies.mu.Lock()
	defer s.bodies.mu.Unlock()
	clear(s.bodies.bodies)
}

// Admit makes a session as a login does that the provider has granted, and gives its cookie.
func (s *Service) Admit(ctx context.Context, subject, refreshToken string) (*http.Cookie, error) {
	return s.login(ctx, subject, &transaction{Seed: encode(random(32))}, "access-token", refreshToken, "id-token")
}

// AdmitTokens is Admit with tokens of the caller's.
func (s *Service) AdmitTokens(ctx context.Context, subject, accessToken, refreshToken, idToken string) (*http.Cookie, error) {
	return s.login(ctx, subject, &transaction{Seed: encode(random(32))}, accessToken, refreshToken, idToken)
}

// StepUp makes the session that a step-up of the cookie's makes.
func (s *Service) StepUp(ctx context.Context, subject string, cookie *http.Cookie) (*http.Cookie, error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(cookie)
	key := s.readCookies(r)[0].storeKey()
	return s.login(ctx, subject, &transaction{Seed: encode(random(32)), ACR: []string{"mfa"}, Replaces: key}, "access-token", "refresh-token", "id-token")
}

func (s *Service) login(ctx context.Context, subject string, t *transaction, accessToken, refreshToken, idToken string) (*http.Cookie, error) {
	grant := &rp.Grant{
		AccessToken: secret.New(accessToken), RefreshToken: secret.New(refreshToken), IDToken: secret.New(idToken), Expiry: s.now().Add(time.Hour),
		Claims: &rp.IDClaims{
			Issuer: s.cfg.Provider.Issuer(), Subject: subject, SID: "sid-" + subject, ACR: "urn:pwd", IssuedAt: s.now(), AuthTime: s.now(),
			Raw: map[string]any{"name": "Alice Archer", "email": "alice@example.test"},
		},
	}
	c, err := s.admit(ctx, httptest.NewRequest(http.MethodGet, "/", nil), t, grant)
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	if err := s.setCookie(w, c); err != nil {
		return nil, err
	}
	return w.Result().Cookies()[0], nil
}
