package apis

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	// maxBody bounds a request body, in bytes.
	maxBody = 64 << 10
	// maxBatch is how many ids a batch may name, as the documents say.
	maxBatch = 50
	// maxPage is the largest page, as the documents say.
	maxPage = 100
)

const (
	// cachePersonal lets only the user's own cache keep an answer, and makes it ask each time.
	cachePersonal = "private, no-cache"
	// cachePublic lets everyone keep the catalogue for half a minute.
	cachePublic = "public, max-age=30"
)

// problem is an RFC 9457 problem document. Type and Title follow from Status.
type problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail,omitempty"`
	Errors []fieldError `json:"errors,omitempty"`
}

// fieldError is what is wrong with one field of a request body.
type fieldError struct {
	Field   string `json:"field"` // JSON Pointer
	Message string `json:"message"`
}

func writeProblem(w http.ResponseWriter, p problem) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func badRequest(w http.ResponseWriter, detail string) {
	writeProblem(w, problem{Status: http.StatusBadRequest, Detail: detail})
}

func notFound(w http.ResponseWriter) { writeProblem(w, problem{Status: http.StatusNotFound}) }

func invalid(w http.ResponseWriter, faults []fieldError) {
	writeProblem(w, problem{Status: http.StatusUnprocessableEntity, Detail: "Some fields are not valid.", Errors: faults})
}

// writeJSON answers a GET with an ETag, or 304 to whoever has the answer already.
func writeJSON(w http.ResponseWriter, r *http.Request, cache string, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", cache)
	if cache == cachePersonal {
		w.Header().Set("Vary", "Authorization")
	}
	text, err := json.Marshal(body)
	if err != nil {
		writeProblem(w, problem{Status: http.StatusInternalServerError})
		return
	}
	writeTagged(w, r, http.StatusOK, append(text, '\n'))
}

// writeTagged sends bytes under a strong ETag made of them (RFC 9110 §8.8.3, §13.1.2).
func writeTagged(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	w.Header().Set("ETag", tag)
	for candidate := range strings.SplitSeq(strings.Join(r.Header.Values("If-None-Match"), ","), ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			w.Header().Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// writeChanged answers an unsafe request with what is now; nobody may keep it.
func writeChanged(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// readJSON reads one JSON value without unknown fields; otherwise it has answered and returns false. What
// it says about a body never repeats the body's values.
func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		writeProblem(w, problem{Status: http.StatusUnsupportedMediaType, Detail: "The body must be application/json."})
		return false
	}
	body, err := io.ReadAll(r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		writeProblem(w, problem{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("The body may have at most %d bytes.", maxBody)})
		return false
	}
	if err != nil {
		badRequest(w, "The body cannot be read.")
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(into)
	if _, end := decoder.Token(); err != nil || !errors.Is(end, io.EOF) {
		badRequest(w, "The body is not JSON, has fields that are not known here, or values of the wrong type.")
		return false
	}
	return true
}

// batch reads a list of ids from the query, each once; otherwise it has answered and returns false.
func batch(w http.ResponseWriter, query url.Values, name string) ([]string, bool) {
	values := query[name]
	if len(values) == 0 {
		badRequest(w, "The parameter "+name+" is needed.")
		return nil, false
	}
	if len(values) > maxBatch {
		badRequest(w, fmt.Sprintf("At most %d times %s at once.", maxBatch, name))
		return nil, false
	}
	seen := make(map[string]bool, len(values))
	ids := make([]string, 0, len(values))
	for _, id := range values {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, true
}

// number reads a whole number from the query; otherwise it has answered and returns false.
func number(w http.ResponseWriter, query url.Values, name string, least, most, standard int) (int, bool) {
	if !query.Has(name) {
		return standard, true
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < least || n > most {
		badRequest(w, fmt.Sprintf("%s must be a whole number from %d to %d.", name, least, most))
		return 0, false
	}
	return n, true
}

// cents is an amount of money.
type cents int64

// MarshalText writes a decimal with two places, such as 129.00.
func (c cents) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%02d", int64(c)/100, int64(c)%100), nil
}
