package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"vestibule.example/clients"
)

var errNobody = errors.New("nobody is signed in")

type callerKey struct{}

// shared is a relay whose callers say who they are in a header, before an API of endless streams.
func shared(t *testing.T) (*relaying, *httptest.Server) {
	t.Helper()
	r := newRelaying(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		writes(w, "data: 1\n\n")
		<-req.Context().Done()
	}, func(cfg *clients.Config) {
		cfg.Identity = func(ctx context.Context) (clients.IdentityKey, error) {
			if who, _ := ctx.Value(callerKey{}).(string); who != "" {
				return clients.SessionIdentity("key of "+who, who), nil
			}
			return clients.IdentityKey{}, errNobody
		}
	}, nil)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx := clients.WithInbound(req.Context(), clients.Inbound{ClientAddr: req.Header.Get("X-Address")})
		r.relay.ServeHTTP(w, req.WithContext(context.WithValue(ctx, callerKey{}, req.Header.Get("X-Session"))))
	}))
	t.Cleanup(front.Close)
	return r, front
}

// stream opens a stream; end ends it. It is refused unless the status is 200.
func stream(t *testing.T, front *httptest.Server, session, address string) (status int, problem relayProblem, end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, front.URL+"/api/orders/things/1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Session", session)
	req.Header.Set("X-Address", address)
	res, err := front.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	end = func() {
		cancel()
		res.Body.Close()
	}
	t.Cleanup(end)
	if res.StatusCode != http.StatusOK {
		if err := json.NewDecoder(res.Body).Decode(&problem); err != nil {
			t.Error(err)
		}
		if res.Header.Get("Retry-After") != "1" {
			t.Errorf("%d with Retry-After %q, want 1", res.StatusCode, res.Header.Get("Retry-After"))
		}
	}
	return res.StatusCode, problem, end
}

// One session, or one network without sessions, has its share of the answers on their way and no more, so that others get theirs; a stream
// that ends gives its place back.
func TestRelayedAnswersAreShared(t *testing.T) {
	for _, c := range []struct {
		name, session, address string
		most                   int
		same, other            [2]string
	}{
		{"a session, from anywhere", "alice", "192.0.2.1", 64, [2]string{"alice", "198.51.100.1"}, [2]string{"bob", "192.0.2.1"}},
		{"an address", "", "192.0.2.1", 128, [2]string{"", "::ffff:192.0.2.1"}, [2]string{"", "192.0.2.2"}},
		{"a network of version 6", "", "2001:db8::1", 128, [2]string{"", "2001:db8::ffff:2"}, [2]string{"", "2001:db8:0:1::1"}},
		{"no address", "", "", 128, [2]string{"", "unknown"}, [2]string{"alice", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, front := shared(t)
			var end func()
			for i := range c.most {
				var status int
				if status, _, end = stream(t, front, c.session, c.address); status != http.StatusOK {
					t.Fatalf("stream %d = %d, want 200", i+1, status)
				}
			}
			status, problem, _ := stream(t, front, c.same[0], c.same[1])
			if status != http.StatusTooManyRequests || problem.Code != "RATE_LIMITED" || problem.RetryAfter != 1 || !problem.Retryable {
				t.Errorf("one more = %d %+v, want 429 RATE_LIMITED", status, problem)
			}
			if status, _, _ := stream(t, front, c.other[0], c.other[1]); status != http.StatusOK {
				t.Errorf("another's = %d, want 200", status)
			}
			if h := r.calls.Health(); h.Relayed != c.most+1 || h.RelayShare != 1 || h.RelayFull != 0 {
				t.Errorf("health = %+v, want %d relayed and one refused for its share", h, c.most+1)
			}
			end()
			for again := time.After(10 * time.Second); ; {
				if status, _, _ = stream(t, front, c.same[0], c.same[1]); status == http.StatusOK {
					return
				}
				select {
				case <-again:
					t.Fatalf("after one has ended = %d, want 200", status)
				default:
				}
			}
		})
	}
}
