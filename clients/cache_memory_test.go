package clients_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"vestibule.example/clients"
)

// page answers with so many bytes, fresh for an hour.
func page(bytes int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		setHeaders(w.Header(), []string{"Content-Type: application/json", "Cache-Control: max-age=36000"})
		fmt.Fprintf(w, `{"Who":%q}`, strings.Repeat("x", bytes))
	}
}

// What is kept never takes more room than it has; what was not used for longest gives way.
func TestTheCacheIsBounded(t *testing.T) {
	const room = 64 << 10
	o := newOrigin(t, func(c *clients.Config) { c.Cache.MaxBytes = room })
	o.serves(page(4 << 10))
	get := func(who, id string) (asked bool) {
		before := o.calls()
		if _, err := clients.Get[echo](as(t.Context(), who), o.api, clients.At("/{id}", id), nil); err != nil {
			t.Fatal(err)
		}
		return o.calls() > before
	}
	get("alice", "used")
	for i := range 100 {
		get(fmt.Sprint("user", i%7), fmt.Sprint(i))
		if get("alice", "used") {
			t.Fatalf("after %d what is used all the time gave way", i)
		}
		if got := o.api.Stats(); got.Bytes > room || got.Bytes < int64(got.Answers)*(4<<10) {
			t.Fatalf("after %d: %+v, want at most %d bytes, bodies counted", i, got, room)
		}
	}
	stats := o.api.Stats()
	if stats.Answers < 8 || stats.Evicted != stats.Stored-int64(stats.Answers) {
		t.Errorf("Stats = %+v, want most of the room used, and every answer kept or evicted", stats)
	}
	if get("user1", "99") {
		t.Error("what came last gave way")
	}
	if !get("user0", "0") {
		t.Error("what came first is still there")
	}

	// One page must not push out all the others, and leaves nothing behind.
	o.serves(page(room / 4))
	before := o.api.Stats()
	if get("alice", "large"); o.api.Stats() != (clients.Stats{
		Hits: before.Hits, Misses: before.Misses + 1, Stored: before.Stored, Evicted: before.Evicted, Answers: before.Answers, Bytes: before.Bytes}) {
		t.Errorf("a large page: %+v, then %+v", before, o.api.Stats())
	}

	// Headers, addresses and what it takes to find an answer count too.
	o = newOrigin(t, func(c *clients.Config) { c.Cache.MaxBytes = room })
	o.serves(echoes("Cache-Control: max-age=60", "X-Filling: "+strings.Repeat("x", 5<<10)))
	get("alice", "a")
	if got := o.api.Stats().Bytes; got < 6<<10 {
		t.Errorf("an answer with a header of 5 KiB counts as %d bytes", got)
	}
	o.serves(echoes("Cache-Control: max-age=60"))
	before = o.api.Stats()
	clients.Get[echo](as(t.Context(), "alice"), o.api, clients.At("/x"), clients.Query("q", strings.Repeat("x", 5<<10)))
	if got := o.api.Stats().Bytes - before.Bytes; got < 6<<10 {
		t.Errorf("an answer at an address of 5 KiB counts as %d bytes", got)
	}
}

// Nobody tells that a session expired: what nobody asks for is not kept for ever.
func TestWhatNobodyAsksForIsDropped(t *testing.T) {
	o := newOrigin(t, nil)
	o.serves(page(10))
	o.get(t, "expired")
	o.get(t, "alice")
	o.advance(50 * time.Minute)
	o.get(t, "alice")
	o.advance(11 * time.Minute)
	o.get(t, "bob")
	if got := o.api.Stats(); got.Answers != 2 || got.Evicted != 1 {
		t.Errorf("Stats = %+v, want the answers of two, and one evicted", got)
	}
	if o.get(t, "alice"); o.calls() != 3 {
		t.Error("what was asked for within the hour was dropped")
	}
}

// CACHE-4: at sign-out everything of the session goes, nothing of others does, and nothing of it comes back, whatever
// requests of it still run.
func TestSignOutDropsWhatIsKept(t *testing.T) {
	o := newOrigin(t, func(c *clients.Config) { c.Cache.PersonalStaleIfError = true })
	o.serves(echoes("Cache-Control: max-age=60, stale-if-error=600", `Etag: "1"`))
	for _, who := range []string{"alice", "bob", "public"} {
		o.get(t, who)
		clients.Get[echo](as(t.Context(), who), o.api, clients.At("/y"), nil)
	}
	full := o.api.Stats()
	o.api.Forget("alice")
	o.api.Forget("nobody we know")
	o.api.Forget("")
	if got := o.api.Stats(); got.Answers != 4 || got.Forgotten != 2 || got.Bytes >= full.Bytes {
		t.Errorf("Stats = %+v, want the four answers of others", got)
	}
	for range 2 {
		calls := o.calls()
		if got := o.get(t, "alice"); got.N != calls+1 || o.last().Header.Get("If-None-Match") != "" {
			t.Errorf("alice's request that still runs = %+v, want a call of its own", got)
		}
	}
	if got := o.api.Stats(); got.Answers != 4 || got.Stored != full.Stored {
		t.Errorf("Stats = %+v, want nothing kept for a session that has ended", got)
	}
	calls := o.calls()
	o.get(t, "bob")
	o.get(t, "public")
	if o.calls() != calls {
		t.Error("another's answers went with alice's")
	}

	o.api.ForgetSessions()
	if got := o.api.Stats(); got.Answers != 2 || got.Forgotten != 4 {
		t.Errorf("Stats = %+v, want the public's answers alone", got)
	}
	o.get(t, "bob")
	if got := o.api.Stats(); got.Answers != 3 {
		t.Errorf("Stats = %+v, want bob's kept again: his session has not ended", got)
	}
}

// An ended session is remembered for a quarter of an hour, for longer than any request of it runs, and not for ever.
func TestEndedSessionsAreRememberedForAWhile(t *testing.T) {
	o := newOrigin(t, nil)
	o.serves(page(10))
	end := func(who string) {
		o.api.Forget(who)
	}
	kept := func(who string) bool {
		before := o.api.Stats().Answers
		o.get(t, who)
		return o.api.Stats().Answers > before
	}
	end("alice")
	o.advance(15 * time.Minute)
	end("bob")
	if kept("alice") || kept("bob") {
		t.Error("an ended session was forgotten within a quarter of an hour")
	}
	o.advance(time.Second)
	end("carol")
	if kept("bob") || kept("carol") {
		t.Error("an ended session was forgotten at once")
	}
	o.advance(16 * time.Minute)
	end("dave")
	if !kept("alice") {
		t.Error("ended sessions are remembered for ever")
	}
	for i := range 100_001 {
		end(fmt.Sprint("user", i))
	}
	if !kept("dave") || kept("user100000") {
		t.Error("a flood of ended sessions is remembered whole, or not at all")
	}
}
