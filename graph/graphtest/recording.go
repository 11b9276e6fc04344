package graphtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

var record = flag.Bool("record", false, "ask the real APIs, and keep their answers for the tests that replay them")

// keptHeaders are the headers of an answer that are kept; others may be secret, and mean nothing to a client.
var keptHeaders = []string{"Cache-Control", "Content-Type", "Etag", "Location", "Retry-After", "Www-Authenticate"}

// exchange is a request and its answer, as a recording has them.
type exchange struct {
	Request string            `json:"request"`        // method, path and query
	Body    json.RawMessage   `json:"body,omitempty"` // of the request
	Status  int               `json:"status"`
	Header  map[string]string `json:"header,omitempty"`
	JSON    json.RawMessage   `json:"json,omitempty"` // the answer's body, if it is JSON
	Text    string            `json:"text,omitempty"` // and if it is not
}

// recording is a file of exchanges. The same request again gets its next answer, and its last one from then on.
type recording struct {
	cfg    API
	client *http.Client // nil when replaying

	mu   sync.Mutex // guards what follows
	kept []exchange
	next map[string]int // how many of a request's answers have been given
}

func openRecording(t testing.TB, cfg API) *recording {
	t.Helper()
	r := &recording{cfg: cfg, next: map[string]int{}}
	if *record {
		r.client = &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		t.Cleanup(func() {
			r.client.CloseIdleConnections()
			must(t, r.save())
		})
		return r
	}
	text, err := os.ReadFile(cfg.Recording)
	must(t, err)
	must(t, json.Unmarshal(text, &r.kept))
	return r
}

// answer replays, or asks and keeps.
func (r *recording) answer(w http.ResponseWriter, req *http.Request, body []byte) error {
	found := exchange{Request: req.Method + " " + req.URL.RequestURI()}
	if len(body) > 0 {
		found.Body = body
	}
	var err error
	if r.client != nil {
		err = r.ask(req, body, &found)
	} else {
		err = r.replay(&found)
	}
	if err != nil {
		return err
	}
	if found.JSON != nil {
		w.Header().Set("Content-Type", "application/json")
	}
	for name, value := range found.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(found.Status)
	if _, err := w.Write(found.JSON); err != nil {
		return err
	}
	_, err = io.WriteString(w, found.Text)
	return err
}

// key tells requests apart; bodies are compared without their spaces.
func (e exchange) key() string {
	var body bytes.Buffer
	if json.Compact(&body, e.Body) != nil {
		body.Write(e.Body)
	}
	return e.Request + "\n" + body.String()
}

var errNotRecorded = errors.New("is not in the recording")

func (r *recording) replay(asked *exchange) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := asked.key()
	answers := slices.DeleteFunc(slices.Clone(r.kept), func(e exchange) bool { return e.key() != key })
	if len(answers) == 0 {
		return fmt.Errorf("%w %s; `go test -record` asks %s for it", errNotRecorded, r.cfg.Recording, r.cfg.From)
	}
	*asked = answers[min(r.next[key], len(answers)-1)]
	r.next[key]++
	return nil
}

func (r *recording) ask(req *http.Request, body []byte, found *exchange) error {
	out, err := http.NewRequestWithContext(req.Context(), req.Method, strings.TrimSuffix(r.cfg.From, "/")+req.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	out.Header = req.Header.Clone()
	out.Header.Del("Accept-Encoding") // The client's own transport opens what it asked for.
	if r.cfg.TokenFrom != "" {
		out.Header.Set("Authorization", "Bearer "+os.Getenv(r.cfg.TokenFrom))
	}
	res, err := r.client.Do(out)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return err
	}
	found.Status, found.Header = res.StatusCode, map[string]string{}
	for _, name := range keptHeaders {
		if value := res.Header.Get(name); value != "" {
			found.Header[name] = value
		}
	}
	if json.Valid(text) {
		found.JSON = text
	} else {
		found.Text = string(text)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, *found)
	return nil
}

// save writes the file, in an order that does not depend on which call was faster.
func (r *recording) save() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(r.kept, func(a, b exchange) int { return strings.Compare(a.key(), b.key()) })
	text, err := json.MarshalIndent(r.kept, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(r.cfg.Recording, append(text, '\n'), 0o644) //nolint:gosec // A file of the repository, for everyone.
}
