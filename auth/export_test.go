package auth

import (
	"crypto/rand"
	"time"
)

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
