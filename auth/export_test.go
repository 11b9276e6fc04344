package auth

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"
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
