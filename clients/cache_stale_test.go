package clients_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/clients"
)

// RFC 5861 §4: a stale answer instead of a failure, only after the failures that say nothing of who asks, only for as long
// as the API says, and a session's only if that is switched on.
func TestStaleIfError(t *testing.T) {
	const may = "Cache-Control: max-age=60, stale-if-error=60"
	on := func(c *clients.Config) { c.Cache.PersonalStaleIfError = true }
	off := func(c *clients.Config) { c.Cache.PersonalStaleWhileRevalidate = true }
	unauthenticated := errors.New("the session has ended")
	for _, c := range []struct {
		name   string
		who    string
		config func(*clients.Config)
		kept   string
		wait   time.Duration
		fails  http.HandlerFunc
		stale  bool
	}{
		{"500", "alice", on, may, time.Minute, refusesWith(500), true},
		{"502", "alice", on, may, time.Minute, refusesWith(502), true},
		{"503", "alice", on, may, time.Minute, refusesWith(503), true},
		{"504", "alice", on, may, time.Minute, refusesWith(504), true},
		{"a lost line", "alice", on, may, time.Minute, refusesWith(statusBrokenOff), true},
		{"to the last second", "alice", on, may, 119 * time.Second, refusesWith(503), true},
		{"a second later", "alice", on, may, 120 * time.Second, refusesWith(503), false},
		{"401", "alice", on, may, time.Minute, refusesWith(401), false},
		{"403", "alice", on, may, time.Minute, refusesWith(403), false},
		{"404", "alice", on, may, time.Minute, refusesWith(404), false},
		{"410", "alice", on, may, time.Minute, refusesWith(410), false},
		{"429", "alice", on, may, time.Minute, refusesWith(429), false},
		{"501", "alice", on, may, time.Minute, refusesWith(501), false},
		{"an answer that is none", "alice", on, may, time.Minute, refusesWith(200), false},
		{"what is no API's fault", "alice", on, may, time.Minute, func(http.ResponseWriter, *http.Request) { panic(unauthenticated) }, false},
		{"personal, and not switched on", "alice", off, may, time.Minute, refusesWith(503), false},
		{"public ones always may", "public", off, may, time.Minute, refusesWith(503), true},
		{"the API does not say so", "alice", on, "Cache-Control: max-age=60", time.Minute, refusesWith(503), false},
		{"the API forbids it", "alice", on, may + ", must-revalidate", time.Minute, refusesWith(503), false},
		{"no-cache forbids it", "alice", on, may + ", no-cache", 0, refusesWith(503), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOrigin(t, c.config)
			o.serves(echoes(c.kept, `Etag: "1"`))
			first := o.get(t, c.who)
			o.advance(c.wait)
			o.serves(c.fails)
			got, err := clients.Get[echo](as(t.Context(), c.who), o.api, clients.At("/x"), nil)
			if stale := err == nil && got == first; stale != c.stale {
				t.Errorf("the answer = %+v, %v, want the stale one: %v", got, err, c.stale)
			}
			if got := o.api.Stats().Stale == 1; got != c.stale {
				t.Errorf("Stats.Stale = %v, want %v", got, c.stale)
			}
			if o.calls() != 2 {
				t.Errorf("%d calls, want the API asked first", o.calls())
			}
		})
	}
}

// What the API says of the one who asks takes the place of what was kept: it is not given again, even after a failure.
func TestARefusalEndsWhatWasKept(t *testing.T) {
	for _, status := range []int{401, 403, 404, 410} {
		o := newOrigin(t, func(c *clients.Config) { c.Cache.PersonalStaleIfError = true })
		o.serves(echoes("Cache-Control: max-age=60, stale-if-error=600", `Etag: "1"`))
		o.get(t, "alice")
		o.advance(time.Minute)
		for _, status := range []int{503, status} {
			o.serves(refusesWith(status))
			clients.Get[echo](as(t.Context(), "alice"), o.api, clients.At("/x"), nil)
		}
		if got := o.api.Stats(); got.Answers != 0 || got.Bytes != 0 {
			t.Errorf("after a %d, Stats = %+v, want nothing kept", status, got)
		}
		o.serves(refusesWith(503))
		if got, err := clients.Get[echo](as(t.Context(), "alice"), o.api, clients.At("/x"), nil); err == nil {
			t.Errorf("after a %d and a failure = %+v, want the failure", status, got)
		}
	}
}

// A change or a session's end while the API fails: what was kept before it is not given after it.
func TestStaleAnswersDoNotOutliveAChange(t *testing.T) {
	for name, change := range map[string]func(*origin){
		"a change":   func(o *origin) { o.api.Invalidate(as(context.Background(), "alice")) },
		"a sign-out": func(o *origin) { o.api.Forget("alice") },
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrigin(t, func(c *clients.Config) { c.Cache.PersonalStaleIfError = true })
			o.serves(echoes("Cache-Control: max-age=60, stale-if-error=600"))
			o.get(t, "alice")
			o.advance(time.Minute)
			o.serves(refusesWith(503))
			open := o.shut()
			done := make(chan error)
			go func() {
				_, err := clients.Get[echo](as(t.Context(), "alice"), o.api, clients.At("/x"), nil)
				done <- err
			}()
			synctest.Wait()
			change(o)
			open()
			if err := <-done; err == nil {
				t.Errorf("after %s a stale answer was given", name)
			}
		})
	}
}

// RFC 5861 §3: a stale answer at once, and one call behind its readers' backs that renews it.
func TestStaleWhileRevalidate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, func(c *clients.Config) { c.Cache.PersonalStaleWhileRevalidate = true })
		o.serves(echoes("Cache-Control: max-age=60, stale-while-revalidate=30", `Etag: "1"`))
		first := o.get(t, "alice")
		o.advance(60 * time.Second)
		open := o.shut()
		for range 3 {
			if got := o.get(t, "alice"); got != first {
				t.Errorf("while it is renewed = %+v, want the stale one", got)
			}
			synctest.Wait()
		}
		if o.calls() != 2 || o.last().Header.Get("If-None-Match") != `"1"` {
			t.Errorf("%d calls, want one that renews it by its validator", o.calls())
		}
		if o.last().Context().Value(whoKey{}) != "alice" {
			t.Error("it is renewed for somebody else")
		}
		o.advance(30 * time.Second)
		var wg sync.WaitGroup
		wg.Go(func() {
			if got := o.get(t, "alice"); got.N != 2 {
				t.Errorf("when it is too stale = %+v, want what is on its way", got)
			}
		})
		synctest.Wait()
		open()
		wg.Wait()
		synctest.Wait()
		if got := o.get(t, "alice"); got.N != 2 || o.calls() != 2 {
			t.Errorf("renewed = %+v after %d calls, want call 2's", got, o.calls())
		}
		if got := o.api.Stats(); got.Stale != 3 || got.Shared != 1 || got.Misses != 2 {
			t.Errorf("Stats = %+v, want 3 stale and 1 shared", got)
		}
	})
	for name, c := range map[string]struct {
		who, kept string
		config    func(*clients.Config)
		stale     bool
	}{
		"personal, not switched on": {"alice", "max-age=60, stale-while-revalidate=30", func(c *clients.Config) { c.Cache.PersonalStaleIfError = true }, false},
		"public":                    {"public", "max-age=60, stale-while-revalidate=30", nil, true},
		"the API forbids it":        {"public", "max-age=60, stale-while-revalidate=30, must-revalidate", nil, false},
		"the API does not say so":   {"public", "max-age=60", nil, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrigin(t, c.config)
			o.serves(echoes("Cache-Control: " + c.kept))
			first := o.get(t, c.who)
			o.advance(time.Minute)
			if got := o.get(t, c.who); (got == first) != c.stale {
				t.Errorf("%s: %+v, want the stale one: %v", name, got, c.stale)
			}
			synctest.Wait()
		})
	}
}

// A slot has one call at a time: while one is made for a request that what is kept does not serve, nothing is renewed.
func TestRevalidationsBehindGiveWayToCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, func(c *clients.Config) { c.Cache.PersonalStaleWhileRevalidate = true })
		o.serves(echoes("Cache-Control: max-age=60, stale-while-revalidate=600", "Vary: X-Request-Id"))
		first := o.get(t, "alice")
		o.advance(time.Minute)
		open := o.shut()
		var wg sync.WaitGroup
		wg.Go(func() {
			clients.Get[echo](clients.WithInbound(as(t.Context(), "alice"), clients.Inbound{RequestID: "other"}), o.api, clients.At("/x"), nil)
		})
		synctest.Wait()
		if got := o.get(t, "alice"); got != first {
			t.Errorf("= %+v, want the stale one", got)
		}
		synctest.Wait()
		if o.calls() != 2 {
			t.Errorf("%d calls, want none beside the one that is made", o.calls())
		}
		open()
		wg.Wait()
	})
}

// A call that nobody waits for any more gives nobody a stale answer.
func TestStaleAnswersAreCountedWhenTheyAreGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, func(c *clients.Config) { c.Cache.PersonalStaleIfError = true })
		o.serves(echoes("Cache-Control: max-age=60, stale-if-error=600"))
		first := o.get(t, "alice")
		o.advance(time.Minute)
		open := o.shut()
		ctx, cancel := context.WithCancel(as(t.Context(), "alice"))
		var wg sync.WaitGroup
		wg.Go(func() { clients.Get[echo](ctx, o.api, clients.At("/x"), nil) })
		synctest.Wait()
		cancel()
		wg.Wait()
		synctest.Wait()
		open()
		if got := o.api.Stats(); got.Stale != 0 {
			t.Errorf("Stats = %+v, want none stale", got)
		}
		o.serves(refusesWith(503))
		if got := o.get(t, "alice"); got != first {
			t.Errorf("afterwards = %+v, want what was kept still there", got)
		}
	})
}

// Renewing behind readers' backs is bounded, ends when its answer is no longer wanted, and ends with the API.
func TestRevalidationsBehindAreBoundedAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, func(c *clients.Config) { c.Cache.PersonalStaleWhileRevalidate = true })
		o.serves(echoes("Cache-Control: max-age=60, stale-while-revalidate=600"))
		everything := func() {
			for i := range 40 {
				if _, err := clients.Get[echo](as(t.Context(), fmt.Sprint("user", i%2)), o.api, clients.At("/{id}", fmt.Sprint(i)), nil); err != nil {
					t.Error(err)
				}
			}
			synctest.Wait()
		}
		alive := func() (n int) {
			o.mu.Lock()
			defer o.mu.Unlock()
			for _, r := range o.asked[40:] {
				if r.Context().Err() == nil {
					n++
				}
			}
			return n
		}
		everything()
		o.advance(time.Minute)
		open := o.shut()
		everything()
		if got := alive(); got != 16 {
			t.Errorf("%d are renewed at once, want 16", got)
		}
		o.api.Forget("user0")
		synctest.Wait()
		if got := alive(); got != 8 {
			t.Errorf("after a sign-out %d are renewed, want the other session's 8", got)
		}
		o.api.Close()
		if got := alive(); got != 0 {
			t.Errorf("after Close %d are renewed", got)
		}
		calls := o.calls()
		for i := 1; i < 40; i += 2 {
			if _, err := clients.Get[echo](as(t.Context(), "user1"), o.api, clients.At("/{id}", fmt.Sprint(i)), nil); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if o.calls() != calls {
			t.Error("after Close others are renewed")
		}
		open()
	})
}
