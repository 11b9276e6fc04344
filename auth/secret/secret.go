// Package secret keeps secrets out of logs, errors and answers: a [Text] shows as "[redacted]" however it is printed,
// logged or marshalled, and is read only by the one method whose name says so.
//
// It does not wipe memory, and does not hide the value from reflection or a debugger.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a secret string: a token, a key, a password. The zero value is no secret. Values may be copied and are safe
// for concurrent use; compare with Equal, not with ==.
//
// The value lies behind a pointer: fmt prints a bad verb's operand by reflection, past every method of ours.
type Text struct{ value *string }

// New makes a Text of a plain string.
func New(plain string) Text {
	if plain == "" {
		return Text{}
	}
	return Text{&plain}
}

// Reveal gives the plain value: for the wire and for cryptography, never for a log, an error or an answer.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// IsZero tells whether there is no secret.
func (t Text) IsZero() bool { return t.value == nil }

// Equal compares in constant time. Two empty secrets are not equal: nothing is proven by having nothing.
func (t Text) Equal(other Text) bool {
	return !t.IsZero() && subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// String implements [fmt.Stringer] without the value.
func (Text) String() string { return redacted }

// GoString implements [fmt.GoStringer] without the value.
func (Text) GoString() string { return redacted }

// Format implements [fmt.Formatter], so that no verb, %x and %q among them, reaches the value.
func (Text) Format(f fmt.State, _ rune) {
	io.WriteString(f, redacted) //nolint:errcheck // fmt.State keeps no error.
}

// LogValue implements [slog.LogValuer] without the value.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements [encoding.TextMarshaler] without the value.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON implements [json.Marshaler] without the value.
func (Text) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
