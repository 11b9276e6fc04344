package clients

import (
	"bytes"
	"errors"
	"math"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

var errNotWhole = errors.New("not a whole number that the type can hold")

// readWhole reads a document again that the decoder has refused, with integers that are written as some languages write a number
// that happens to be whole: 1.0, 1e3 (in JSON Schema, and so in OpenAPI 3.1, they are integers). ok tells whether that was all that was wrong.
func readWhole(doc []byte, value any) (ok bool) {
	return json.Unmarshal(doc, value, json.WithUnmarshalers(json.JoinUnmarshalers(json.UnmarshalFromFunc(unmarshalWhole[int]), json.UnmarshalFromFunc(unmarshalWhole[int64])))) == nil
}

func unmarshalWhole[N int | int64](d *jsontext.Decoder, n *N) error {
	if d.PeekKind() != '0' {
		return errors.ErrUnsupported // It is the decoder's: null, or a fault.
	}
	text, err := d.ReadValue()
	if err != nil {
		return err
	}
	if !bytes.ContainsAny(text, ".eE") {
		i, err := strconv.ParseInt(string(text), 10, strconv.IntSize)
		if err != nil {
			return errNotWhole
		}
		*n = N(i)
		return nil
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 { // Beyond, a float is whole whatever was written.
		return errNotWhole
	}
	*n = N(f)
	return nil
}
