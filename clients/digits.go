package clients

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// Digits is a number of an API's JSON with all its digits, as it was written. Empty: the API gave null.
type Digits string

var errNotANumber = errors.New("not a number")

// UnmarshalJSONFrom implements the decoder's interface.
func (n *Digits) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	value, err := d.ReadValue()
	switch {
	case err != nil:
		return err
	case value.Kind() == 'n':
		*n = ""
	case value.Kind() == '0':
		*n = Digits(value)
	default:
		return errNotANumber
	}
	return nil
}
