package clients_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"vestibule.example/clients"
)

// The relay has no breaker, bulkhead and counters of its own, and its streams take no places from calls.
func TestTheRelaySharesTheAPIsHealth(t *testing.T) {
	var failing bool
	release := make(chan struct{})
	r := newRelaying(t, func(w http.ResponseWriter, req *http.Request) {
		switch {
		case failing:
			says(503, "", "")(w, req)
		case strings.HasSuffix(req.URL.Path, "/events"):
			events(release, nil)(w, req)
		default:
			says(200, jsonType, `{}`)(w, req)
		}
	}, func(cfg *clients.Config) { cfg.Concurrency, cfg.Breaker.Failures = 1, 3 }, nil)
	stream := r.get(t.Context(), t, "/api/orders/things/1/events")
	if err := send(t.Context(), r.calls, "GET"); err != nil {
		t.Errorf("a call beside an open stream = %v, want it unhindered", err)
	}
	close(release)
	io.Copy(io.Discard, stream.Body)
	failing = true
	for range 3 {
		r.get(t.Context(), t, "/api/orders/things")
	}
	before := len(r.api.requests())
	res := r.get(t.Context(), t, "/api/orders/things")
	if err := send(t.Context(), r.calls, "GET"); codeOf(err) != clients.CodeUpstreamUnavailable || res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || len(r.api.requests()) != before {
		t.Errorf("with the breaker open: relay %d, call %v, want both refused unsent", res.StatusCode, err)
	}
	if h := r.calls.Health(); h.Breaker != "open" || h.Failures != 3 || h.Refused != 2 || h.Active != 0 {
		t.Errorf("Health() = %+v", h)
	}
}

// CACHE-7: a change that is relayed makes what is kept stale, as one by a call does.
func TestARelayedChangeIsOne(t *testing.T) {
	code := 200
	var told int
	r := newRelaying(t, func(w http.ResponseWriter, req *http.Request) { says(code, "", "")(w, req) }, func(cfg *clients.Config) {
		cfg.Identity = func(context.Context) (clients.IdentityKey, error) {
			return clients.SessionIdentity("key", "owner"), nil
		}
		cfg.Changed = func(context.Context) { told++ }
	}, nil)
	for _, c := range []struct {
		method string
		code   int
		want   int
	}{{"GET", 200, 0}, {"HEAD", 200, 0}, {"POST", 200, 1}, {"POST", 204, 1}, {"POST", 404, 0}, {"POST", 500, 1}} {
		told, code = 0, c.code
		r.send(t, c.method, "/api/orders/things", http.Header{}, "")
		if told != c.want {
			t.Errorf("%s that ended in %d was told %d times, want %d", c.method, c.code, told, c.want)
		}
	}
}
