package rp_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// signer makes JWTs by hand: a library would not make most of the wrong ones.
type signer struct {
	id, alg string
	private crypto.Signer
}

// rsaKeys are costly to make, so tests share a few.
var rsaKeys = [...]func() *rsa.PrivateKey{
	sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) }),
	sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) }),
	// Too short to be believed (RFC 7518 3.3).
	sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 1536)) }),
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func newECKey(id string) *signer {
	return &signer{id, "ES256", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
}

func newEdKey(id string) *signer {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return &signer{id, "EdDSA", must(private, err)}
}

func newRSAKey(id, alg string) *signer { return &signer{id, alg, rsaKeys[0]()} }

// jwk is the public half, as a provider publishes it.
func (s *signer) jwk() json.RawMessage {
	return must(json.Marshal(jose.JSONWebKey{Key: s.private.Public(), KeyID: s.id, Use: "sig", Algorithm: s.alg}))
}

// token signs claims under a header that names key and algorithm, and whatever header adds. A nil value leaves a
// member out.
func (s *signer) token(header, claims map[string]any) string {
	all := map[string]any{"alg": s.alg, "kid": s.id}
	maps.Copy(all, header)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return s.compact(string(must(json.Marshal(all))), string(must(json.Marshal(claims))))
}

// compact signs the very bytes.
func (s *signer) compact(header, payload string) string {
	input := b64(header) + "." + b64(payload)
	return input + "." + b64(string(s.sign([]byte(input))))
}

func (s *signer) sign(input []byte) []byte {
	hash := crypto.SHA256
	var sum []byte
	switch {
	case strings.HasSuffix(s.alg, "384"):
		digest := sha512.Sum384(input)
		hash, sum = crypto.SHA384, digest[:]
	case strings.HasSuffix(s.alg, "512"):
		digest := sha512.Sum512(input)
		hash, sum = crypto.SHA512, digest[:]
	default:
		digest := sha256.Sum256(input)
		sum = digest[:]
	}
	switch key := s.private.(type) {
	case *rsa.PrivateKey:
		if strings.HasPrefix(s.alg, "PS") {
			return must(rsa.SignPSS(rand.Reader, key, hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
		}
		return must(rsa.SignPKCS1v15(rand.Reader, key, hash, sum))
	case *ecdsa.PrivateKey:
		r, v, err := ecdsa.Sign(rand.Reader, key, sum)
		if err != nil {
			panic(err)
		}
		size := (key.Params().BitSize + 7) / 8
		out := make([]byte, 2*size)
		r.FillBytes(out[:size])
		v.FillBytes(out[size:])
		return out
	case ed25519.PrivateKey:
		return ed25519.Sign(key, input)
	}
	panic("no such key")
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// half is at_hash and its kin for a token that was signed with ES256.
func half(value string) string { return hashes(value)[0] }

// hashes are the left halves of SHA-256, SHA-384 and SHA-512.
func hashes(value string) [3]string {
	short, middle, long := sha256.Sum256([]byte(value)), sha512.Sum384([]byte(value)), sha512.Sum512([]byte(value))
	return [3]string{b64(string(short[:16])), b64(string(middle[:24])), b64(string(long[:32]))}
}
