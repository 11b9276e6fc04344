package plantest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// Errors of the scalars.
var (
	ErrStamp = errors.New("plantest: want seconds as a number")
	ErrTag   = errors.New("plantest: want a tag")
	ErrRatio = errors.New("plantest: no ratio")
)

// MarshalStamp writes seconds; the zero time is null, as gqlgen's own Time has it.
func MarshalStamp(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return graphql.MarshalInt64(t.Unix())
}

// UnmarshalStamp reads seconds.
func UnmarshalStamp(v any) (time.Time, error) {
	seconds, err := graphql.UnmarshalInt64(v)
	if err != nil || seconds < 0 {
		return time.Time{}, ErrStamp
	}
	return time.Unix(seconds, 0), nil
}

// MarshalTag writes a tag.
func MarshalTag(s string) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { w.Write(AppendTag(nil, s)) }) //nolint:errcheck // A buffer does not fail.
}

// AppendTag appends a tag.
func AppendTag(b []byte, s string) []byte {
	quoted, _ := json.Marshal("#" + s)
	return append(b, quoted...)
}

// UnmarshalTag reads a tag.
func UnmarshalTag(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", ErrTag
	}
	return s, nil
}

// MarshalRatio writes a ratio, and fails for a negative one.
func MarshalRatio(f float64) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(_ context.Context, w io.Writer) error {
		if !(f >= 0) { // Neither a negative one nor what is no number.
			return ErrRatio
		}
		_, err := fmt.Fprintf(w, "%.2f", f)
		return err
	})
}

// UnmarshalRatio reads a ratio.
func UnmarshalRatio(_ context.Context, v any) (float64, error) { return graphql.UnmarshalFloat(v) }

// Blob is a scalar that writes itself.
type Blob []byte

// MarshalGQL implements graphql.Marshaler.
func (b Blob) MarshalGQL(w io.Writer) { fmt.Fprintf(w, `"%x"`, []byte(b)) }

// UnmarshalGQL implements graphql.Unmarshaler.
func (b *Blob) UnmarshalGQL(v any) error {
	s, err := graphql.UnmarshalString(v)
	*b = Blob(s)
	return err
}

// Size is an enum of Go values.
type Size int

// The sizes.
const (
	SizeSmall Size = iota + 1
	SizeLarge
)
