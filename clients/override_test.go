package clients_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/clients"
)

// CACHE-4: a call's own freshness takes the place of the API's, and of nothing else that the API says.
func TestACallsOwnFreshness(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		keep  time.Duration
		wait  time.Duration
		kept  bool
	}{
		{"nothing is said", echoes(), time.Minute, 59 * time.Second, true},
		{"it is over", echoes(), time.Minute, time.Minute, false},
		{"the API says longer", echoes("Cache-Control: max-age=600"), time.Minute, time.Minute, false},
		{"the API says shorter", echoes("Cache-Control: max-age=1"), time.Minute, 59 * time.Second, true},
		{"no-store", echoes("Cache-Control: no-store"), time.Minute, 0, false},
		{"no-cache", echoes("Cache-Control: no-cache"), time.Minute, 0, false},
		{"private", echoes("Cache-Control: private"), time.Minute, 0, true},
		{"Vary: *", echoes("Vary: *"), time.Minute, 0, false},
		{"not kept", echoes("Cache-Control: max-age=60"), clients.NotKept, 0, false},
	} {
		o := newOrigin(t, nil)
		o.serves(c.serve)
		for range 2 {
			if _, err := clients.Do[echo](as(t.Context(), "alice"), o.api, clients.Call{Method: "GET", Path: clients.At("/x"), Keep: c.keep}); err != nil {
				t.Fatal(err)
			}
			o.advance(c.wait)
		}
		if kept := o.calls() == 1; kept != c.kept {
			t.Errorf("%s: the second answer came from the cache: %v, want %v", c.name, kept, c.kept)
		}
	}
}

// CACHE-5: what is kept for a call's own freshness is given to no call without it, to nobody else, and not after a change; the public
// has no more together than before.
func TestACallsOwnFreshnessIsItsOwn(t *testing.T) {
	o := newOrigin(t, nil)
	ask := func(who string, keep time.Duration) echo {
		t.Helper()
		got, err := clients.Do[echo](as(t.Context(), who), o.api, clients.Call{Method: "GET", Path: clients.At("/x"), Keep: keep})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := ask("alice", time.Minute)
	if ask("alice", time.Minute) != first {
		t.Fatal("it is not kept, so that nothing is proved")
	}
	if ask("alice", 0) == first || ask("alice", time.Hour) == first || ask("alice", clients.NotKept) == first {
		t.Error("another call was given what this one keeps")
	}
	if got := ask("bob", time.Minute); got.Who != "bob" {
		t.Errorf("bob got what was made for %s", got.Who)
	}
	if _, err := clients.Do[clients.None](as(t.Context(), "alice"), o.api, clients.Call{Method: "POST", Path: clients.At("/y")}); err != nil {
		t.Fatal(err)
	}
	if ask("alice", time.Minute) == first {
		t.Error("what was kept before a change is given after it")
	}
	for _, said := range []string{"Cache-Control: private", "Cache-Control: no-store"} {
		o.serves(echoes(said))
		before := o.calls()
		ask("public", time.Minute)
		ask("public", time.Minute)
		if o.calls() != before+2 {
			t.Errorf("%s was kept for everybody", said)
		}
	}
}

// A call's own time ends it, and it alone: who shares its answer has the API's time.
func TestACallsOwnTime(t *testing.T) {
	for _, hasty := range []string{"first", "second"} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrigin(t, func(c *clients.Config) { c.Timeout = 10 * time.Second })
			open := o.shut()
			ask := func(ctx context.Context, timeout time.Duration) <-chan error {
				done := make(chan error, 1)
				go func() {
					_, err := clients.Do[echo](as(ctx, "alice"), o.api, clients.Call{Method: "GET", Path: clients.At("/x"), Timeout: timeout})
					done <- err
				}()
				synctest.Wait()
				return done
			}
			times := map[string][]time.Duration{"first": {time.Second, 0}, "second": {0, time.Second}}[hasty]
			one, two := ask(t.Context(), times[0]), ask(t.Context(), times[1])
			if hasty == "second" {
				one, two = two, one
			}
			began := time.Now()
			var failure *clients.Error
			if err := <-one; !errors.As(err, &failure) || failure.Code != clients.CodeUpstreamTimeout || time.Since(began) != time.Second {
				t.Errorf("%s: after %s: %v, want UPSTREAM_TIMEOUT after a second", hasty, time.Since(began), err)
			}
			open()
			if err := <-two; err != nil {
				t.Errorf("%s: who shared the call has %v", hasty, err)
			}
			if o.calls() != 1 {
				t.Errorf("%s: %d calls, want one that both shared", hasty, o.calls())
			}
		})
	}
}
