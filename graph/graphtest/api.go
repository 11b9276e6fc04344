package graphtest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// maxBody bounds a request's or an answer's body, in bytes.
const maxBody = 8 << 20

// API says where one API's answers come from. With the zero value they come from its OpenAPI document, clients/NAME/openapi.yaml.
type API struct {
	// Document is the API's OpenAPI document, from the test's directory; clients/NAME/openapi.yaml of the module if empty.
	Document string
	// Answers are given instead of what the document describes, by operation: "GET /orders/{orderId}".
	Answers map[string]http.HandlerFunc
	// Recording is a file of answers that are given instead of what the document describes. With -record the API at From
	// is asked and its answers are kept in the file; without, a request that is not in it fails the test. No header of a
	// request is kept, and of an answer only the headers that matter to its reader. Look at what else the API said before you
	// commit the file.
	Recording string
	// From is the base URL that -record asks; the demo's API of that name if empty.
	From string
	// TokenFrom names an environment variable with the access token for From; the session's token if empty, which the
	// demo's provider issued.
	TokenFrom string
	// Token is user or none, as apis.NAME.token in the configuration; by default user where the document wants a token.
	Token string

	document *document
}

// token is the kind of token that the API is called with.
func (a API) token() string {
	switch {
	case a.Token != "":
		return a.Token
	case a.document.open:
		return "none"
	}
	return "user"
}

// JSON answers with a status and a body of JSON text, for [API.Answers].
func JSON(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if status >= http.StatusBadRequest {
			w.Header().Set("Content-Type", "application/problem+json")
		}
		w.WriteHeader(status)
		io.WriteString(w, body) //nolint:errcheck // The reader is gone; its call says so.
	}
}

// standIn answers for one API, and fails the test for a call or an answer that the document does not allow.
type standIn struct {
	t         testing.TB
	name      string
	cfg       API
	base      *url.URL
	recording *recording // nil when nothing is recorded

	mu    sync.Mutex // guards calls
	calls []string
}

func newStandIn(t testing.TB, name string, cfg API, demoURL string) *standIn {
	t.Helper()
	if cfg.Document == "" {
		cfg.Document = filepath.Join(moduleRoot(t), "clients", name, "openapi.yaml")
	}
	document, err := readDocument(cfg.Document)
	must(t, err)
	cfg.document = document
	if cfg.From == "" {
		cfg.From = demoURL
	}
	s := &standIn{t: t, name: name, cfg: cfg}
	for operation := range cfg.Answers {
		if !document.has(operation) {
			t.Fatalf("graphtest: %s has no operation %q", cfg.Document, operation)
		}
	}
	if cfg.Recording != "" {
		s.recording = openRecording(t, cfg)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.base, err = url.Parse(server.URL)
	must(t, err)
	return s
}

// ServeHTTP answers "METHOD /path" of the API.
func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	place := r.Method + " " + r.URL.RequestURI()
	s.mu.Lock()
	s.calls = append(s.calls, place)
	s.mu.Unlock()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.refuse(w, place, err)
		return
	}
	asked, err := s.cfg.document.find(r, body)
	if err != nil {
		s.refuse(w, place, err)
		return
	}
	answer := httptest.NewRecorder()
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch own := s.cfg.Answers[asked.operation()]; {
	case own != nil:
		own(answer, r)
	case s.recording != nil:
		err = s.recording.answer(answer, r, body)
	default:
		err = asked.describe(answer)
	}
	if err == nil {
		err = asked.check(answer)
	}
	if err != nil {
		s.refuse(w, place, err)
		return
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes()) //nolint:errcheck // The reader is gone; its call says so.
}

// refuse fails the test, and the call.
func (s *standIn) refuse(w http.ResponseWriter, place string, err error) {
	s.t.Errorf("graphtest: %s: %s: %v", s.name, place, err)
	http.Error(w, "graphtest refuses this call; the test says why", http.StatusNotImplemented)
}

var errNoModule = errors.New("no go.mod above the test's directory")

// moduleRoot is where go.mod is.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	must(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			must(t, errNoModule)
		}
		dir = filepath.Dir(dir)
	}
}
