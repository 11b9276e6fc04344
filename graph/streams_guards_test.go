//go:build !nodemo

package graph_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth"
	"vestibule.example/graph"
)

// broken is a reader whose connection does not do what is asked of it.
type broken struct {
	reader
	what string
}

func (b *broken) fails(what string) error {
	if b.what == what {
		return errGone
	}
	return nil
}

// SetReadDeadline is what [http.ResponseController] looks for.
func (b *broken) SetReadDeadline(time.Time) error { return b.fails("read deadline") }

// SetWriteDeadline is what [http.ResponseController] looks for.
func (b *broken) SetWriteDeadline(d time.Time) error {
	if d.IsZero() {
		return b.fails("no write deadline")
	}
	return b.fails("write deadline")
}

// FlushError is what [http.ResponseController] looks for.
func (b *broken) FlushError() error { return b.fails("flush") }

// A stream that cannot be kept alive, sent in time or sent at all is over at once, and the API asked for nobody.
func TestAStreamOverABrokenConnection(t *testing.T) {
	for what, sent := range map[string]string{"read deadline": "", "write deadline": "", "flush": ":\n\n", "no write deadline": ":\n\n"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int64
				h := newStreams(t, ticking(&calls), nil)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(asked(noteOfOrder, nil)))
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Accept", "text/event-stream")
				r := &broken{what: what}
				h.ServeHTTP(r, req)
				if ctx.Err() != nil || calls.Load() > 0 || r.text.String() != sent {
					t.Errorf("it was over by itself: %v, with %d calls; sent %q, want %q", ctx.Err() == nil, calls.Load(), r.text.String(), sent)
				}
			})
		})
	}
}

// One stream too many is refused before it begins, and told when to come back.
func TestAStreamTooMany(t *testing.T) {
	h := newStreams(t, ticking(new(atomic.Int64)), until(auth.ErrTooManyStreams))
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(asked(noteOfOrder, nil)))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "There are too many streams already.") {
		t.Errorf("answer = %d %v %s", w.Code, w.Header(), w.Body)
	}
}

// A session that ends while its event is being answered hears of its end, and no more of the event.
func TestASessionThatEndsWithinAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		r := &reader{}
		h := newStreams(t, func(req *http.Request) (*http.Response, error) {
			if req.URL.Host == "accounts.test" {
				close(end)
				<-req.Context().Done()
				return nil, req.Context().Err()
			}
			return ticking(new(atomic.Int64))(req)
		}, func(cfg *graph.Config) {
			cfg.UntilEnded = func(ctx context.Context) (context.Context, context.CancelFunc, error) {
				until, cancel := context.WithCancelCause(ctx)
				go func() {
					<-end
					cancel(auth.ErrSessionEnded)
				}()
				return until, func() { cancel(nil) }, nil
			}
		})
		_, ended := watch(t, h, r, `subscription { orderUpdated(id: "o-1") { note customer { name } } }`)
		<-ended
		if events, _ := r.events(); len(events) != 2 || events[0] != endOfSession {
			t.Errorf("events = %q, want no more than %s", events, endOfSession)
		}
	})
}

const endOfSession = `{"errors":[{"message":"Sign in to see this.","extensions":{"code":"UNAUTHENTICATED","loginUrl":"/auth/login"}}]}`

// A session that the source finds ended ends the stream like one that was told of it.
func TestASourceThatFindsTheSessionEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		r := &reader{}
		h := newStreams(t, func(req *http.Request) (*http.Response, error) {
			if calls.Load() == 2 {
				return nil, auth.ErrSessionEnded
			}
			return ticking(&calls)(req)
		}, nil)
		_, ended := watch(t, h, r, noteOfOrder)
		<-ended
		if events, _ := r.events(); len(events) != 4 || events[2] != endOfSession {
			t.Errorf("events = %q, want the third to be %s", events, endOfSession)
		}
	})
}

// An operation of a socket is one of the session's minute, like any other.
func TestASocketSpendsTheSessionsMinute(t *testing.T) {
	s := newSockets(t, sessionOfAlice(t), newStreams(t, ticking(new(atomic.Int64)), func(c *graph.Config) { c.Rate.Session = 1 }), io.Discard)
	conn := s.begin(t)
	say(t, conn, `{"type":"subscribe","id":"1","payload":{"query":"{ viewer { authenticated } }"}}`)
	if got := heard(t, conn); !strings.HasPrefix(got, `{"type":"error","id":"1"`) || !strings.Contains(got, "RATE_LIMITED") {
		t.Errorf("heard %s", got)
	}
	conn.CloseNow()
}

// Who reads but answers no ping is not there (WS-13).
func TestASocketThatOnlyListens(t *testing.T) {
	session := sessionOfAlice(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSockets(t, session, newStreams(t, ticking(new(atomic.Int64)), nil), io.Discard)
		conn := s.begin(t)
		listening := make(chan error)
		go func() {
			_, err := io.Copy(io.Discard, *s.last.Load())
			listening <- err
		}()
		began := time.Now()
		<-listening
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("left after %s", took)
		}
		conn.CloseNow()
	})
}

// An operation that its client has had enough of leaves the socket as it is (WS-11).
func TestASubscriptionThatIsLeftLeavesTheSocket(t *testing.T) {
	session := sessionOfAlice(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSockets(t, session, newStreams(t, ticking(new(atomic.Int64)), nil), io.Discard)
		conn := s.begin(t)
		say(t, conn, watchNote)
		heard(t, conn)
		say(t, conn, `{"type":"complete","id":"1"}`)
		<-time.After(time.Second)
		say(t, conn, `{"type":"ping"}`)
		got := heard(t, conn)
		for strings.HasPrefix(got, `{"type":"next"`) { // on its way before
			got = heard(t, conn)
		}
		if got != `{"type":"pong"}` {
			t.Errorf("heard %s", got)
		}
		conn.CloseNow()
	})
}

// What a client says at the beginning is read as what it is.
func TestABeginningThatCannotBeRead(t *testing.T) {
	conn, _ := newSockets(t, sessionOfAlice(t), newStreams(t, ticking(new(atomic.Int64)), nil), io.Discard).dial(t)
	say(t, conn, `{"type":"connection_init","payload":{"Vestibule-Session":7}}`)
	if code, reason := ends(t, conn); code != 4400 || reason != "Invalid message" {
		t.Errorf("closed with %d %s", code, reason)
	}
}

// A policy that several fields name is asked once for an operation.
func TestAPolicyIsAskedOnce(t *testing.T) {
	var asks atomic.Int64
	change := func(cfg *graph.Config) {
		cfg.Policies = map[string]graph.Policy{"counted": func(context.Context, *auth.Session) (bool, error) {
			asks.Add(1)
			return true, nil
		}}
	}
	g := newGate(t, "plan", change, "rating: Float", `rating: Float @policy(name: "counted")`, "imageUrl: URL", `imageUrl: URL @policy(name: "counted")`)
	alice := g.signIn(t)
	if data, faults, _ := g.asks(t, alice, `{product(id: "p-100") {imageUrl rating}}`); len(faults) > 0 {
		t.Fatalf("answer = %s %q", data, faults)
	}
	if asks.Load() != 1 {
		t.Errorf("the policy was asked %d times", asks.Load())
	}
}

// An event that its subscriber may not have any more is the last, and nobody is asked for what would lie beneath it.
func TestADeniedEventAsksNobody(t *testing.T) {
	for _, executor := range []string{"plan", "gqlgen"} {
		synctest.Test(t, func(t *testing.T) {
			var late atomic.Bool
			var customers atomic.Int64
			orders := ticking(new(atomic.Int64))
			h := newStreams(t, func(req *http.Request) (*http.Response, error) {
				if req.URL.Host == "accounts.test" {
					customers.Add(1)
					return jsonReply(200, `{"id":"c-1","name":"Alice"}`)
				}
				return orders(req)
			}, func(cfg *graph.Config) {
				cfg.Executor = executor
				cfg.Policies = map[string]graph.Policy{"early": func(context.Context, *auth.Session) (bool, error) { return !late.Load(), nil }}
			}, "orderUpdated(id: ID!): Order @authenticated", `orderUpdated(id: ID!): Order @policy(name: "early")`)
			r := &reader{}
			_, ended := watch(t, h, r, `subscription { orderUpdated(id: "o-1") { customer { id } } }`)
			<-time.After(time.Second)
			before := customers.Load()
			late.Store(true)
			<-ended
			if events, _ := r.events(); before == 0 || customers.Load() != before || !strings.Contains(events[len(events)-2], `"data":{"orderUpdated":null}`) {
				t.Errorf("%s: accounts were asked %d times, and then %d; events = %q", executor, before, customers.Load()-before, events)
			}
		})
	}
}

// A value that an API has and the schema's enum has not is no value of the enum's (specification §3.9).
func TestAValueThatAnEnumDoesNotHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{}
		cancel, ended := watch(t, newStreams(t, func(*http.Request) (*http.Response, error) {
			return jsonReply(200, `{"id":"o-1","customerId":"c-1","status":"teleported","placedAt":"2026-01-01T00:00:00Z","currency":"EUR","total":"1.00","lines":[]}`)
		}, nil), r, `subscription { orderUpdated(id: "o-1") { id status } }`)
		<-time.After(time.Second)
		cancel()
		<-ended
		if events, _ := r.events(); len(events) == 0 || !strings.Contains(events[0], `"UPSTREAM_INVALID"`) || !strings.Contains(events[0], `"path":["orderUpdated","status"]`) || strings.Contains(events[0], `"status":""`) {
			t.Errorf("events = %q, want an error at the status", events)
		}
	})
}
