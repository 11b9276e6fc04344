package clients_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/clients"
)

// asking is one call of a test.
type asking struct {
	who  string
	call clients.Call
	in   clients.Inbound
}

func (a asking) do(t *testing.T, o *origin) (echo, error) {
	if a.call.Method == "" {
		a.call.Method = http.MethodGet
	}
	ctx := clients.WithInbound(as(t.Context(), a.who), a.in)
	if a.call.Method == http.MethodHead {
		_, err := clients.Do[clients.None](ctx, o.api, a.call)
		return echo{}, err
	}
	return clients.Do[echo](ctx, o.api, a.call)
}

// GQL-12, CACHE-4, T-16: what two calls that are under way at once must have in common to share one.
func TestSharingInFlight(t *testing.T) {
	get := func(path string, query ...string) clients.Call {
		return clients.Call{Path: clients.At(path), Query: clients.Query(query...)}
	}
	const trace, otherTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, c := range []struct {
		name   string
		a, b   asking
		shared bool
		serve  http.HandlerFunc
	}{
		{"the same of one session", asking{who: "alice"}, asking{who: "alice"}, true, nil},
		{"of two sessions", asking{who: "alice"}, asking{who: "bob"}, false, nil},
		{"of a session and the public", asking{who: "alice"}, asking{who: "public"}, false, nil},
		{"of the public", asking{who: "public"}, asking{who: "public"}, true, nil},
		{"of nobody", asking{who: "nobody"}, asking{who: "nobody"}, false, nil},
		{"another path", asking{who: "alice"}, asking{who: "alice", call: get("/y")}, false, nil},
		{"another query", asking{who: "alice", call: get("/x", "a", "1")}, asking{who: "alice", call: get("/x", "a", "2")}, false, nil},
		{"the same query in another order", asking{who: "alice", call: get("/x", "a", "1", "b", "2")}, asking{who: "alice", call: get("/x", "b", "2", "a", "1")}, true, nil},
		{"HEAD and GET", asking{who: "alice"}, asking{who: "alice", call: clients.Call{Method: "HEAD"}}, false, nil},
		{"two HEADs", asking{who: "alice", call: clients.Call{Method: "HEAD"}}, asking{who: "alice", call: clients.Call{Method: "HEAD"}}, true, nil},
		{"two POSTs", asking{who: "alice", call: clients.Call{Method: "POST"}}, asking{who: "alice", call: clients.Call{Method: "POST"}}, false, nil},
		{"two searches", asking{who: "alice", call: clients.Call{Method: "POST", ReadOnly: true}}, asking{who: "alice", call: clients.Call{Method: "POST", ReadOnly: true}}, false, nil},
		{"two DELETEs", asking{who: "alice", call: clients.Call{Method: "DELETE"}}, asking{who: "alice", call: clients.Call{Method: "DELETE"}}, false, nil},
		{"GETs with bodies", asking{who: "alice", call: clients.Call{Body: 1}}, asking{who: "alice", call: clients.Call{Body: 1}}, false, nil},
		{"another idempotency key", asking{who: "alice", call: clients.Call{IdempotencyKey: "1"}}, asking{who: "alice", call: clients.Call{IdempotencyKey: "2"}}, false, nil},
		{"another language", asking{who: "alice", in: clients.Inbound{Language: "de"}}, asking{who: "alice", in: clients.Inbound{Language: "en"}}, false, nil},
		{"a language and none", asking{who: "alice", in: clients.Inbound{Language: "de"}}, asking{who: "alice"}, false, nil},
		{"another address", asking{who: "public", in: clients.Inbound{ClientAddr: "192.0.2.1"}}, asking{who: "public", in: clients.Inbound{ClientAddr: "192.0.2.2"}}, false, nil},
		{"another request id and trace", asking{who: "alice", in: clients.Inbound{RequestID: "1", TraceParent: trace, TraceState: "a=1"}}, asking{who: "alice", in: clients.Inbound{RequestID: "2", TraceParent: otherTrace, TraceState: "a=2"}}, true, nil},
		{"an answer that varies by the request id", asking{who: "alice", in: clients.Inbound{RequestID: "1"}}, asking{who: "alice", in: clients.Inbound{RequestID: "2"}}, false, echoes("Vary: accept, x-request-id")},
		{"an answer that varies by what both have", asking{who: "alice", in: clients.Inbound{RequestID: "1"}}, asking{who: "alice", in: clients.Inbound{RequestID: "1"}}, true, echoes("Vary: x-request-id")},
		{"an answer that varies by what cannot be told", asking{who: "alice"}, asking{who: "alice"}, false, echoes("Vary: *")},
		{"an answer that one session may not store", asking{who: "alice"}, asking{who: "alice"}, true, echoes("Cache-Control: no-store, private")},
		{"a public answer that is not to be stored", asking{who: "public"}, asking{who: "public"}, false, echoes("Cache-Control: no-store")},
		{"a private answer to the public", asking{who: "public"}, asking{who: "public"}, false, echoes("Cache-Control: private")},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin(t, nil)
				o.serves(c.serve)
				open := o.shut()
				var wg sync.WaitGroup
				for _, a := range []asking{c.a, c.b} {
					wg.Go(func() {
						got, err := a.do(t, o)
						if err != nil || a.call.Method != "HEAD" && got.Who != a.who {
							t.Errorf("the call of %s = %+v, %v, want an answer made for %[1]s", a.who, got, err)
						}
					})
					synctest.Wait()
				}
				open()
				wg.Wait()
				want := 2
				if c.shared {
					want = 1
				}
				if got := o.calls(); got != want {
					t.Errorf("the API was asked %d times, want %d", got, want)
				}
				if got := o.api.Stats().Shared; got != int64(2-want) {
					t.Errorf("Stats.Shared = %d, want %d", got, 2-want)
				}
			})
		})
	}
}

func classify(err error) *clients.Error {
	if errors.Is(err, errNobodyKnows) {
		return &clients.Error{Code: clients.CodeUnauthenticated}
	}
	return nil
}

// What is not said to be anybody's is never shared, and what has no identity is not sent.
func TestCallsWithoutIdentity(t *testing.T) {
	o := newOrigin(t, func(c *clients.Config) { c.Classify = classify })
	for _, method := range []string{"GET", "POST"} {
		_, err := clients.Do[echo](t.Context(), o.api, clients.Call{Method: method, Path: clients.At("/x")})
		var failed *clients.Error
		if !errors.As(err, &failed) || failed.Code != clients.CodeUnauthenticated || o.calls() != 0 {
			t.Errorf("%s without identity = %v after %d calls, want UNAUTHENTICATED and none", method, err, o.calls())
		}
	}
	o.api.Invalidate(t.Context())

	plain := newOrigin(t, func(c *clients.Config) { c.Identity = nil })
	plain.serves(echoes("Cache-Control: max-age=60"))
	plain.get(t, "alice")
	plain.get(t, "alice")
	plain.api.Invalidate(as(t.Context(), "alice"))
	if plain.calls() != 2 {
		t.Errorf("an API without identities was asked %d times, want each", plain.calls())
	}
}

// One caller's end is no other's; the call ends when nobody waits, and the next begins anew.
func TestSharingAndTheEndOfCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, nil)
		o.serves(echoes("Cache-Control: max-age=60"))
		open := o.shut()
		gone := errors.New("gone")
		var wg sync.WaitGroup
		leaver := func() context.CancelCauseFunc {
			ctx, cancel := context.WithCancelCause(as(t.Context(), "alice"))
			wg.Go(func() {
				_, err := clients.Get[echo](ctx, o.api, clients.At("/x"), nil)
				if !errors.Is(err, gone) {
					t.Errorf("who left = %v, want the cause", err)
				}
			})
			synctest.Wait()
			return cancel
		}
		first, second := leaver(), leaver()
		first(gone)
		synctest.Wait()
		if err := o.last().Context().Err(); err != nil || o.calls() != 1 {
			t.Errorf("the call that one still waits for: %v, %d calls", err, o.calls())
		}
		second(gone)
		synctest.Wait()
		if err := o.last().Context().Err(); err == nil {
			t.Error("the call that nobody waits for goes on")
		}

		third := leaver()
		wg.Go(func() {
			if got := o.get(t, "alice"); got.N != 2 {
				t.Errorf("after a call was given up, %+v, want the second call's", got)
			}
		})
		synctest.Wait()
		third(gone)
		synctest.Wait()
		open()
		wg.Wait()
		if got := o.get(t, "alice"); got.N != 2 || o.calls() != 2 {
			t.Errorf("then %+v after %d calls, want it kept", got, o.calls())
		}
		ended, cancel := context.WithCancelCause(as(t.Context(), "alice"))
		cancel(gone)
		_, err := clients.Get[echo](ended, o.api, clients.At("/y"), nil)
		synctest.Wait()
		if !errors.Is(err, gone) || o.calls() != 2 {
			t.Errorf("who comes with an ended context = %v after %d calls, want its cause and no call", err, o.calls())
		}
	})
}

// A call that was given up and is answered all the same does not land in the place of the one begun after it.
func TestACallThatWasGivenUpLandsNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, nil)
		releases := []chan struct{}{make(chan struct{}), make(chan struct{})}
		o.serves(func(w http.ResponseWriter, r *http.Request) {
			<-releases[o.calls()-1] // deaf to the end of its context
			echoes("Cache-Control: max-age=60")(w, r)
		})
		ctx, cancel := context.WithCancel(as(t.Context(), "alice"))
		var wg sync.WaitGroup
		wg.Go(func() { clients.Get[echo](ctx, o.api, clients.At("/x"), nil) })
		synctest.Wait()
		cancel()
		wg.Wait()
		for range 2 {
			wg.Go(func() {
				if got := o.get(t, "alice"); got.N != 2 {
					t.Errorf("who asked after it was given up = %+v, want call 2's", got)
				}
			})
			synctest.Wait()
			close(releases[0])
			releases[0] = make(chan struct{})
			synctest.Wait()
		}
		close(releases[1])
		wg.Wait()
		if got := o.get(t, "alice"); got.N != 2 || o.calls() != 2 {
			t.Errorf("then = %+v after %d calls, want call 2's kept", got, o.calls())
		}
	})
}

// A failure is shared as an answer is, and neither it nor a panic outlives its callers.
func TestSharedFailures(t *testing.T) {
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		code  clients.Code
	}{
		"a refusal":   {refusesWith(503), clients.CodeUpstreamUnavailable},
		"a lost line": {refusesWith(statusBrokenOff), clients.CodeUpstreamUnavailable},
		"a panic":     {func(http.ResponseWriter, *http.Request) { panic("canary") }, clients.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin(t, nil)
				o.serves(c.serve)
				open := o.shut()
				var wg sync.WaitGroup
				for range 3 {
					wg.Go(func() {
						_, err := clients.Get[echo](as(t.Context(), "alice"), o.api, clients.At("/x"), nil)
						var failed *clients.Error
						if !errors.As(err, &failed) || failed.Code != c.code {
							t.Errorf("error = %v, want %s", err, c.code)
						}
					})
				}
				synctest.Wait()
				open()
				wg.Wait()
				if o.calls() != 1 {
					t.Errorf("%d calls, want one", o.calls())
				}
				o.serves(nil)
				if got := o.get(t, "alice"); got.N != 2 {
					t.Errorf("afterwards = %+v, want a call of its own", got)
				}
			})
		})
	}
}

// The API's own time bounds a shared call, whoever waits for it and however long.
func TestASharedCallHasTheAPIsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, func(c *clients.Config) { c.Timeout = 2 * time.Second })
		defer o.shut()()
		start := time.Now()
		_, err := clients.Get[echo](as(t.Context(), "alice"), o.api, clients.At("/x"), nil)
		var failed *clients.Error
		if !errors.As(err, &failed) || failed.Code != clients.CodeUpstreamTimeout || time.Since(start) != 2*time.Second {
			t.Errorf("error = %v after %s, want UPSTREAM_TIMEOUT after 2s", err, time.Since(start))
		}
	})
}

// CACHE-7: who asks after a change is not given what was asked before it.
func TestACallAfterAChangeDoesNotJoinOneBefore(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *origin){
		"an unsafe call":           func(t *testing.T, o *origin) { o.post(t, "alice", "/elsewhere") },
		"another API's":            func(t *testing.T, o *origin) { o.api.Invalidate(as(t.Context(), "alice")) },
		"the end of the session":   func(_ *testing.T, o *origin) { o.api.Forget("alice") },
		"the end of some sessions": func(_ *testing.T, o *origin) { o.api.ForgetSessions() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin(t, nil)
				o.serves(echoes("Cache-Control: max-age=60"))
				open := o.shut()
				var before, after echo
				var wg sync.WaitGroup
				wg.Go(func() { before = o.get(t, "alice") })
				synctest.Wait()
				reopen := open
				o.mu.Lock()
				o.gate = nil // The change itself is answered at once.
				o.mu.Unlock()
				change(t, o)
				calls := o.calls()
				wg.Go(func() { after = o.get(t, "alice") })
				synctest.Wait()
				reopen()
				wg.Wait()
				if before.N != 1 || after.N != calls+1 {
					t.Errorf("before and after = %+v, %+v, want call 1 and call %d", before, after, calls+1)
				}
				if got := o.get(t, "alice"); got.N == 1 {
					t.Errorf("then = %+v: what was on its way was kept", got)
				}
				if got := o.api.Stats(); got.Stored > 1 {
					t.Errorf("Stats = %+v: what was on its way was stored", got)
				}
			})
		})
	}
}

// A key that does not say whose the answer is finds nothing, and does not even compile.
func TestAKeyWithoutIdentityDoesNotCompile(t *testing.T) {
	for _, c := range []struct{ code, says string }{
		{`func (c *cache) planted(who IdentityKey, key requestKey) *slot { return c.slots[who][key] }`, ""},
		{`func (c *cache) planted(key requestKey) *slot { return c.slots[key] }`, "IdentityKey"},
		{`func (c *cache) planted(key requestKey) *slot { return c.slot(key, "") }`, "not enough arguments"},
		{`func (c *cache) planted(who string, key requestKey) *slot { return c.slot(who, key, "") }`, "IdentityKey"},
	} {
		dir := t.TempDir()
		planted, overlay := filepath.Join(dir, "planted.go"), filepath.Join(dir, "overlay.json")
		here, err := filepath.Abs("planted.go")
		if err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{
			planted: "package clients\n\n" + c.code + "\n",
			overlay: `{"Replace": {` + strconv.Quote(here) + `: ` + strconv.Quote(planted) + `}}`,
		} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.Command("go", "build", "-overlay", overlay, ".").CombinedOutput()
		if compiles := err == nil; compiles != (c.says == "") || !strings.Contains(string(out), c.says) {
			t.Errorf("%s\ncompiles = %v: %s", c.code, compiles, out)
		}
	}
}
