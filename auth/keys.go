package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/gorilla/securecookie"

	"vestibule.example/auth/secret"
)

// Key is a server key. A new key is rolled out in two phases, so that no replica ever meets a cookie it cannot open: first
// with Use "open" everywhere, then with Use "seal".
type Key struct {
	// Use is seal (one key: seals and opens) or open (opens alone).
	Use string
	// Secret is 32 or 64 random bytes, in base64 or hex.
	Secret secret.Text
}

// Check tells what is wrong with the key's secret, before a service refuses it.
func (k Key) Check() error {
	_, err := decodeKey(k.Secret.Reveal())
	return err
}

var (
	errKeyLength  = errors.New("want 32 or 64 random bytes in base64 or hex; `openssl rand -base64 64` makes them")
	errKeyWeak    = errors.New("the bytes are not random")
	errOneSealing = errors.New("auth: keys: exactly one must have use \"seal\"")
	errKeyUse     = errors.New("want use \"seal\" or \"open\"")
	errSealed     = errors.New("auth: not sealed with a key of ours")
)

// serverKey is what is derived from one configured key, each part for one purpose (HKDF, RFC 5869).
type serverKey struct {
	cookies *securecookie.SecureCookie
	aead    cipher.AEAD // heads, transactions, states
	index   []byte      // keyed hashes of subject and sid
}

// keyring is the configured keys, the sealing one first. They may be replaced while they are in use; it is safe for concurrent use.
type keyring struct{ held atomic.Pointer[[]serverKey] }

func (k *keyring) all() []serverKey { return *k.held.Load() }

// sealing is the key that seals.
func (k *keyring) sealing() serverKey { return k.all()[0] }

// SetKeys replaces the service's keys from now on, or reports every fault of the new ones and changes nothing. Cookies and records
// that only a missing key opens are as good as gone: see [Key].
func (s *Service) SetKeys(keys []Key) error {
	ring, err := newKeyring(keys)
	if err != nil {
		return err
	}
	s.keys.held.Store(ring.held.Load())
	return nil
}

func newKeyring(keys []Key) (*keyring, error) {
	var ring []serverKey
	var faults []error
	sealing := 0
	for i, key := range keys {
		bytes, err := decodeKey(key.Secret.Reveal())
		if err == nil && key.Use != "seal" && key.Use != "open" {
			err = errKeyUse
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("auth: keys[%d]: %w", i, err))
			continue
		}
		derived, err := deriveServerKey(bytes)
		if err != nil {
			return nil, err
		}
		if key.Use == "seal" {
			sealing++
			ring = append([]serverKey{derived}, ring...)
		} else {
			ring = append(ring, derived)
		}
	}
	if len(faults) == 0 && sealing != 1 {
		faults = append(faults, errOneSealing)
	}
	out := &keyring{}
	out.held.Store(&ring)
	return out, errors.Join(faults...)
}

func decodeKey(text string) ([]byte, error) {
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	} {
		bytes, err := decode(text)
		if err != nil || len(bytes) != 32 && len(bytes) != 64 {
			continue
		}
		distinct := map[byte]bool{}
		for _, b := range bytes {
			distinct[b] = true
		}
		// 32 random bytes practically never have fewer than 16 distinct values.
		if len(distinct) < 16 {
			return nil, errKeyWeak
		}
		return bytes, nil
	}
	return nil, errKeyLength
}

func deriveServerKey(bytes []byte) (serverKey, error) {
	hash, err := derive(bytes, "cookie hash", 64)
	if err != nil {
		return serverKey{}, err
	}
	block, err := derive(bytes, "cookie block", 32)
	if err != nil {
		return serverKey{}, err
	}
	sealing, err := derive(bytes, "sealing", 32)
	if err != nil {
		return serverKey{}, err
	}
	index, err := derive(bytes, "index", 32)
	if err != nil {
		return serverKey{}, err
	}
	aead, err := newAEAD(sealing)
	if err != nil {
		return serverKey{}, err
	}
	// The cookie has no time limit of its own: the session in the store has.
	cookies := securecookie.New(hash, block).MaxAge(0).SetSerializer(securecookie.NopEncoder{})
	return serverKey{cookies: cookies, aead: aead, index: index}, nil
}

// derive makes key material for one purpose.
func derive(key []byte, purpose string, length int) ([]byte, error) {
	out, err := hkdf.Key(sha256.New, key, nil, "vestibule "+purpose, length)
	if err != nil {
		return nil, fmt.Errorf("auth: deriving a key: %w", err)
	}
	return out, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal seals plain for a purpose, which is bound into it.
func (k *keyring) seal(plain []byte, purpose string) []byte {
	return k.sealing().aead.Seal(nil, nil, plain, []byte(purpose))
}

// open opens what any of the keys sealed for the purpose.
func (k *keyring) open(sealed []byte, purpose string) ([]byte, error) {
	for _, key := range k.all() {
		if plain, err := key.aead.Open(nil, nil, sealed, []byte(purpose)); err == nil {
			return plain, nil
		}
	}
	return nil, errSealed
}

// indexes gives the keyed hashes of (kind, issuer, value) under every key, that of the sealing key first.
func (k *keyring) indexes(kind, issuer, value string) []string {
	if value == "" {
		return nil
	}
	keys := k.all() // Once: they may be replaced meanwhile.
	out := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key.index)
		// Lengths in front, so that no two triples make the same bytes.
		for _, part := range []string{kind, issuer, value} {
			mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part)))) //nolint:gosec // Bounded far below 2^32.
			mac.Write([]byte(part))
		}
		out[i] = encode(mac.Sum(nil))
	}
	return out
}

// index gives the keyed hash under the sealing key.
func (k *keyring) index(kind, issuer, value string) string {
	if value == "" {
		return ""
	}
	return k.indexes(kind, issuer, value)[0]
}

func encode(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }

func decode(text string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(text) }

// random gives n bytes of the operating system's generator; crypto/rand never fails.
func random(n int) []byte {
	out := make([]byte, n)
	rand.Read(out)
	return out
}
