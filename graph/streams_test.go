//go:build !nodemo

package graph_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth"
	"vestibule.example/clients"
	"vestibule.example/graph"
)

// api answers calls without a wire, in a bubble whose time stands still until everybody waits.
type api func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (a api) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func jsonReply(status int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}, nil
}

// newStreams makes the handler over one API that stands for all, for the schema with the changes; its subscriptions are for
// everybody.
func newStreams(t testing.TB, answer api, change func(*graph.Config), changes ...string) http.Handler {
	t.Helper()
	client := func(name string) *clients.API {
		a, err := clients.New(clients.Config{Name: name, BaseURL: &url.URL{Scheme: "https", Host: name + ".test"}, Transport: answer, Retry: clients.Retry{Attempts: 1}})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	cfg := graph.Config{Resolver: graph.NewResolver(client, nil)}
	if change != nil {
		change(&cfg)
	}
	changes = append(changes, "orderUpdated(id: ID!): Order @authenticated", "orderUpdated(id: ID!): Order", "shipmentMoved(id: ID!): ShipmentMove @authenticated", "shipmentMoved(id: ID!): ShipmentMove")
	h, err := graph.NewHandlerOf(cfg, strings.NewReplacer(changes...).Replace(schemaText(t)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// ticking is an orders API whose order changes with each call.
func ticking(calls *atomic.Int64) api {
	return func(*http.Request) (*http.Response, error) {
		return jsonReply(200, fmt.Sprintf(`{"id":"o-1","customerId":"c-1","status":"placed","placedAt":"2026-01-01T00:00:00Z","currency":"EUR","total":"1.00","lines":[],"note":"%d"}`, calls.Add(1)))
	}
}

var errGone = errors.New("connection reset by peer")

// reader is who reads a stream: nobody any more when gone, and not now when slow.
type reader struct {
	gone, slow atomic.Bool

	mu       sync.Mutex // guards all of the following
	text     strings.Builder
	deadline time.Time
}

func (r *reader) Header() http.Header { return http.Header{} }
func (r *reader) WriteHeader(int)     {}
func (r *reader) Flush()              {}

// SetWriteDeadline is what [http.ResponseController] looks for.
func (r *reader) SetWriteDeadline(d time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deadline = d
	return nil
}

func (r *reader) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone.Load() {
		return 0, errGone
	}
	if r.slow.Load() {
		if r.deadline.IsZero() {
			panic("a write without a deadline")
		}
		<-time.After(time.Until(r.deadline))
		return 0, os.ErrDeadlineExceeded
	}
	return r.text.Write(b)
}

// events are what was sent, without pings, which are counted.
func (r *reader) events() (events []string, pings int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range strings.Split(strings.TrimSuffix(r.text.String(), "\n\n"), "\n\n") {
		if e == ":" {
			pings++
			continue
		}
		events = append(events, strings.TrimPrefix(strings.TrimPrefix(e, "event: next\ndata: "), "event: "))
	}
	return events, pings
}

// watch begins a stream and gives what ends it and what tells that it has.
func watch(t *testing.T, h http.Handler, r *reader, query string) (cancel context.CancelFunc, ended <-chan struct{}) {
	ctx, cancel := context.WithCancel(t.Context())
	req := httptest.NewRequestWithContext(ctx, "POST", "/graphql", strings.NewReader(asked(query, nil)))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(r, req)
	}()
	return cancel, done
}

const noteOfOrder = `subscription { orderUpdated(id: "o-1") { note } }`

// A reader that does not read is left after ten seconds, and meanwhile nothing is asked for her and nothing piles up.
func TestASlowReaderOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		r := &reader{}
		cancel, ended := watch(t, newStreams(t, ticking(&calls), nil), r, noteOfOrder)
		defer cancel()
		<-time.After(7 * time.Second)
		r.slow.Store(true)
		<-time.After(3 * time.Second)
		before, stuck := calls.Load(), time.Now()
		<-ended
		if asked := calls.Load() - before; asked > 1 || time.Since(stuck) > 10*time.Second {
			t.Errorf("%d calls in the %s that nobody read, want one at the most and ten seconds", asked, time.Since(stuck))
		}
		if events, _ := r.events(); len(events) < 3 || events[0] != `{"data":{"orderUpdated":{"note":"1"}}}` || slices.Contains(events, "complete\ndata: ") {
			t.Errorf("events = %q", events)
		}
	})
}

// SSE-5: a silent stream pings, and finds out that nobody is there any more; the API is left then (SSE-3).
func TestASilentStreamPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		r := &reader{}
		h := newStreams(t, func(*http.Request) (*http.Response, error) { return ticking(new(atomic.Int64))(nil) }, nil)
		_, ended := watch(t, h, r, noteOfOrder)
		<-time.After(10 * time.Minute)
		if events, pings := r.events(); len(events) != 1 || pings < 35 || pings > 45 {
			t.Errorf("%d events and %d pings in ten minutes, want one and about forty", len(events), pings)
		}
		r.gone.Store(true)
		left := time.Now()
		<-ended
		if time.Since(left) > 15*time.Second {
			t.Errorf("noticed after %s that nobody is there", time.Since(left))
		}
		before := calls.Load()
		<-time.After(time.Minute)
		if calls.Load() != before {
			t.Error("the API is asked for nobody")
		}
	})
}

// Each event is decided anew, by either executor: what a subscriber may not have any more she does not get, and without her
// subscription's field it is over.
func TestEventsAreDecidedAnew(t *testing.T) {
	for _, executor := range []string{"plan", "gqlgen"} {
		for _, c := range []struct{ name, old, new, last string }{
			{"a field", "A remark of the customer.\"\n  note: String", "A remark of the customer.\"\n  note: String @policy(name: \"early\")", `{"note":null}`},
			{"the subscription's own", "orderUpdated(id: ID!): Order @authenticated", `orderUpdated(id: ID!): Order @policy(name: "early")`, `null`},
		} {
			t.Run(c.name+" by "+executor, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var calls atomic.Int64
					var late atomic.Bool
					r := &reader{}
					h := newStreams(t, ticking(&calls), func(cfg *graph.Config) {
						cfg.Executor = executor
						cfg.Policies = map[string]graph.Policy{"early": func(context.Context, *auth.Session) (bool, error) { return !late.Load(), nil }}
					}, c.old, c.new)
					cancel, ended := watch(t, h, r, noteOfOrder)
					<-time.After(3 * time.Second)
					late.Store(true)
					<-time.After(3 * time.Second)
					events, _ := r.events()
					if len(events) < 3 || events[0] != `{"data":{"orderUpdated":{"note":"1"}}}` || !strings.HasPrefix(events[2], `{"errors":[{"message":"Sign in to see this.","path":["orderUpdated"`) ||
						!strings.HasSuffix(events[2], `"data":{"orderUpdated":`+c.last+`}}`) {
						t.Fatalf("events = %q", events)
					}
					if over := events[len(events)-1] == "complete\ndata: "; over != (c.last == "null") {
						t.Errorf("over: %v: %q", over, events)
					}
					cancel()
					<-ended
				})
			})
		}
	}
}

// An event that takes too long is answered with what there is, and the next is another; a source that fails, or panics, says
// so and is over.
func TestWhatGoesWrongBehindAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		r := &reader{}
		h := newStreams(t, func(req *http.Request) (*http.Response, error) {
			switch {
			case req.URL.Host == "accounts.test":
				<-req.Context().Done()
				return nil, req.Context().Err()
			case calls.Load() == 2:
				return jsonReply(403, `{}`)
			}
			return ticking(&calls)(req)
		}, func(cfg *graph.Config) { cfg.Timeout = time.Second })
		_, ended := watch(t, h, r, `subscription { orderUpdated(id: "o-1") { note customer { name } } }`)
		<-ended
		events, _ := r.events()
		if len(events) != 4 || events[3] != "complete\ndata: " {
			t.Fatalf("events = %q", events)
		}
		for i, want := range []string{`"OPERATION_TIMEOUT"}}],"data":{"orderUpdated":{"note":"1","customer":null}}}`, `{"note":"2","customer":null}}}`, `"path":["orderUpdated"]`} {
			if !strings.Contains(events[i], want) {
				t.Errorf("event %d = %s, want %s", i, events[i], want)
			}
		}
		if !strings.Contains(events[2], `"code":"FORBIDDEN"`) || strings.Contains(events[2], `"data"`) {
			t.Errorf("the last = %s", events[2])
		}
	})
	synctest.Test(t, func(t *testing.T) {
		r := &reader{}
		_, ended := watch(t, newStreams(t, func(*http.Request) (*http.Response, error) { panic("ouch") }, nil), r, noteOfOrder)
		<-ended
		if events, _ := r.events(); len(events) != 2 || !strings.Contains(events[0], `"code":"INTERNAL"`) || strings.Contains(events[0], "ouch") {
			t.Errorf("events = %q", events)
		}
	})
}

// What ends a stream from outside ends it without a word more than that.
func TestHowAStreamEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		cause error
		last  string
		over  bool
	}{
		{"the session", auth.ErrSessionEnded, `{"errors":[{"message":"Sign in to see this.","extensions":{"code":"UNAUTHENTICATED","loginUrl":"/auth/login"}}]}`, true},
		{"another sign-in", auth.ErrReplaced, `{"errors":[{"message":"You have signed in again meanwhile; reload the page.","extensions":{"code":"SESSION_CHANGED"}}]}`, true},
		{"the service", auth.ErrDraining, "retry: ", false},
		{"its reader", context.Canceled, `{"data":`, false},
	} {
		for _, renewal := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, at an event: %v", c.name, renewal), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var calls atomic.Int64
					end := make(chan error, 1)
					r := &reader{}
					_, ended := watch(t, newStreams(t, ticking(&calls), func(cfg *graph.Config) {
						if renewal {
							cfg.Renew = func(ctx context.Context) (context.Context, error) {
								if calls.Load() == 2 {
									return ctx, c.cause
								}
								return ctx, nil
							}
							return
						}
						cfg.UntilEnded = func(ctx context.Context) (context.Context, context.CancelFunc, error) {
							until, cancel := context.WithCancelCause(ctx)
							go func() { cancel(<-end) }()
							return until, func() { cancel(nil) }, nil
						}
					}), r, noteOfOrder)
					<-time.After(time.Second)
					end <- c.cause
					<-ended
					events, _ := r.events()
					if over := events[len(events)-1] == "complete\ndata: "; over != c.over {
						t.Errorf("over: %v: %q", over, events)
					} else if over {
						events = events[:len(events)-1]
					}
					if last := events[len(events)-1]; !strings.HasPrefix(last, c.last) || c.name != "its reader" && len(events) != 2 {
						t.Errorf("events = %q, want one and %s", events, c.last)
					}
				})
			})
		}
	}
}
