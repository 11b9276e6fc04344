package clients_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/clients"
)

type fieldKey struct{}

// inField gives a context of a field's.
func inField(ctx context.Context, field string) context.Context {
	return context.WithValue(ctx, fieldKey{}, field)
}

// traced gives a context whose calls are noted, by the origin's clock.
func traced(ctx context.Context, now func() time.Time) (context.Context, *clients.Trace) {
	t := clients.NewTrace(clients.TraceConfig{Now: now, Field: func(ctx context.Context) string {
		field, _ := ctx.Value(fieldKey{}).(string)
		return field
	}})
	return clients.WithTrace(ctx, t), t
}

// summary says of a call what does not depend on the clock.
func summary(c clients.TracedCall) string {
	tries := make([]string, len(c.Attempts))
	for i, a := range c.Attempts {
		tries[i] = strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, a.Code))
	}
	return fmt.Sprintf("%d %s %s via %s (%d) status %d%s tries %v", c.ID, c.Method, c.Path, c.Via, c.SharedWith, c.Status, c.Code, tries)
}

// How a call was answered, and how it failed, is told of each. Each row's answers come in turn; between them a minute goes by.
func TestTraceTellsHowCallsWereAnswered(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve []http.HandlerFunc
		want  string
	}{
		{"sent", []http.HandlerFunc{echoes()}, "1 GET /x?q=1 via sent (0) status 200 tries [200]"},
		{"kept and fresh", []http.HandlerFunc{echoes("Cache-Control: max-age=600"), refusesWith(500)}, "2 GET /x?q=1 via cached (0) status 200 tries []"},
		{"kept and confirmed", []http.HandlerFunc{echoes("Cache-Control: max-age=1", `Etag: "1"`), refusesWith(304)}, "2 GET /x?q=1 via revalidated (0) status 200 tries [304]"},
		{"kept and refuted", []http.HandlerFunc{echoes("Cache-Control: max-age=1", `Etag: "1"`), echoes()}, "2 GET /x?q=1 via sent (0) status 200 tries [200]"},
		{"stale after a failure", []http.HandlerFunc{echoes("Cache-Control: max-age=1, stale-if-error=600"), refusesWith(503)}, "2 GET /x?q=1 via stale (0) status 200 tries [503]"},
		{"stale while it is renewed", []http.HandlerFunc{echoes("Cache-Control: max-age=1, stale-while-revalidate=600"), echoes()}, "2 GET /x?q=1 via stale (0) status 200 tries []"},
		{"refused", []http.HandlerFunc{refusesWith(403)}, "1 GET /x?q=1 via sent (0) status 403FORBIDDEN tries [403]"},
		{"no answer", []http.HandlerFunc{refusesWith(statusBrokenOff)}, "1 GET /x?q=1 via sent (0) status 0UPSTREAM_UNAVAILABLE tries [0 UPSTREAM_UNAVAILABLE]"},
		{"an answer that is none", []http.HandlerFunc{func(http.ResponseWriter, *http.Request) {}}, "1 GET /x?q=1 via sent (0) status 200UPSTREAM_INVALID tries [200]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOrigin(t, nil)
			ctx, trace := traced(as(t.Context(), "public"), o.clock)
			for _, serve := range c.serve {
				o.serves(serve)
				clients.Get[echo](ctx, o.api, clients.At("/x"), clients.Query("q", "1"))
				o.advance(time.Minute)
			}
			calls, more := trace.Calls()
			if len(calls) == 0 || more != 0 {
				t.Fatalf("Calls = %v, %d", calls, more)
			}
			if got := summary(calls[len(calls)-1]); got != c.want {
				t.Errorf("the last call = %s\nwant %s", got, c.want)
			}
		})
	}
}

// A repeated call tells of each try, when it began and how it ended.
func TestTraceTellsOfRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		api := newFake(t, func(*http.Request) (*http.Response, error) {
			elapse(time.Second)
			switch n++; n {
			case 1:
				return nil, errors.New("connection reset")
			case 2:
				return fakeAnswer(503, nil, ""), nil
			}
			return fakeAnswer(200, http.Header{"Content-Type": {"application/json"}}, `{"ID":"1"}`), nil
		}, func(cfg *clients.Config) {
			cfg.Retry.Attempts = 3
			cfg.Token = clients.TokenName{Kind: "user", Audience: "https://orders.example"}
		})
		ctx, trace := traced(t.Context(), nil)
		elapse(time.Minute)
		if _, err := clients.Get[widget](inField(ctx, "me.orders"), api, clients.At("/orders/{id}", "1"), nil); err != nil {
			t.Fatal(err)
		}
		calls, _ := trace.Calls()
		if got, want := summary(calls[0]), "1 GET /orders/1 via sent (0) status 200 tries [0 UPSTREAM_UNAVAILABLE 503 200]"; got != want {
			t.Errorf("the call = %s, want %s", got, want)
		}
		c := calls[0]
		last := c.Attempts[2]
		if c.Start != time.Minute || c.Attempts[0].Start != time.Minute || last.Duration != time.Second || c.Start+c.Duration != last.Start+last.Duration {
			t.Errorf("times = %+v, want the call to begin with its first try and end with its last", c)
		}
		if c.API != "orders" || c.Template != "/orders/{id}" || c.Token.Kind != "user" || c.Token.Audience != "https://orders.example" || c.Bytes != len(`{"ID":"1"}`) || !slices.Equal(c.Fields, []string{"me.orders"}) {
			t.Errorf("the call = %+v", c)
		}
	})
}

// An open breaker sends nothing, and the trace says so.
func TestTraceTellsWhatWasHeldBack(t *testing.T) {
	o := newOrigin(t, func(cfg *clients.Config) { cfg.Breaker.Failures = 1 })
	o.serves(refusesWith(500))
	ctx, trace := traced(as(t.Context(), "nobody"), o.clock)
	for range 2 {
		clients.Get[echo](ctx, o.api, clients.At("/x"), nil)
	}
	calls, _ := trace.Calls()
	if got, want := summary(calls[1]), "2 GET /x via  (0) status 0UPSTREAM_UNAVAILABLE tries [0 UPSTREAM_UNAVAILABLE]"; got != want {
		t.Errorf("the call = %s, want %s", got, want)
	}
}

// Calls that share one name the call that was sent, if it is of the same trace.
func TestTraceTellsWhatWasShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, nil)
		ctx, trace := traced(as(t.Context(), "alice"), o.clock)
		strange, other := traced(as(t.Context(), "alice"), o.clock)
		open := o.shut()
		var wg sync.WaitGroup
		for _, ctx := range []context.Context{ctx, ctx, strange} {
			wg.Go(func() { clients.Get[echo](ctx, o.api, clients.At("/x"), nil) })
			synctest.Wait()
		}
		open()
		wg.Wait()
		calls, _ := trace.Calls()
		others, _ := other.Calls()
		for i, want := range []string{
			"1 GET /x via sent (0) status 200 tries [200]", "2 GET /x via shared (1) status 200 tries []", "1 GET /x via shared (0) status 200 tries []",
		} {
			if got := summary(append(calls, others...)[i]); got != want {
				t.Errorf("call %d = %s, want %s", i, got, want)
			}
		}
	})
}

// One call for what several fields ask names them all; the parts of a batch say how many keys they have.
func TestTraceTellsWhoAsked(t *testing.T) {
	o := newOrigin(t, nil)
	ctx, trace := traced(as(t.Context(), "alice"), o.clock)
	things := clients.NewEntities(func(ctx context.Context, keys []string) (map[string]string, error) {
		return clients.BatchGet(ctx, o.api, clients.At("/things"), "id", keys, 2, func(asked []string, _ echo) map[string]string {
			return map[string]string{asked[0]: "thing"}
		})
	})
	things.LoadAll(inField(ctx, "me.things"), []string{"a", "b", "c"})
	things.LoadAll(inField(ctx, "me.more"), []string{"c"})
	calls, _ := trace.Calls()
	if len(calls) != 2 {
		t.Fatalf("%d calls, want two parts", len(calls))
	}
	slices.SortFunc(calls, func(a, b clients.TracedCall) int { return a.Part - b.Part })
	for i, want := range []string{"2 keys, part 1 of 2, for me.things, me.more", "1 keys, part 2 of 2, for me.things, me.more"} {
		c := calls[i]
		if got := fmt.Sprintf("%d keys, part %d of %d, for %s", c.Keys, c.Part, c.Parts, strings.Join(c.Fields, ", ")); got != want {
			t.Errorf("call = %s, want %s", got, want)
		}
	}
}

// What an operation could do without end is bounded.
func TestTraceIsBounded(t *testing.T) {
	o := newOrigin(t, nil)
	ctx, trace := traced(as(t.Context(), "public"), o.clock)
	for range 1002 {
		clients.Get[echo](ctx, o.api, clients.At("/x"), clients.Query("q", strings.Repeat("long", 1000)))
	}
	calls, more := trace.Calls()
	if len(calls) != 1000 || more != 2 || len(calls[0].Path) > 1100 {
		t.Errorf("Calls = %d and %d more, with %d bytes of a path, want 1000 and 2, and at most 1100", len(calls), more, len(calls[0].Path))
	}
}

// Nobody who does not ask pays.
func TestWithoutATraceNothingIsAllocated(t *testing.T) {
	o := newOrigin(t, func(cfg *clients.Config) { cfg.Cache.MaxBytes = 1 << 20 })
	o.serves(echoes("Cache-Control: max-age=600"))
	plain := as(t.Context(), "public")
	once := func(ctx context.Context) float64 {
		return testing.AllocsPerRun(100, func() { clients.Get[clients.None](ctx, o.api, clients.At("/x"), nil) })
	}
	without := once(plain)
	watched, trace := traced(plain, o.clock)
	with := once(watched)
	if calls, _ := trace.Calls(); len(calls) != 101 || with <= without {
		t.Errorf("%v allocations with a trace of %d calls, %v without", with, len(calls), without)
	}
	const known = 13 // before there was a trace
	if without > known {
		t.Errorf("%v allocations without a trace, want at most %d", without, known)
	}
}

// A trace that is told of no fields tells of none.
func TestATraceWithoutFields(t *testing.T) {
	trace := clients.NewTrace(clients.TraceConfig{})
	if err := send(clients.WithTrace(t.Context(), trace), newFake(t, status(200), nil), "GET"); err != nil {
		t.Fatal(err)
	}
	if calls, _ := trace.Calls(); len(calls) != 1 || len(calls[0].Fields) != 0 {
		t.Errorf("calls = %+v, want one of no field", calls)
	}
}
