package auth

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// head is what the server may know of a session without the browser.
type head struct {
	Handle  string    `json:"h"`
	Device  string    `json:"d,omitempty"`
	Address string    `json:"a,omitempty"`
	Created time.Time `json:"c"`
	// LogID names the session in logs, for endings whose cause has no cookie at hand.
	LogID string `json:"l,omitempty"`
	// Before names the session that this one replaced by a step-up.
	Before string `json:"b,omitempty"`
	// Replaced is the generation of the body when a step-up replaced this session; 0 if none has.
	Replaced uint64 `json:"r,omitempty"`
}

var errCorrupt = errors.New("auth: a record does not open")

// bodyContext binds a sealed body to its record and its write, so that neither can be put in another's place.
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

// bodyCache keeps opened bodies of sessions in use, by record key and generation, so that a request opens its cookie and
// no more. The cookie's key must still fit: the cached one is compared by its hash.
type bodyCache struct {
	mu     sync.Mutex // guards all of the following
	bodies map[string]cachedBody
}

type cachedBody struct {
	generation uint64
	check      string
	body       *body
	readOnly   bool
}

func newBodyCache() *bodyCache { return &bodyCache{bodies: map[string]cachedBody{}} }

func (c *bodyCache) get(key string, generation uint64, check string) (cachedBody, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cached, ok := c.bodies[key]
	return cached, ok && cached.generation == generation && cached.check == check
}

func (c *bodyCache) put(key string, opened cachedBody) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.bodies[key]; !there && len(c.bodies) >= maxBodies {
		for victim := range c.bodies {
			delete(c.bodies, victim)
			break
		}
	}
	c.bodies[key] = opened
}

func (c *bodyCache) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.bodies, key)
}
