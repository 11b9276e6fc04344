package clients_test

import (
	"net/http"
	"testing"
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
