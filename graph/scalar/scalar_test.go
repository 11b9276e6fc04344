package scalar_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/graph/scalar"
)

// What a scalar takes is written back as it came, by both of its functions; of what it does not take, the client is told what it wants.
func TestScalars(t *testing.T) {
	dateTime, decimal, address := of(scalar.UnmarshalDateTime, scalar.MarshalDateTime, scalar.AppendDateTime),
		of(scalar.UnmarshalDecimal, scalar.MarshalDecimal, scalar.AppendDecimal), of(scalar.UnmarshalURL, scalar.MarshalURL, scalar.AppendURL)
	const wantDateTime, wantDecimal, wantURL = "want an RFC 3339 date and time, such as 2026-01-31T12:00:00Z", "want a decimal number as a string, such as 129.00", "want a URL"
	for _, c := range []struct {
		name    string
		scalar  func(any) (marshaled, appended string, err error)
		given   any
		written string // empty if it is refused
		refusal string
	}{
		{"an instant", dateTime, "2026-01-31T12:00:00Z", `"2026-01-31T12:00:00Z"`, ""},
		{"an instant of another zone, with its nanoseconds", dateTime, "2026-01-31T12:00:00.000000001+02:00", `"2026-01-31T12:00:00.000000001+02:00"`, ""},
		{"a date", dateTime, "2026-01-31", "", wantDateTime},
		{"an instant as a number", dateTime, 1769860800, "", wantDateTime},
		{"a decimal", decimal, "-129.00", `"-129.00"`, ""},
		{"a decimal of all its places", decimal, "123456789012345678.123456789", `"123456789012345678.123456789"`, ""},
		{"a decimal with a place too many", decimal, "1.1234567890", "", wantDecimal},
		{"a decimal with an exponent", decimal, "1e3", "", wantDecimal},
		{"a decimal and a line", decimal, "1\n", "", wantDecimal},
		{"a decimal as a number", decimal, 129, "", wantDecimal},
		{"a URL", address, "https://shop.example/a?b=c", `"https://shop.example/a?b=c"`, ""},
		{"a URL to be quoted", address, `/a"b`, `"/a\"b"`, ""},
		{"no URL", address, "", "", wantURL},
		{"a URL that is none", address, "https://%", "", wantURL},
		{"a URL as a number", address, 7, "", wantURL},
	} {
		marshaled, appended, err := c.scalar(c.given)
		if c.refusal != "" {
			if err == nil || err.Error() != c.refusal {
				t.Errorf("%s: %v, want %s", c.name, err, c.refusal)
			}
			continue
		}
		if err != nil || marshaled != c.written || appended != c.written {
			t.Errorf("%s: %s and %s, %v, want %s", c.name, marshaled, appended, err, c.written)
		}
	}
}

// of reads a value, and writes what was read in both ways, behind what has been written before.
func of[T string | time.Time](unmarshal func(any) (T, error), marshal func(T) graphql.Marshaler, appendTo func([]byte, T) []byte) func(any) (string, string, error) {
	return func(given any) (marshaled, appended string, err error) {
		v, err := unmarshal(given)
		if err != nil {
			return "", "", err
		}
		var b bytes.Buffer
		marshal(v).MarshalGQL(&b)
		before := []byte("before")
		return b.String(), string(bytes.TrimPrefix(appendTo(before, v), before)), nil
	}
}
