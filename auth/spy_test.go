package auth_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
)

// spy stands between the gateway and its provider: it sees the gateway's calls, and can change the provider's answers.
type spy struct {
	next http.RoundTripper

	mu     sync.Mutex // guards what follows
	calls  []*http.Request
	before map[string]func()               // by path: what happens before the call arrives
	change map[string]func(map[string]any) // by path: what is done to the JSON of the answer
}

// newSpiedWorld starts a world with a spy in it.
func newSpiedWorld(t testing.TB, change func(*auth.Config, *rp.Config)) (*world, *spy) {
	t.Helper()
	s := &spy{before: map[string]func(){}, change: map[string]func(map[string]any){}}
	w := newWorld(t, func(cfg *auth.Config, party *rp.Config) {
		s.next = party.HTTPClient.Transport
		party.HTTPClient = &http.Client{Transport: s}
		if change != nil {
			change(cfg, party)
		}
	})
	return w, s
}

// RoundTrip passes the call on.
func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.calls = append(s.calls, r)
	before, change := s.before[r.URL.Path], s.change[r.URL.Path]
	s.mu.Unlock()
	if before != nil {
		before()
	}
	res, err := s.next.RoundTrip(r)
	if err != nil || change == nil || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		return res, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	change(answer)
	if body, err = json.Marshal(answer); err != nil {
		return nil, err
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return res, nil
}

// rewrite changes the answers of a path from now on, nil ends it.
func (s *spy) rewrite(path string, change func(map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.change[path] = change
}

// first does something once, before the next call of a path.
func (s *spy) first(path string, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before[path] = sync.OnceFunc(do)
}

// called returns the calls whose path ends so, and forgets them all.
func (s *spy) called(path string) []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*http.Request
	for _, r := range s.calls {
		if strings.HasSuffix(r.URL.Path, path) {
			found = append(found, r)
		}
	}
	s.calls = nil
	return found
}
