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

// validated answers 304 to whoever names the validator, and else with the body's own; headers are given with both.
func validated(etag, modified string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if etag != "" {
			w.Header().Set("Etag", etag)
		}
		if modified != "" {
			w.Header().Set("Last-Modified", modified)
		}
		known := r.Header.Get("If-None-Match") == etag && etag != "" || etag == "" && r.Header.Get("If-Modified-Since") == modified
		if !known {
			echoes(headers...)(w, r)
			return
		}
		setHeaders(w.Header(), headers)
		w.WriteHeader(http.StatusNotModified)
	}
}

// CACHE-4, RFC 9111 §4.3: what is stale is asked for by its validator, and a 304 makes it fresh again.
func TestRevalidation(t *testing.T) {
	const day = "Wed, 25 Nov 2026 11:00:00 GMT"
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		sends http.Header
	}{
		{"by entity tag", validated(`"1"`, "", "Cache-Control: max-age=60"), http.Header{"If-None-Match": {`"1"`}}},
		{"by a weak one", validated(`W/"1"`, "", "Cache-Control: max-age=60"), http.Header{"If-None-Match": {`W/"1"`}}},
		{"by date", validated("", day, "Cache-Control: max-age=60"), http.Header{"If-Modified-Since": {day}}},
		{"by both", validated(`"1"`, day, "Cache-Control: max-age=60"), http.Header{"If-None-Match": {`"1"`}, "If-Modified-Since": {day}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOrigin(t, nil)
			o.serves(c.serve)
			first := o.get(t, "alice")
			if o.last().Header.Get("If-None-Match")+o.last().Header.Get("If-Modified-Since") != "" {
				t.Error("the first call is conditional")
			}
			o.advance(time.Minute)
			if again := o.get(t, "alice"); again != first || o.calls() != 2 {
				t.Errorf("after a 304 = %+v, want %+v", again, first)
			}
			for _, name := range []string{"If-None-Match", "If-Modified-Since"} {
				if got := o.last().Header.Get(name); got != c.sends.Get(name) {
					t.Errorf("%s = %q, want %q", name, got, c.sends.Get(name))
				}
			}
			o.advance(59 * time.Second)
			if again := o.get(t, "alice"); again != first || o.calls() != 2 {
				t.Errorf("then = %+v after %d calls, want it fresh for a minute more", again, o.calls())
			}
			want := clients.Stats{Hits: 1, Misses: 1, Revalidated: 1, Stored: 2, Answers: 1}
			if got := o.api.Stats(); got.Hits != want.Hits || got.Misses != want.Misses || got.Revalidated != want.Revalidated || got.Stored != want.Stored || got.Answers != 1 {
				t.Errorf("Stats = %+v, want %+v", got, want)
			}
			if got := o.get(t, "bob"); got.Who != "bob" || o.last().Header.Get("If-None-Match") != "" {
				t.Errorf("bob's = %+v, by alice's validator", got)
			}
		})
	}
}

// RFC 9111 §3.2, §4.3.4: a 304 changes what is known of an answer, but not what the answer is, and one about another
// answer is none about ours.
func TestWhatA304Says(t *testing.T) {
	kept := []string{"Cache-Control: max-age=60", `Etag: "1"`, "Age: 50", "Date: Wed, 25 Nov 2026 12:00:00 GMT"}
	for _, c := range []struct {
		name string
		says []string
		wait time.Duration // after the 304
		// what the calls after that come to: given again, revalidated, or asked anew at once
		again, anew bool
	}{
		{"nothing: lifetime stays, and neither age nor date does", nil, 59 * time.Second, true, false},
		{"a longer life", []string{"Cache-Control: max-age=600"}, 599 * time.Second, true, false},
		{"a shorter life", []string{"Cache-Control: max-age=1"}, time.Second, false, false},
		{"its own age", []string{"Age: 55"}, 5 * time.Second, false, false},
		{"that it may no longer be stored", []string{"Cache-Control: no-store"}, 0, false, true},
		{"nonsense of its body", []string{"Content-Type: text/html", "Content-Encoding: br", "Content-Length: 7"}, 59 * time.Second, true, false},
		{"the same tag, weakly", []string{`Etag: W/"1"`}, 0, true, false},
		{"what belongs to the connection", []string{"Connection: Cache-Control", "Cache-Control: no-store"}, 59 * time.Second, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOrigin(t, nil)
			o.serves(echoes(kept...))
			first := o.get(t, "alice")
			o.advance(10 * time.Second)
			o.serves(refusesWith(http.StatusNotModified, c.says...))
			if got := o.get(t, "alice"); got != first || o.calls() != 2 {
				t.Fatalf("after a 304 = %+v, %d calls, want the answer it is about", got, o.calls())
			}
			o.advance(c.wait)
			o.serves(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("If-None-Match") != "" {
					w.WriteHeader(http.StatusNotModified)
					return
				}
				echoes()(w, r)
			})
			got := o.get(t, "alice")
			if anew := got != first; anew != c.anew {
				t.Errorf("then = %+v, want it anew: %v", got, c.anew)
			}
			if again := o.calls() == 2; again != c.again {
				t.Errorf("then the API was asked: %v, want %v", !again, !c.again)
			}
		})
	}

	o := newOrigin(t, nil)
	o.serves(echoes("Cache-Control: max-age=0", `Etag: "1"`))
	o.get(t, "alice")
	o.serves(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" {
			refusesWith(http.StatusNotModified, `Etag: "2"`)(w, r)
			return
		}
		echoes()(w, r)
	})
	if got := o.get(t, "alice"); got.N != 3 {
		t.Errorf("a 304 about another answer = %+v, want it asked for whole, as call 3", got)
	}
	o.serves(refusesWith(http.StatusNotModified))
	if _, err := clients.Get[echo](as(t.Context(), "bob"), o.api, clients.At("/x"), nil); err == nil {
		t.Error("a 304 that nobody asked for passes for an answer")
	}
}

// RFC 9111 §4.1: an answer that varies by a neutral header serves only a request with the same one.
func TestVaryByNeutralHeaders(t *testing.T) {
	o := newOrigin(t, nil)
	o.serves(echoes("Cache-Control: max-age=60", "Vary: X-Request-Id", `Etag: "1"`))
	get := func(id string) echo {
		got, err := clients.Get[echo](clients.WithInbound(as(t.Context(), "alice"), clients.Inbound{RequestID: id}), o.api, clients.At("/x"), nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for i, c := range []struct {
		id string
		n  int
	}{{"a", 1}, {"a", 1}, {"b", 2}, {"", 3}, {"", 3}, {"a", 4}} {
		if got := get(c.id); got.N != c.n {
			t.Errorf("call %d with id %q = %+v, want the answer of call %d", i, c.id, got, c.n)
		}
		if o.last().Header.Get("If-None-Match") != "" {
			t.Errorf("call %d was made with what is known of another request's answer", i)
		}
	}
}

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
