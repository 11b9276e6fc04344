package auth

import (
	"context"
	"crypto/rand"
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
	return s.login(ctx, subject, refreshToken, &transaction{Seed: encode(random(32))})
}

// StepUp makes the session that a step-up of the cookie's makes.
func (s *Service) StepUp(ctx context.Context, subject string, cookie *http.Cookie) (*http.Cookie, error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(cookie)
	key := s.readCookies(r)[0].storeKey()
	return s.login(ctx, subject, "refresh-token", &transaction{Seed: encode(random(32)), ACR: []string{"mfa"}, Replaces: key})
}

func (s *Service) login(ctx context.Context, subject, refreshToken string, t *transaction) (*http.Cookie, error) {
	grant := &rp.Grant{
		AccessToken: secret.New("access-token"), RefreshToken: secret.New(refreshToken), IDToken: secret.New("id-token"), Expiry: s.now().Add(time.Hour),
		Claims: &rp.IDClaims{Issuer: s.cfg.Provider.Issuer(), Subject: subject, SID: "sid-" + subject, IssuedAt: s.now(), Raw: map[string]any{"name": "Alice Archer"}},
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

// SealedRecordForBenchmark makes a record as a login does, with the same text for each of its three tokens.
func SealedRecordForBenchmark(subject, jwt string) (*Record, error) {
	c := newCredential()
	bytes := make([]byte, 24)
	rand.Read(bytes)
	b := &body{
		Issuer: "https://login.example.com/", Subject: subject, SID: encode(bytes), Handle: encode(bytes[:16]), Grant: encode(bytes[:16]), Nonce: encode(c.id),
		Claims: map[string]any{"name": "Alice Archer", "email": "alice@example.test"}, IDToken: jwt, RefreshToken: jwt,
		Tokens: map[string]token{loginToken: {Value: jwt, Expires: time.Now(), Issued: time.Now()}},
	}
	r := &Record{Key: c.storeKey(), ListID: c.name("list id")[:22], Subject: encode(c.key), SID: encode(c.id), Head: make([]byte, 160), SignedInAt: time.Now()}
	return r, sealBody(r, c, b, 1)
}
