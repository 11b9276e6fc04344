package auth

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// head is what the server can open of a session without the browser's cookie.
type head struct {
	Handle  string    `json:"h"`
	Device  string    `json:"d,omitempty"`
	Address string    `json:"a,omitempty"`
	Created time.Time `json:"c"`
	// LogID names the session in logs, when it is ended without its cookie.
	LogID string `json:"l,omitempty"`
	// Before names the session that this one replaced by a step-up.
	Before string `json:"b,omitempty"`
	// Replaced is the generation of the body when a step-up replaced this session; 0 if none has.
	Replaced uint64 `json:"r,omitempty"`
}

var errCorrupt = errors.New("auth: a record does not open")

// bodyContext binds a sealed body to its record and to one write of it, so that it cannot take the place of another.
func bodyContext(key string, generation uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte("default\x00body\x00"+key+"\x00"), generation)
}

// sealBody writes the body into the record for the generation it will have once written.
func sealBody(r *Record, c credential, b *body, next uint64) error {
	plain, err := encodeBody(b)
	if err != nil {
		return err
	}
	aead, err := newAEAD(c.key)
	if err != nil {
		return err
	}
	r.Body = aead.Seal(nil, nil, plain, bodyContext(r.Key, next))
	return nil
}

func openBody(r *Record, c credential) (*body, error) {
	aead, err := newAEAD(c.key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, r.Body, bodyContext(r.Key, r.Generation))
	if err != nil {
		return nil, errCorrupt
	}
	return decodeBody(plain)
}

func (k *keyring) sealHead(key string, h head) ([]byte, error) {
	plain, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("auth: record: %w", err)
	}
	return k.seal(plain, "default\x00head\x00"+key), nil
}

func (k *keyring) openHead(r *Record) (head, error) {
	plain, err := k.open(r.Head, "default\x00head\x00"+r.Key)
	if err != nil {
		return head{}, errCorrupt
	}
	var h head
	if err := json.Unmarshal(plain, &h); err != nil {
		return head{}, errCorrupt
	}
	return h, nil
}

// maxBodies bounds the cache of opened bodies.
const maxBodies = 10_000

// bodyCache keeps opened bodies of sessions in use, by record key and generation, so that most requests open their cookie and
// nothing else. The cookie's key must still fit: it is compared by its hash. It is safe for concurrent use.
type bodyCache struct {
	mu     sync.Mutex // guards all of the following
	bodies map[string]cachedBody
	// names are the store keys of ids in use, by the id's hash: deriving one takes longer than anything else in a request.
	names map[[sha256.Size]byte]string
}

type cachedBody struct {
	generation uint64
	check      string
	body       *body
	readOnly   bool
}

func newBodyCache() *bodyCache {
	return &bodyCache{bodies: map[string]cachedBody{}, names: map[[sha256.Size]byte]string{}}
}

// storeKey is the credential's store key.
func (c *bodyCache) storeKey(of credential) string {
	sum := sha256.Sum256(of.id)
	c.mu.Lock()
	name, ok := c.names[sum]
	c.mu.Unlock()
	if !ok {
		name = of.storeKey()
	}
	return name
}

func (c *bodyCache) get(key string, generation uint64, check string) (cachedBody, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cached, ok := c.bodies[key]
	return cached, ok && cached.generation == generation && cached.check == check
}

func (c *bodyCache) put(of credential, key string, opened cachedBody) {
	sum := sha256.Sum256(of.id)
	c.mu.Lock()
	defer c.mu.Unlock()
	makeRoom(c.bodies, key)
	makeRoom(c.names, sum)
	c.bodies[key], c.names[sum] = opened, key
}

// makeRoom drops any entry if the cache is full and key is not in it.
func makeRoom[K comparable, V any](in map[K]V, key K) {
	if _, there := in[key]; there || len(in) < maxBodies {
		return
	}
	for victim := range in {
		delete(in, victim)
		return
	}
}

func (c *bodyCache) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.bodies, key)
}
