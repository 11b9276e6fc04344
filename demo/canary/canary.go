package canary

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
)

// window is how much of a secret is looked for, in bytes: its beginning, in each encoding. A text that has a whole secret has its window,
// so that one pass over the text with one look-up for each position finds them all.
const window = 16

// Canary collects secrets and texts, and finds the ones in the others. It is safe for concurrent use.
type Canary struct {
	mu      sync.Mutex                    // guards all of the following
	secrets map[string]bool               // by kind and value, to take each once
	windows map[[window]byte]string       // what to look for → the secret's kind
	texts   map[string]string             // what came out → where first
	filter  [1 << (filterBits - 6)]uint64 // of windows' hashes: most places of a text need no look-up
}

const filterBits = 20

// New makes a Canary that knows nothing.
func New() *Canary {
	return &Canary{secrets: map[string]bool{}, windows: map[[window]byte]string{}, texts: map[string]string{}}
}

// Secret tells of a secret, which must be in no text. The value may be any bytes; one of fewer than 16 is ignored.
func (c *Canary) Secret(kind, value string) {
	if len(value) < window {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.secrets[kind+"\x00"+value] {
		return
	}
	c.secrets[kind+"\x00"+value] = true
	for _, part := range telling(value) {
		for _, w := range windows(part) {
			hash := filterHash(w[:])
			c.filter[hash>>6] |= 1 << (hash & 63)
			if _, known := c.windows[w]; !known {
				c.windows[w] = kind
			}
		}
	}
}

// Saw tells of a text that came out. where names its place for people, and must hold nothing of the text.
func (c *Canary) Saw(where string, text []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.texts[string(text)]; !known {
		c.texts[string(text)] = where
	}
}

// Knows tells whether a value is one of the secrets, for a suite to see that its canary is not blind.
func (c *Canary) Knows(value string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, part := range telling(value) {
		for _, w := range windows(part) {
			if _, known := c.windows[w]; !known {
				return false
			}
		}
	}
	return len(value) >= window
}

// Leaks names the kind and the place of each secret in a text, sorted, and never its value.
func (c *Canary) Leaks() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string]bool{}
	for text, where := range c.texts {
		for _, reading := range readings([]byte(text)) {
			for kind := range c.kindsIn(reading) {
				found[fmt.Sprintf("%s in %s", kind, where)] = true
			}
		}
	}
	leaks := make([]string, 0, len(found))
	for leak := range found {
		leaks = append(leaks, leak)
	}
	slices.Sort(leaks)
	return leaks
}

// kindsIn gives the kinds of the secrets in a text.
func (c *Canary) kindsIn(text []byte) map[string]bool {
	var kinds map[string]bool
	for i := 0; i+window <= len(text); i++ {
		place := text[i : i+window]
		hash := filterHash(place)
		if c.filter[hash>>6]&(1<<(hash&63)) == 0 {
			continue
		}
		if kind, ok := c.windows[[window]byte(place)]; ok {
			if kinds == nil {
				kinds = map[string]bool{}
			}
			kinds[kind] = true
		}
	}
	return kinds
}

func filterHash(place []byte) uint64 {
	const odd = 0x9E3779B97F4A7C15
	return (binary.LittleEndian.Uint64(place) * odd) >> (64 - filterBits)
}
