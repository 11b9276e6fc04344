package provider

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	keyBits = 2048
	// maxKeys bounds the keys published: the one in use and those before it.
	maxKeys = 5
)

// key is a signing key under its id.
type key struct {
	id      string
	private *rsa.PrivateKey
}

func newKey() (*key, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("provider: signing key: %w", err)
	}
	return &key{id: random(), private: private}, nil
}

// keyring holds the signing keys. It is safe for concurrent use.
type keyring struct {
	stray func() (*key, error) // never published

	mu   sync.Mutex
	keys []*key // guarded by mu; newest first, never empty
}

func newKeyring() (*keyring, error) {
	first, err := newKey()
	if err != nil {
		return nil, err
	}
	return &keyring{keys: []*key{first}, stray: sync.OnceValues(newKey)}, nil
}

// current is the key that signs.
func (r *keyring) current() *key {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[0]
}

// rotate signs with a new key from now on. Those before it stay published.
func (r *keyring) rotate() (id string, err error) {
	next, err := newKey()
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append([]*key{next}, r.keys...)
	r.keys = r.keys[:min(len(r.keys), maxKeys)]
	return next.id, nil
}

// public are the keys to verify with.
func (r *keyring) public() []jose.JSONWebKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := make([]jose.JSONWebKey, len(r.keys))
	for i, k := range r.keys {
		keys[i] = jose.JSONWebKey{Key: &k.private.PublicKey, KeyID: k.id, Algorithm: string(jose.RS256), Use: "sig"}
	}
	return keys
}

// RotateKeys signs with a new key from now on and returns its id. Tokens signed by the last four keys still verify.
func (p *Provider) RotateKeys() (id string, err error) { return p.keys.rotate() }

// published is a key as the library wants it.
type published struct{ jose.JSONWebKey }

var _ op.Key = published{}

// ID is the kid.
func (k published) ID() string { return k.KeyID }

// Algorithm is RS256.
func (k published) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }

// Use is sig.
func (k published) Use() string { return k.JSONWebKey.Use }

// Key is the public key.
func (k published) Key() any { return k.JSONWebKey.Key }

// draftKey is what the library signs with: its tokens are drafts, whose claims mint signs anew, because the library
// knows neither the type at+jwt nor the wrong tokens we make on demand. Their signature is a placeholder, and no draft leaves the
// provider.
type draftKey struct{ public jose.JSONWebKey }

var (
	_ op.SigningKey     = draftKey{}
	_ jose.OpaqueSigner = draftKey{}
)

// SignatureAlgorithm is RS256, which decides the hash in at_hash and c_hash.
func (draftKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

// Key is the signer itself.
func (k draftKey) Key() any { return k }

// ID is none.
func (draftKey) ID() string { return "" }

// Public is the key in use; go-jose insists on one.
func (k draftKey) Public() *jose.JSONWebKey { return &k.public }

// Algs is RS256.
func (draftKey) Algs() []jose.SignatureAlgorithm { return []jose.SignatureAlgorithm{jose.RS256} }

// SignPayload does not sign.
func (draftKey) SignPayload([]byte, jose.SignatureAlgorithm) ([]byte, error) { return []byte{0}, nil }
