package clients

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrNull is within the *Error of a call whose answer was null.
var ErrNull = errors.New("null where a value was promised")

var (
	errNoContent = errors.New("no body where one was promised")
	errNotJSON   = errors.New("content type is not JSON")
	errEncoded   = errors.New("content coding is not understood")
	errTooDeep   = errors.New("nested too deep")
)

// decode reads what is needed of a successful answer into value, a pointer; without a projection that is all of it.
func decode(ans *answer, value any, needed *Projection) error {
	if len(bytes.TrimSpace(ans.body)) == 0 {
		return errNoContent
	}
	if err := checkJSON(ans.header); err != nil {
		return err
	}
	if bytes.Equal(bytes.TrimSpace(ans.body), []byte("null")) {
		return ErrNull
	}
	if needed.decode(ans.body, value) {
		return nil
	}
	if tooDeep(ans.body, maxDepth) {
		return errTooDeep
	}
	// Stricter than encoding/json: a name that comes twice, bytes that are not UTF-8, and names in other letters than the
	// type's are not guessed at (docs/decisions/2026-11-25-decoder.md).
	err := json.Unmarshal(ans.body, value)
	if err == nil {
		return nil
	}
	reflect.ValueOf(value).Elem().SetZero()
	if readWhole(ans.body, value) {
		return nil
	}
	return jsonFault(value, err)
}

// jsonFault says where a document is wrong without repeating anything of it but names of our own types.
func jsonFault(value any, err error) error {
	var wrongType *json.SemanticError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON at byte %d", syntax.ByteOffset)
	case errors.As(err, &wrongType) && wrongType.Err == nil:
		return fmt.Errorf("member %q of type %s has the wrong JSON type at byte %d",
			memberName(reflect.TypeOf(value), wrongType.JSONPointer), wrongType.GoType, wrongType.ByteOffset)
	}
	return errors.New("a value cannot be read as its type") // such as a time; the error's text would quote it
}

// memberName writes a pointer with dots, as far as its names are those of a type: others, such as a map's, are the API's
// own words.
func memberName(t reflect.Type, at jsontext.Pointer) string {
	var names []string
	for token := range at.Tokens() {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch t.Kind() {
		case reflect.Slice, reflect.Array, reflect.Map:
			t = t.Elem()
		case reflect.Struct:
			field, ours := fieldOf(t, token)
			if !ours {
				return strings.Join(names, ".")
			}
			names, t = append(names, token), field.Type
		default:
			return strings.Join(names, ".")
		}
	}
	return strings.Join(names, ".")
}

func fieldOf(t reflect.Type, name string) (reflect.StructField, bool) {
	for _, field := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag == name || tag == "" && field.Name == name {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

// checkJSON accepts application/json and application/…+json, in UTF-8 as RFC 8259 §8.1 demands.
func checkJSON(h http.Header) error {
	if isEncoded(h) {
		return errEncoded
	}
	if !isJSON(h.Get("Content-Type")) {
		return errNotJSON
	}
	return nil
}

// isEncoded tells a body in a content coding that was not asked for.
func isEncoded(h http.Header) bool {
	coding := h.Get("Content-Encoding")
	return coding != "" && !strings.EqualFold(coding, "identity")
}

func isJSON(contentType string) bool {
	if contentType == "application/json" {
		return true // as most say it; the parameters' parser costs more than the rest of this file's checks
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	if charset, given := params["charset"]; given && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	subtype, ok := strings.CutPrefix(media, "application/")
	return ok && (subtype == "json" || strings.HasSuffix(subtype, "+json"))
}

// tooDeep finds arrays and objects nested beyond limit in one pass, before a decoder spends stack on them.
func tooDeep(doc []byte, limit int) bool {
	depth := 0
	for i := 0; i < len(doc); i++ {
		switch doc[i] {
		case '"':
			i = endOfText(doc, i)
		case '{', '[':
			if depth++; depth > limit {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// endOfText is where the text that begins at open ends: at its closing quote, or with the document. Most of an answer is
// text, so it is leapt over.
func endOfText(doc []byte, open int) int {
	for i := open; ; {
		n := bytes.IndexByte(doc[i+1:], '"')
		if n < 0 {
			return len(doc)
		}
		i += n + 1
		before := i
		for before > open+1 && doc[before-1] == '\\' {
			before--
		}
		if (i-before)%2 == 0 { // its backslashes escape each other
			return i
		}
	}
}
