package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-json-experiment/json/jsontext"
)

// Media types of GraphQL over HTTP.
const (
	mediaJSON     = "application/json"
	mediaResponse = "application/graphql-response+json"
	mediaEvents   = "text/event-stream"
)

// requestError refuses a request before its document is looked at. Its message is constant, and repeats nothing that was sent.
type requestError struct {
	status  int
	code    string
	message string
	// retryAfter is when to try again; 0 where that does not help.
	retryAfter time.Duration
}

func (e *requestError) Error() string { return "graph: " + e.message }

// malformed refuses a request that cannot be read at all.
func malformed(message string) error {
	return &requestError{status: http.StatusBadRequest, code: codeBadUserInput, message: message}
}

// errNotWellFormed marks requests that can be read but are not well-formed GraphQL requests: the newest draft has another status for
// them than for those that cannot be read.
var errNotWellFormed = errors.New("graph: the request is not well-formed")

// notWellFormed refuses a request that can be read but is not a well-formed GraphQL request.
func notWellFormed(message string) error { return errors.Join(malformed(message), errNotWellFormed) }

var (
	errTooLarge  = &requestError{status: http.StatusRequestEntityTooLarge, code: codeBadUserInput, message: "The request body is too large."}
	errTooLong   = &requestError{status: http.StatusRequestURITooLong, code: codeBadUserInput, message: "The query string is too long; send the request with POST."}
	errTooSlow   = &requestError{status: http.StatusRequestTimeout, code: codeBadUserInput, message: "The request body did not come in time."}
	errMediaType = &requestError{status: http.StatusUnsupportedMediaType, code: codeBadUserInput, message: "The Content-Type must be application/json, in UTF-8."}
)

// request is a GraphQL request: a document, or the id of one.
type request struct {
	graphql.RawParams
	// id names a document that the gateway has, by the member documentId (GraphQL over HTTP, appendix A) or the extension
	// persistedQuery. registers tells that the extension came with the document, which is to be kept.
	id        string
	registers bool
	// explain tells that the sender wants to know what the operation would ask for, and that it must not run.
	explain bool
}

// readRequest reads the parameters of a GET or POST (GraphQL over HTTP §5).
func readRequest(w http.ResponseWriter, r *http.Request, maxBody int64) (*request, error) {
	if r.Method == http.MethodPost {
		return readPost(w, r, maxBody)
	}
	return readGet(r, maxBody)
}

func readPost(w http.ResponseWriter, r *http.Request, maxBody int64) (*request, error) {
	if !isJSON(r.Header.Get("Content-Type")) {
		return nil, errMediaType
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, errMediaType
	}
	body, err := readBody(w, r, maxBody)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, errTooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, errTooSlow
	}
	if err != nil {
		return nil, malformed("The request body could not be read.")
	}
	if !utf8.Valid(body) {
		return nil, malformed("The request body is not UTF-8.")
	}
	return readJSON(body)
}

// readJSON reads the parameters that stand in a JSON object.
func readJSON(text []byte) (*request, error) {
	var found members
	if err := readMembers(text, &found); err != nil {
		return nil, err
	}
	return readParams(&found)
}

// atOnce bounds, in bytes, the bodies whose memory is made by what Content-Length says: announcing a large body costs the gateway
// nothing.
const atOnce = 8 << 10

// readBody reads a body of at most maxBody bytes; a short one into memory of exactly its size.
func readBody(w http.ResponseWriter, r *http.Request, maxBody int64) ([]byte, error) {
	if r.ContentLength < 0 || r.ContentLength > min(atOnce, maxBody) {
		return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body) // The server ends the body at Content-Length.
	return body, err
}

func isJSON(contentType string) bool {
	if contentType == mediaJSON {
		return true // How nearly every client writes it; nothing is allocated.
	}
	media, options, err := mime.ParseMediaType(contentType)
	return err == nil && media == mediaJSON && (options["charset"] == "" || strings.EqualFold(options["charset"], "utf-8"))
}

// members are the members of a request's JSON object as they were sent; nil for those that were not.
type members struct{ query, operationName, variables, extensions, documentID jsontext.Value }

// named gives the place of a member by its name as JSON; nil for one that is not known.
func (m *members) named(name jsontext.Value) *jsontext.Value {
	if bytes.IndexByte(name, '\\') >= 0 {
		return m.place([]byte(unquoted(name)))
	}
	return m.place(name[1 : len(name)-1])
}

// place gives the place of a member by its name.
func (m *members) place(name []byte) *jsontext.Value {
	switch string(name) {
	case "query":
		return &m.query
	case "operationName":
		return &m.operationName
	case "variables":
		return &m.variables
	case "extensions":
		return &m.extensions
	case "documentId":
		return &m.documentID
	}
	return nil
}

// reader is a decoder with the buffer that it reads from. Readers are pooled: making one costs more than reading a request.
type reader struct {
	jsontext.Decoder

	buffer bytes.Buffer
}

// read makes the decoder begin with another text.
func (r *reader) read(text []byte) {
	r.buffer = *bytes.NewBuffer(text)
	r.Reset(&r.buffer)
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// readMembers reads one JSON object and refuses duplicate members at any depth, whose meaning readers disagree on, and
// whatever comes behind the object.
func readMembers(body []byte, found *members) error {
	reader := readers.Get().(*reader) //nolint:forcetypeassert // Nothing else is put there.
	reader.read(body)
	defer func() {
		reader.read(nil) // So that the pool keeps nobody's request alive.
		readers.Put(reader)
	}()
	decoder := &reader.Decoder
	switch decoder.PeekKind() {
	case '{':
	case '[':
		return malformed("Batches of operations are not offered; send one request each.")
	case '"', '0', 't', 'f', 'n':
		return malformed("The request body is not a JSON object.")
	default:
		return malformed("The request body is not JSON.")
	}
	err := readObject(decoder, body, found)
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return malformed("The request body has a member twice.")
	}
	if err != nil {
		return malformed("The request body is not JSON.")
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return malformed("Something follows the JSON object of the request body.")
	}
	return nil
}

func readObject(decoder *jsontext.Decoder, body []byte, found *members) error {
	if _, err := decoder.ReadToken(); err != nil {
		return err
	}
	for decoder.PeekKind() == '"' {
		name, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		place := found.named(name)
		value, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		if place != nil { // From body: the decoder's own copy is valid only until it reads on.
			end := decoder.InputOffset()
			*place = body[end-int64(len(value)) : end]
		}
	}
	_, err := decoder.ReadToken()
	return err
}

// readParams reads the members of a well-formed request, or gives the error of the first that is not of its type, in this order. Null is
// as good as absent, and unknown members are ignored.
func readParams(m *members) (*request, error) {
	params := &request{}
	if err := errors.Join(
		readText("query", m.query, &params.Query), readText("operationName", m.operationName, &params.OperationName),
		readMap("variables", m.variables, &params.Variables), readMap("extensions", m.extensions, &params.Extensions),
		readText("documentId", m.documentID, &params.id),
	); err != nil {
		return nil, err
	}
	if err := params.readExplain(); err != nil {
		return nil, err
	}
	return params, params.named()
}

func readText(name string, value jsontext.Value, into *string) error {
	switch {
	case isAbsent(value):
		return nil
	case value.Kind() != '"':
		return wrongType(name)
	}
	*into = unquoted(value)
	return nil
}

// unquoted is the text that a valid JSON string is.
func unquoted(value jsontext.Value) string {
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value[1 : len(value)-1])
	}
	text, _ := jsontext.AppendUnquote(nil, value) // It is valid.
	return string(text)
}

func readMap(name string, value jsontext.Value, into *map[string]any) error {
	switch {
	case isAbsent(value):
		return nil
	case value.Kind() != '{':
		return wrongType(name)
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return notWellFormed("The member " + name + " cannot be read.")
	}
	return nil
}

func isAbsent(value jsontext.Value) bool { return len(value) == 0 || value.Kind() == 'n' }

func wrongType(name string) error {
	return notWellFormed("The member " + name + " has the wrong type.")
}

// named finds the id that a request names its document by, and refuses one that names none.
func (r *request) named() error {
	if r.id != "" && r.Query != "" {
		return notWellFormed("The request has a query and a documentId; send one of them.")
	}
	if named, ok := r.Extensions["persistedQuery"].(map[string]any); ok && r.id == "" {
		r.id, _ = named["sha256Hash"].(string)
		if r.id == "" {
			return notWellFormed("The extension persistedQuery has no sha256Hash.")
		}
		r.registers = r.Query != ""
	}
	if r.id == "" && r.Query == "" {
		return notWellFormed("The request has no query.")
	}
	r.id = strings.ToLower(strings.TrimPrefix(r.id, "sha256:"))
	return nil
}

func readGet(r *http.Request, maxQuery int64) (*request, error) {
	if int64(len(r.URL.RawQuery)) > maxQuery {
		return nil, errTooLong
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, malformed("The query string cannot be read.")
	}
	var found members
	for _, name := range []string{"query", "operationName", "variables", "extensions", "documentId"} {
		values := query[name]
		if len(values) > 1 {
			return nil, malformed("The parameter " + name + " is there twice.")
		}
		if len(values) == 0 || values[0] == "" {
			continue
		}
		if !utf8.ValidString(values[0]) {
			return nil, malformed("The parameter " + name + " is not UTF-8.")
		}
		value := jsontext.Value(values[0])
		if name == "query" || name == "operationName" || name == "documentId" {
			value, _ = json.Marshal(values[0]) //nolint:errchkjson // A valid string.
		}
		if !value.IsValid() {
			return nil, malformed("The parameter " + name + " is not JSON, or has a member twice.")
		}
		*found.place([]byte(name)) = value
	}
	return readParams(&found)
}

// unauthenticated refuses what only those who are signed in may have.
func unauthenticated() *requestError {
	return &requestError{status: http.StatusUnauthorized, code: codeUnauthenticated, message: messages[codeUnauthenticated]}
}
