package rest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// macBytes is how much of the HMAC a cursor bears: enough that nobody makes one up, and no more to carry.
const macBytes = 16

// InputError is an argument that a resolver refuses.
type InputError struct{ Field, Message string }

// Error names the argument.
func (e *InputError) Error() string { return "graph: " + e.Field + ": " + e.Message }

var errShortKey = errors.New("rest: a cursors' key has less than 32 bytes")

// Cursors makes the opaque cursors of connections. A cursor says where to go on in the API's pages; it is signed, so that nobody gives an
// API what it never said, and holds for one connection's field. It is no secret, and opens nothing that its bearer may not see.
type Cursors struct{ keys [][]byte }

// NewCursors makes cursors that the first key signs and every key vouches for. Without keys they hold as long as the process.
func NewCursors(keys [][]byte) (*Cursors, error) {
	if len(keys) == 0 {
		key := make([]byte, 32)
		rand.Read(key)
		keys = [][]byte{key}
	}
	for _, key := range keys {
		if len(key) < 32 {
			return nil, errShortKey
		}
	}
	return &Cursors{keys}, nil
}

func mac(key []byte, field, place string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(field + "\n" + place))
	return h.Sum(nil)[:macBytes]
}

// Seal makes the cursor of a place in a field's connection.
func (c *Cursors) Seal(field, place string) string {
	return base64.RawURLEncoding.EncodeToString(append(mac(c.keys[0], field, place), place...))
}

// Open gives a cursor's place. Any that this field did not give is an [InputError].
func (c *Cursors) Open(field, cursor string) (string, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err == nil && len(b) >= macBytes {
		sum, place := b[:macBytes], string(b[macBytes:])
		for _, key := range c.keys {
			if hmac.Equal(sum, mac(key, field, place)) {
				return place, nil
			}
		}
	}
	return "", &InputError{"after", "want a cursor of this connection"}
}
