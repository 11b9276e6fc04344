package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a secret string. The zero value is the empty secret. It is a small value, safe to copy and to share
// between goroutines. Compare two with [Text.Equal]; == compares identities, not values.
type Text struct {
	// A pointer, because fmt cannot call our methods on an unexported field of somebody's struct and would print
	// its content; of a nested pointer it prints the address.
	value *string
}

// New makes a secret of s.
func New(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{value: &s}
}

// Reveal returns the secret itself.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// IsZero reports whether the secret is empty.
func (t Text) IsZero() bool { return t.value == nil }

// Equal compares two secrets in a time that depends on their lengths alone. Two empty ones are not equal: having nothing
// proves nothing.
func (t Text) Equal(other Text) bool {
	a, b := sha256.Sum256([]byte(t.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && !t.IsZero()
}

// String returns "[redacted]".
func (t Text) String() string { return redacted }

// GoString returns "[redacted]".
func (t Text) GoString() string { return redacted }

// Format writes "[redacted]" whatever the verb and flags.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "[redacted]" for slog.
func (t Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON returns "[redacted]" as a JSON string. A secret that has to be stored is stored by its own code,
// encrypted, never by marshalling a struct that happens to hold it.
func (t Text) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText returns "[redacted]".
func (t Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
