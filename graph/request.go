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
	"strconv"
	"strings"
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

// requestError is a request that is refused before its document is looked at. Its message is constant: nothing sent is
// repeated.
type requestError struct {
	status  int
	code    string
	message string
	// retryAfter is how long to wait, if that helps.
	retryAfter time.Duration
}

func (e *requestError) Error() string { return "graph: " + e.message }

// malformed is a request that cannot be read at all.
func malformed(message string) error {
	return &requestError{status: http.StatusBadRequest, code: codeBadUserInput, message: message}
}

// errNotWellFormed marks requests that can be read and are no well-formed GraphQL requests, which the newest draft tells from
// those that cannot be read.
var errNotWellFormed = errors.New("graph: the request is not well-formed")

func notWellFormed(message string) error { return errors.Join(malformed(message), errNotWellFormed) }

var (
	errTooLarge  = &requestError{status: http.StatusRequestEntityTooLarge, code: codeBadUserInput, message: "The request body is too large."}
	errTooLong   = &requestError{status: http.StatusRequestURITooLong, code: codeBadUserInput, message: "The query string is too long; send the request with POST."}
	errTooSlow   = &requestError{status: http.StatusRequestTimeout, code: codeBadUserInput, message: "The request body did not come in time."}
	errMediaType = &requestError{status: http.StatusUnsupportedMediaType, code: codeBadUserInput, message: "The Content-Type must be application/json, in UTF-8."}
)

// request is what is asked: a document, or the id of one.
type request struct {
	graphql.RawParams
	// id names a document that the gateway has, by the member documentId (GraphQL over HTTP, appendix A) or the extension
	// persistedQuery; registers tells the extension beside a document, which is to be kept.
	id        string
	registers bool
}

// readRequest reads the parameters of a GET or POST (GraphQL over HTTP §5).
func readRequest(w http.ResponseWriter, r *http.Request, maxBody int64) (*request, error) {
	if r.Method == http.MethodPost {
		return readPost(w, r, maxBody)
	}
	return readGet(r, maxBody)
}

func readPost(w http.ResponseWriter, r *http.Request, maxBody int64) (*request, error) {
	media, options, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != mediaJSON || options["charset"] != "" && !strings.EqualFold(options["charset"], "utf-8") {
		return nil, errMediaType
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, errMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
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
	members, err := readMembers(body)
	if err != nil {
		return nil, err
	}
	return readParams(members)
}

// readMembers reads one JSON object and refuses duplicate members at any depth, whose meaning readers disagree on, and
// whatever comes behind the object.
func readMembers(body []byte) (map[string]json.RawMessage, error) {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(body))
	switch decoder.PeekKind() {
	case '{':
	case '[':
		return nil, malformed("Batches of operations are not offered; send one request each.")
	case '"', '0', 't', 'f', 'n':
		return nil, malformed("The request body is not a JSON object.")
	default:
		return nil, malformed("The request body is not JSON.")
	}
	object, err := decoder.ReadValue()
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return nil, malformed("The request body has a member twice.")
	}
	if err != nil {
		return nil, malformed("The request body is not JSON.")
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(object, &members); err != nil {
		return nil, malformed("The request body is not JSON.")
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, malformed("Something follows the JSON object of the request body.")
	}
	return members, nil
}

// readParams reads the members of a well-formed request, and tells the first that is none, in this order; null is absent, and
// unknown members are passed over.
func readParams(members map[string]json.RawMessage) (*request, error) {
	params := &request{}
	for _, member := range []struct {
		name  string
		into  any
		wants byte
	}{
		{"query", &params.Query, '"'}, {"operationName", &params.OperationName, '"'}, {"variables", &params.Variables, '{'}, {"extensions", &params.Extensions, '{'},
		{"documentId", &params.id, '"'},
	} {
		value := members[member.name]
		if len(value) == 0 || string(value) == "null" {
			continue
		}
		if value[0] != member.wants {
			return nil, notWellFormed("The member " + member.name + " has the wrong type.")
		}
		decoder := json.NewDecoder(bytes.NewReader(value))
		decoder.UseNumber()
		if err := decoder.Decode(member.into); err != nil {
			return nil, notWellFormed("The member " + member.name + " cannot be read.")
		}
	}
	return params, params.named()
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
	members := map[string]json.RawMessage{}
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
		members[name] = json.RawMessage(bytes.TrimSpace(value))
	}
	return readParams(members)
}

// unauthenticated refuses what only who is signed in may have.
func unauthenticated() *requestError {
	return &requestError{status: http.StatusUnauthorized, code: codeUnauthenticated, message: messages[codeUnauthenticated]}
}

// negotiate gives the answer's media type, or nothing if none of ours is acceptable. Without Accept, and where several are
// equally welcome, it is application/json, which every client understands.
func negotiate(accept []string) string {
	if len(accept) == 0 {
		return mediaJSON
	}
	best, bestQuality := "", 0.0
	for _, media := range []string{mediaJSON, mediaResponse, mediaEvents} {
		if q := quality(accept, media); q > bestQuality {
			best, bestQuality = media, q
		}
	}
	return best
}

// quality is how welcome a media type is: the q of the most specific range that names it (RFC 9110 §12.5.1).
func quality(accept []string, media string) float64 {
	major, _, _ := strings.Cut(media, "/")
	q, specific := 0.0, 0
	for entry := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, options, err := mime.ParseMediaType(strings.TrimSpace(entry))
		if err != nil {
			continue
		}
		rank := 0
		switch name {
		case media:
			rank = 3
		case major + "/*":
			rank = 2
		case "*/*":
			rank = 1
		}
		if charset := options["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
			rank = 0
		}
		if rank == 0 || rank < specific {
			continue
		}
		value := 1.0
		if text, there := options["q"]; there {
			if value, err = strconv.ParseFloat(text, 64); err != nil || value < 0 || value > 1 {
				value = 0
			}
		}
		q, specific = value, rank
	}
	return q
}
