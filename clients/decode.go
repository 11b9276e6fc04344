package clients

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
)

var (
	errNoContent = errors.New("no body where one was promised")
	errNull      = errors.New("null where a value was promised")
	errNotJSON   = errors.New("content type is not JSON")
	errEncoded   = errors.New("content coding is not understood")
	errTooDeep   = errors.New("nested too deep")
)

// decode reads a successful answer into value, a pointer.
func decode(ans *answer, value any) error {
	if len(bytes.TrimSpace(ans.body)) == 0 {
		return errNoContent
	}
	if err := checkJSON(ans.header); err != nil {
		return err
	}
	if tooDeep(ans.body, maxDepth) {
		return errTooDeep
	}
	if bytes.Equal(bytes.TrimSpace(ans.body), []byte("null")) {
		return errNull
	}
	if err := json.Unmarshal(ans.body, value); err != nil {
		return jsonFault(err)
	}
	return nil
}

// jsonFault says where a document is wrong without repeating anything of it but names of our own types.
func jsonFault(err error) error {
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrongType):
		return fmt.Errorf("member %q of type %s has the wrong JSON type at byte %d", wrongType.Field, wrongType.Type, wrongType.Offset)
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON at byte %d", syntax.Offset)
	}
	return errors.New("a value cannot be read as its type") // such as a time; the error's text would quote it
}

// checkJSON accepts application/json and application/…+json, in UTF-8 as RFC 8259 §8.1 demands.
func checkJSON(h http.Header) error {
	if enc := h.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return errEncoded
	}
	if !isJSON(h.Get("Content-Type")) {
		return errNotJSON
	}
	return nil
}

func isJSON(contentType string) bool {
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
	depth, inText := 0, false
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
