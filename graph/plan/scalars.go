package plan

import (
	"errors"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

var errNotANumber = errors.New("plan: JSON holds neither infinities nor NaN")

// ErrNoValue stands for a Go value for which an enum of the schema has no name.
var ErrNoValue = errors.New("plan: a value that the enum does not have")

// ErrIntRange stands for an integer that the specification's Int, of 32 bits, cannot hold.
var ErrIntRange = errors.New("plan: an integer beyond the 32 bits of Int")

// The scalars of gqlgen, written as it writes them. Each gives true: it wrote something else than null.

// String writes a string. What is not UTF-8 becomes U+FFFD, since JSON is UTF-8.
func (w *Writer) String(s string) bool {
	w.B = AppendString(w.B, s)
	return true
}

// Enum writes the name of an enum's value, or fails for one that has none: the specification's result coercion (§3.9).
func (w *Writer) Enum(name string) bool {
	if name == "" {
		return w.Fail(ErrNoValue)
	}
	return w.String(name)
}

// Named writes the name of an enum's value, or fails for one that is none of the schema's.
func (w *Writer) Named(name string, valid bool) bool {
	if !valid {
		return w.Fail(ErrNoValue)
	}
	return w.String(name)
}

// Int writes an Int, or fails for what has more than its 32 bits: the specification's result coercion (§3.5.1).
func (w *Writer) Int(i int64) bool {
	if i != int64(int32(i)) { //nolint:gosec // Whether it is the same number is the question.
		return w.Fail(ErrIntRange)
	}
	return w.Int64(i)
}

// Uint writes an Int that Go holds unsigned.
func (w *Writer) Uint(i uint64) bool {
	if i > math.MaxInt32 {
		return w.Fail(ErrIntRange)
	}
	return w.Uint64(i)
}

// Int64 writes the integer of another scalar.
func (w *Writer) Int64(i int64) bool {
	w.B = strconv.AppendInt(w.B, i, 10)
	return true
}

// Uint64 writes the unsigned integer of another scalar.
func (w *Writer) Uint64(i uint64) bool {
	w.B = strconv.AppendUint(w.B, i, 10)
	return true
}

// Bool writes a boolean.
func (w *Writer) Bool(b bool) bool {
	w.B = strconv.AppendBool(w.B, b)
	return true
}

// Float writes a number, or fails for one that JSON cannot hold.
func (w *Writer) Float(f float64) bool {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return w.Fail(errNotANumber)
	}
	w.B = strconv.AppendFloat(w.B, f, 'g', -1, 64)
	return true
}

// Marshal writes a scalar that writes itself.
func (w *Writer) Marshal(m graphql.Marshaler) bool {
	if m == graphql.Null {
		return false
	}
	m.MarshalGQL(w)
	return true
}

// MarshalContext writes a scalar that writes itself and may fail. Its context tells the field, as gqlgen's does: not the place in a list.
func (w *Writer) MarshalContext(m graphql.ContextMarshaler) bool {
	if m == graphql.Null {
		return false
	}
	if err := m.MarshalGQLContext(within(w.ctx, w.run.fieldContext(w.node, w.parent)), w); err != nil {
		return w.Fail(err)
	}
	return true
}

// Write implements [io.Writer] for scalars that write themselves.
func (w *Writer) Write(p []byte) (int, error) {
	w.B = append(w.B, p...)
	return len(p), nil
}

const hex = "0123456789ABCDEF"

// AppendString appends a string as JSON, with gqlgen's escapes.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		} else if c >= 0x20 && c != '\\' && c != '"' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		i++
		start = i
		switch c {
		case '\t':
			b = append(b, '\\', 't')
		case '\r':
			b = append(b, '\\', 'r')
		case '\n':
			b = append(b, '\\', 'n')
		case '\\', '"':
			b = append(b, '\\', c)
		default:
			if c >= utf8.RuneSelf {
				b = append(b, "\uFFFD"...)
			} else {
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
			}
		}
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
