// Package scalar is the schema's own scalars, checked in both directions: what an API says and what a client sends. Beside each
// Marshal function, which is gqlgen's, there is an Append function, which graph/plan writes answers with.
package scalar

import (
	"errors"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/graph/plan"
)

var (
	errDateTime = errors.New("want an RFC 3339 date and time, such as 2026-01-31T12:00:00Z")
	errDecimal  = errors.New("want a decimal number as a string, such as 129.00")
	errURL      = errors.New("want a URL")
	decimal     = regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,9})?$`)
)

// MarshalDateTime writes an instant in RFC 3339.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		io.WriteString(w, strconv.Quote(t.Format(time.RFC3339Nano))) //nolint:errcheck // A buffer does not fail.
	})
}

// AppendDateTime appends an instant in RFC 3339.
func AppendDateTime(b []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

// UnmarshalDateTime reads an instant in RFC 3339.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, _ := v.(string) // What is no text is refused as an empty one.
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, errDateTime
	}
	return t, nil
}

// MarshalDecimal writes a decimal as a string.
func MarshalDecimal(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// AppendDecimal appends a decimal as a string.
func AppendDecimal(b []byte, s string) []byte { return plan.AppendString(b, s) }

// UnmarshalDecimal reads a decimal.
func UnmarshalDecimal(v any) (string, error) {
	text, _ := v.(string) // What is no text is refused as an empty one.
	if !decimal.MatchString(text) {
		return "", errDecimal
	}
	return text, nil
}

// MarshalURL writes a URL.
func MarshalURL(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// AppendURL appends a URL.
func AppendURL(b []byte, s string) []byte { return plan.AppendString(b, s) }

// UnmarshalURL reads a URL.
func UnmarshalURL(v any) (string, error) {
	text, _ := v.(string) // What is no text is refused as an empty one.
	if _, err := url.Parse(text); err != nil || text == "" {
		return "", errURL
	}
	return text, nil
}
