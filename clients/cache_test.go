package clients_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/clients"
)

// CACHE-4, CACHE-5: what is kept, for whom and how long. Each row asks as a session, waits, and asks again.
func TestWhatIsKept(t *testing.T) {
	at := func(d time.Duration) string {
		return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).Add(d).Format(http.TimeFormat)
	}
	session := func(c *clients.Config) { c.Cache.MaxBytes = 1 << 20 }
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		wait  time.Duration
		kept  bool
	}{
		{"nothing is said", echoes(), 0, false},
		{"nothing is guessed", echoes("Last-Modified: " + at(-10000*time.Hour)), time.Second, false},
		{"max-age", echoes("Cache-Control: max-age=60"), 59 * time.Second, true},
		{"max-age is over", echoes("Cache-Control: max-age=60"), 60 * time.Second, false},
		{"max-age=0", echoes("Cache-Control: max-age=0"), 0, false},
		{"Age", echoes("Cache-Control: max-age=60", "Age: 50"), 10 * time.Second, false},
		{"Expires", echoes("Expires: " + at(time.Minute)), 59 * time.Second, true},
		{"Expires is over", echoes("Expires: " + at(time.Minute)), time.Minute, false},
		{"no-store", echoes("Cache-Control: max-age=60, no-store"), 0, false},
		{"no-cache", echoes("Cache-Control: max-age=60, no-cache"), 0, false},
		{"private", echoes("Cache-Control: private, max-age=60"), 0, true},
		{"public", echoes("Cache-Control: public, max-age=60"), 0, true},
		{"must-revalidate, fresh", echoes("Cache-Control: must-revalidate, max-age=60"), 0, true},
		{"s-maxage is for shared caches", echoes("Cache-Control: s-maxage=60"), 0, false},
		{"Vary: *", echoes("Cache-Control: max-age=60", "Vary: *"), 0, false},
		{"Vary by what is in the key", echoes("Cache-Control: max-age=60", "Vary: Accept-Language, Authorization"), 0, true},
		{"Vary by a request id", echoes("Cache-Control: max-age=60", "Vary: X-Request-Id"), 0, false},
		{"201", func(w http.ResponseWriter, r *http.Request) {
			setHeaders(w.Header(), []string{"Cache-Control: max-age=60", "Content-Type: application/json"})
			w.WriteHeader(201)
			fmt.Fprint(w, `{}`)
		}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOrigin(t, session)
			o.serves(c.serve)
			for i := range 2 {
				ctx := clients.WithInbound(as(t.Context(), "alice"), clients.Inbound{RequestID: fmt.Sprint(i), Language: "de"})
				if _, err := clients.Get[echo](ctx, o.api, clients.At("/x"), nil); err != nil {
					t.Fatal(err)
				}
				o.advance(c.wait)
			}
			if kept := o.calls() == 1; kept != c.kept {
				t.Errorf("the second answer came from the cache: %v, want %v", kept, c.kept)
			}
			want := clients.Stats{Misses: int64(o.calls()), Hits: int64(2 - o.calls())}
			if got := o.api.Stats(); got.Hits != want.Hits || got.Misses != want.Misses {
				t.Errorf("Stats = %+v, want %d hits and %d misses", got, want.Hits, want.Misses)
			}
		})
	}
	for _, status := range []int{204, 206, 301, 400, 401, 403, 404, 410, 429, 500, 503} {
		o := newOrigin(t, session)
		o.serves(refusesWith(status, "Cache-Control: max-age=60", `Etag: "1"`))
		for range 2 {
			clients.Get[clients.None](as(t.Context(), "alice"), o.api, clients.At("/x"), nil)
		}
		if o.calls() != 2 || o.last().Header.Get("If-None-Match") != "" {
			t.Errorf("a %d was kept", status)
		}
	}
}

// CACHE-4, CACHE-5, T-16: nobody is given what was made for another, and a Bearer answer is one session's even if the API
// calls it public.
func TestWhatIsKeptIsOneIdentitys(t *testing.T) {
	o := newOrigin(t, nil)
	o.serves(echoes("Cache-Control: public, max-age=60", `Etag: "1"`))
	for range 2 {
		for _, who := range []string{"alice", "bob", "public", "nobody"} {
			if got := o.get(t, who); got.Who != who {
				t.Errorf("%s got what was made for %s", who, got.Who)
			}
		}
	}
	if got := o.calls(); got != 5 {
		t.Errorf("the API was asked %d times, want once each, and twice for nobody, for whom nothing is kept", got)
	}
	if o.last().Header.Get("If-None-Match") != "" {
		t.Error("nobody's call was made with what is known of another's answer")
	}
	// What the public is given may not be private.
	o.serves(echoes("Cache-Control: private, max-age=60"))
	for range 2 {
		clients.Get[echo](as(t.Context(), "public"), o.api, clients.At("/y"), nil)
	}
	if got := o.calls(); got != 7 {
		t.Errorf("a private answer was kept for the public")
	}
}

// A call made beside Do, such as a relayed one, invalidates as one by Do does.
func TestChangesBesideDo(t *testing.T) {
	for _, c := range []struct {
		name       string
		by, at     string
		status     int
		header     http.Header
		alice, bob bool
	}{
		{"hers elsewhere", "alice", "/v1/y", 200, nil, true, false},
		{"hers at the page", "alice", "/v1/x", 204, nil, true, true},
		{"hers that names the page", "alice", "/v1/y", 201, http.Header{"Location": {"/v1/x"}}, true, true},
		{"hers that was refused", "alice", "/v1/x", 403, nil, false, false},
		{"hers without an answer", "alice", "/v1/y", 0, nil, true, false},
		{"of who knows whom", "", "/v1/x", 200, nil, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			told := false
			o := newOrigin(t, func(cfg *clients.Config) { cfg.Changed = func(context.Context) { told = true } })
			o.serves(echoes("Cache-Control: max-age=60"))
			alice, bob := o.get(t, "alice"), o.get(t, "bob")
			o.api.NoteChange(as(t.Context(), c.by), &url.URL{Scheme: "http", Host: "things.test", Path: c.at}, c.status, c.header)
			if anew := o.get(t, "alice") != alice; anew != c.alice || told != c.alice {
				t.Errorf("alice asked anew: %v, others were told: %v, want %v", anew, told, c.alice)
			}
			if anew := o.get(t, "bob") != bob; anew != c.bob {
				t.Errorf("bob asked anew: %v, want %v", anew, c.bob)
			}
		})
	}
	plain := newOrigin(t, func(cfg *clients.Config) {
		cfg.Identity = nil
		cfg.Changed = func(context.Context) { t.Error("a change at an API without identities is told") }
	})
	plain.api.NoteChange(t.Context(), &url.URL{Scheme: "http", Host: "things.test"}, 200, nil)
}

// CACHE-7: a change that was tried twice counts, whatever its last try came to: the first may have acted.
func TestAChangeTriedTwiceIsOne(t *testing.T) {
	for name, last := range map[string]int{"refused": 409, "not sent": statusUnsent} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, func(c *clients.Config) { c.Retry, c.Classify = clients.Retry{Attempts: 2}, classify })
			o.serves(echoes("Cache-Control: max-age=60"))
			page := func() int {
				before := o.calls()
				if _, err := clients.Get[echo](as(t.Context(), "alice"), o.api, clients.At("/x"), nil); err != nil {
					t.Fatal(err)
				}
				return o.calls() - before
			}
			page()
			if page() != 0 {
				t.Fatal("the page is not kept, so that nothing is proved")
			}
			var tries atomic.Int64
			o.serves(func(w http.ResponseWriter, _ *http.Request) {
				if tries.Add(1) == 1 {
					w.WriteHeader(statusBrokenOff)
					return
				}
				w.WriteHeader(last)
			})
			clients.Do[clients.None](as(t.Context(), "alice"), o.api, clients.Call{Method: "PUT", Path: clients.At("/orders")})
			if tries.Load() != 2 {
				t.Fatalf("%d tries, want 2", tries.Load())
			}
			o.serves(echoes())
			if page() != 1 {
				t.Error("what was kept before the change is given after it")
			}
		})
	}
}

func TestCacheIsOffUnlessItHasRoom(t *testing.T) {
	o := newOrigin(t, func(c *clients.Config) { c.Cache = clients.CacheConfig{PersonalStaleIfError: true} })
	o.serves(echoes("Cache-Control: max-age=60", `Etag: "1"`))
	o.get(t, "alice")
	o.get(t, "alice")
	if got := o.api.Stats(); o.calls() != 2 || got.Answers != 0 || got.Bytes != 0 || got.Stored != 0 {
		t.Errorf("Stats = %+v after %d calls, want nothing kept", got, o.calls())
	}
}

// A configured header that speaks to caches is heard: such calls are made each for itself.
func TestARequestMaySpeakToCaches(t *testing.T) {
	for _, name := range []string{"Cache-Control", "Pragma"} {
		o := newOrigin(t, func(c *clients.Config) { c.Headers = map[string]string{name: "no-cache"} })
		o.serves(echoes("Cache-Control: max-age=60"))
		o.get(t, "alice")
		o.get(t, "alice")
		if o.calls() != 2 {
			t.Errorf("%s: no-cache was passed over", name)
		}
	}
}

// CACHE-7, RFC 9111 §4.4: what a change makes unusable, and for whom.
func TestChangesInvalidate(t *testing.T) {
	post := clients.Call{Method: "POST", Path: clients.At("/orders")}
	for _, c := range []struct {
		name  string
		by    string
		call  clients.Call
		serve http.HandlerFunc
		// whose answers to /x are asked for anew
		alice, bob, public bool
		tells              bool
	}{
		{"a POST of hers", "alice", post, echoes(), true, false, false, true},
		{"her PUT", "alice", clients.Call{Method: "PUT", Path: clients.At("/y")}, echoes(), true, false, false, true},
		{"her PATCH", "alice", clients.Call{Method: "PATCH", Path: clients.At("/y")}, echoes(), true, false, false, true},
		{"her DELETE", "alice", clients.Call{Method: "DELETE", Path: clients.At("/y")}, refusesWith(204), true, false, false, true},
		{"a method that we do not know", "alice", clients.Call{Method: "MERGE", Path: clients.At("/y")}, echoes(), true, false, false, true},
		{"a redirect after a POST", "alice", post, refusesWith(303), true, false, false, true},
		{"a search", "alice", clients.Call{Method: "POST", Path: clients.At("/x"), ReadOnly: true}, echoes(), false, false, false, false},
		{"OPTIONS", "alice", clients.Call{Method: "OPTIONS", Path: clients.At("/x")}, echoes(), false, false, false, false},
		{"a POST that was refused", "alice", post, refusesWith(409), false, false, false, false},
		{"a POST that was refused, on the very page", "alice", clients.Call{Method: "POST", Path: clients.At("/x")}, refusesWith(404), false, false, false, false},
		{"a POST that may have been done", "alice", post, refusesWith(502), true, false, false, true},
		{"a POST of which nothing is known", "alice", post, refusesWith(statusBrokenOff), true, false, false, true},
		{"a POST that was never sent", "alice", post, refusesWith(statusUnsent), false, false, false, false},
		{"a change of the page itself is everybody's", "alice", clients.Call{Method: "PUT", Path: clients.At("/x")}, echoes(), true, true, true, true},
		{"a change that names the page", "alice", post, echoes("Location: /v1/x"), true, true, true, true},
		{"by a relative name", "alice", post, echoes("Location: x#top"), true, true, true, true},
		{"by its whole name", "alice", post, echoes("Content-Location: http://THINGS.test/v1/x"), true, true, true, true},
		{"a change that names another origin's page", "alice", post, echoes("Location: http://other.test/v1/x"), true, false, false, true},
		{"a change that names another scheme's", "alice", post, echoes("Location: https://things.test/v1/x"), true, false, false, true},
		{"a change that names nonsense", "alice", post, echoes("Location: http://[x"), true, false, false, true},
		{"the public's POST", "public", post, echoes(), false, false, true, true},
		{"nobody's POST", "nobody", post, echoes(), false, false, false, true},
		{"nobody's PUT of the page", "nobody", clients.Call{Method: "PUT", Path: clients.At("/x")}, echoes(), true, true, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			told := false
			o := newOrigin(t, func(cfg *clients.Config) {
				cfg.Classify = classify
				cfg.Changed = func(ctx context.Context) { told = told || ctx.Value(whoKey{}) == c.by }
			})
			fresh := echoes("Cache-Control: max-age=60")
			o.serves(fresh)
			before := map[string]echo{}
			for _, who := range []string{"alice", "bob", "public"} {
				before[who] = o.get(t, who)
			}
			o.serves(c.serve)
			clients.Do[clients.None](as(t.Context(), c.by), o.api, c.call)
			o.serves(fresh)
			invalidated := int64(0)
			for who, want := range map[string]bool{"alice": c.alice, "bob": c.bob, "public": c.public} {
				anew := o.get(t, who).N != before[who].N
				if anew != want {
					t.Errorf("%s asked anew: %v, want %v", who, anew, want)
				}
				if want {
					invalidated++
				}
			}
			if got := o.api.Stats().Invalidated; got != invalidated {
				t.Errorf("Stats.Invalidated = %d, want %d", got, invalidated)
			}
			if told != c.tells {
				t.Errorf("main was told: %v, want %v", told, c.tells)
			}
		})
	}
}
