package clients_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"vestibule.example/clients"
)

// upstream is an API on the wire that remembers what it was asked.
type upstream struct {
	server *httptest.Server

	mu    sync.Mutex // guards asked
	asked []*http.Request
}

// newUpstream starts an API; the handler gets each request after it was noted.
func newUpstream(t testing.TB, answer http.HandlerFunc) *upstream {
	t.Helper()
	u := &upstream{}
	u.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.mu.Lock()
		u.asked = append(u.asked, r)
		u.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(u.server.Close)
	return u
}

func (u *upstream) requests() []*http.Request {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.asked
}

// api makes the calls of the upstream, one attempt each unless the configuration is changed.
func (u *upstream) api(t testing.TB, change func(*clients.Config)) *clients.API {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	base, err := url.Parse(u.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	cfg := clients.Config{Name: "orders", BaseURL: base, Transport: transport, Retry: clients.Retry{Attempts: 1}}
	if change != nil {
		change(&cfg)
	}
	api, err := clients.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// says answers with a status and a body; further headers as names and values in turn.
func says(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil // keeps net/http from guessing
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Add(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}

// newFake is an API without a wire, for fuzzing and for clocks that testing/synctest drives.
func newFake(t testing.TB, answer func(*http.Request) (*http.Response, error), change func(*clients.Config)) *clients.API {
	t.Helper()
	cfg := clients.Config{Name: "orders", Retry: clients.Retry{Attempts: 1}, BaseURL: &url.URL{Scheme: "https", Host: "orders.example.test"}, Transport: roundTripper(answer)}
	if change != nil {
		change(&cfg)
	}
	api, err := clients.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func fakeAnswer(status int, header http.Header, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
}
