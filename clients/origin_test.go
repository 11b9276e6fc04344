package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"vestibule.example/clients"
)

// origin is an API without a network between, so that tests know who waits for what. It answers with what it was asked, by
// whom and as its how manieth call; directives say how.
type origin struct {
	api *clients.API

	mu    sync.Mutex // guards all of the following
	asked []*http.Request
	now   time.Time
	serve http.HandlerFunc
	gate  chan struct{} // closed to let calls be answered; nil lets them be at once
}

// echo is the body of an origin's answer.
type echo struct {
	Who string
	URL string
	N   int
}

type whoKey struct{}

// as gives a context of somebody: a session's name, "public", or "nobody".
func as(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, whoKey{}, who)
}

var errNobodyKnows = errors.New("who is it?")

func identityOf(ctx context.Context) (clients.IdentityKey, error) {
	switch who, _ := ctx.Value(whoKey{}).(string); who {
	case "":
		return clients.IdentityKey{}, errNobodyKnows
	case "public":
		return clients.PublicIdentity(), nil
	case "nobody":
		return clients.IdentityKey{}, nil
	default:
		return clients.SessionIdentity("key of "+who, who), nil
	}
}

func newOrigin(t testing.TB, change func(*clients.Config)) *origin {
	t.Helper()
	base, err := url.Parse("http://things.test/v1")
	if err != nil {
		t.Fatal(err)
	}
	o := &origin{now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	cfg := clients.Config{
		Name: "things", BaseURL: base, Transport: o, Identity: identityOf, ForwardLanguage: true, ClientAddress: "Forwarded", Now: o.clock,
		Cache: clients.CacheConfig{MaxBytes: 1 << 20}, Retry: clients.Retry{Attempts: 1}, Breaker: clients.Breaker{Failures: -1},
	}
	if change != nil {
		change(&cfg)
	}
	if o.api, err = clients.New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		o.api.Close()
		for _, fault := range o.api.CacheFaults() {
			t.Error(fault)
		}
	})
	return o
}

// RoundTrip implements [http.RoundTripper].
func (o *origin) RoundTrip(req *http.Request) (*http.Response, error) {
	o.mu.Lock()
	o.asked = append(o.asked, req)
	n, gate, serve := len(o.asked), o.gate, o.serve
	o.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	if serve == nil {
		serve = echoes()
	}
	who, _ := req.Context().Value(whoKey{}).(string)
	rec := httptest.NewRecorder()
	serve(rec, req.WithContext(context.WithValue(req.Context(), echo{}, echo{who, req.URL.RequestURI(), n})))
	switch rec.Code {
	case statusBrokenOff:
		return nil, errors.New("connection reset")
	case statusUnsent:
		return nil, errNobodyKnows
	}
	res := rec.Result()
	if rec.Code == http.StatusNotModified {
		res.ContentLength = 0 // as a transport has it, whatever the header says of the body that a 304 has not
	}
	return res, nil
}

// statusBrokenOff stands for no answer at all, statusUnsent for a call that was never sent.
const statusBrokenOff, statusUnsent = 999, 998

// echoes answers 200 with an echo and headers given as "Name: value".
func echoes(headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header(), headers)
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(r.Context().Value(echo{}))
	}
}

// refusesWith answers with a status and no body.
func refusesWith(status int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		setHeaders(w.Header(), headers)
		w.WriteHeader(status)
	}
}

func setHeaders(h http.Header, lines []string) {
	for _, line := range lines {
		var name, value string
		if _, err := fmt.Sscanf(line, "%s", &name); err != nil {
			panic(err)
		}
		value = line[len(name)+1:]
		h.Add(name[:len(name)-1], value)
	}
}

func (o *origin) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *origin) advance(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

func (o *origin) serves(h http.HandlerFunc) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.serve = h
}

// shut keeps calls from being answered until open is called.
func (o *origin) shut() (open func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	gate := make(chan struct{})
	o.gate = gate
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.gate = nil
		close(gate)
	}
}

// calls counts what was asked since the start.
func (o *origin) calls() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.asked)
}

func (o *origin) last() *http.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked[len(o.asked)-1]
}

// get asks for /x as somebody.
func (o *origin) get(t testing.TB, who string) echo {
	t.Helper()
	got, err := clients.Get[echo](as(t.Context(), who), o.api, clients.At("/x"), nil)
	if err != nil {
		t.Errorf("GET /x as %s = %v", who, err)
	}
	return got
}

// post changes something as somebody.
func (o *origin) post(t testing.TB, who, path string) {
	t.Helper()
	if _, err := clients.Post[clients.None](as(t.Context(), who), o.api, clients.At(path), nil); err != nil {
		t.Errorf("POST %s as %s = %v", path, who, err)
	}
}
