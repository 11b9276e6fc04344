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

// MarshalRatio writes a ratio, and fails for a negative one; that of nothing is null.
func MarshalRatio(f float64) graphql.ContextMarshaler {
	if f == 0 {
		return graphql.Null
	}
	return graphql.ContextWriterFunc(func(ctx context.Context, w io.Writer) error {
		if !(f >= 0) { // Neither a negative one nor what is no number.
			return fmt.Errorf("%w of %s", ErrRatio, graphql.GetFieldContext(ctx).Path())
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

// Grams are an Int that writes itself: in kilograms, so that Int holds what Go's number says of it no more.
type Grams int64

// MarshalGQL implements graphql.Marshaler.
func (g Grams) MarshalGQL(w io.Writer) { fmt.Fprint(w, int64(g)/1000) }

// UnmarshalGQL implements graphql.Unmarshaler.
func (g *Grams) UnmarshalGQL(v any) error {
	kilograms, err := graphql.UnmarshalInt32(v)
	*g = Grams(kilograms) * 1000
	return err
}

// Cents are an Int that functions write and read: in whole coins.
type Cents int64

// MarshalCents writes coins.
func MarshalCents(c Cents) graphql.Marshaler { return graphql.MarshalInt64(int64(c) / 100) }

// UnmarshalCents reads coins.
func UnmarshalCents(v any) (Cents, error) {
	coins, err := graphql.UnmarshalInt32(v)
	return Cents(coins) * 100, err
}

// Size is an enum of Go values.
type Size int

// The sizes.
const (
	SizeSmall Size = iota + 1
	SizeLarge
)
