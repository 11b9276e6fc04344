package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/demo/provider"
	"vestibule.example/demo/visitor"
)

// BBA-20, BCP-20, SES-17, T-10: a thousand requests on a session whose token has just expired make one refresh.
func TestAThousandRequestsMakeOneRefresh(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	if got := call(t, v, "orders"); got != http.StatusOK {
		t.Fatalf("call = %d", got)
	}
	w.clock.Advance(6 * time.Minute)
	var failed atomic.Int32
	var all sync.WaitGroup
	for range 1000 {
		all.Go(func() {
			res, err := v.Fetch(t.Context(), http.MethodGet, "/call/orders", "", nil)
			if err != nil {
				failed.Add(1)
				return
			}
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				failed.Add(1)
			}
		})
	}
	all.Wait()
	if failed.Load() > 0 {
		t.Errorf("%d of 1000 requests failed", failed.Load())
	}
	if got := w.refreshes(); got != 1 {
		t.Errorf("%d refreshes, want 1", got)
	}
	tokens := w.api.seen()
	slices.Sort(tokens)
	if got := len(slices.Compact(tokens)); got != 2 {
		t.Errorf("the API saw %d tokens, want the old and the new", got)
	}
}

// T-10: two replicas over one store spend a refresh token once.
func TestTwoReplicasMakeOneRefresh(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	first := w.routes.Load()
	w.serve(t, w.config)
	both := http.NewServeMux()
	other := w.routes.Load()
	var n atomic.Int32
	both.HandleFunc("/", func(out http.ResponseWriter, r *http.Request) {
		if n.Add(1)%2 == 0 {
			first.ServeHTTP(out, r)
			return
		}
		other.ServeHTTP(out, r)
	})
	w.routes.Store(both)
	for range 5 {
		w.clock.Advance(6 * time.Minute)
		w.demo.Provider.ResetCounters()
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				if got := call(t, v, "orders"); got != http.StatusOK {
					t.Errorf("call = %d", got)
				}
			})
		}
		all.Wait()
		if got := w.demo.Provider.Counters().Token; got["refresh_token ok"] != 1 || len(got) != 1 {
			t.Errorf("token calls = %v, want one refresh", got)
		}
	}
}

// Ahead of expiry: a token that is about to end is replaced before it does.
func TestTokensAreRefreshedAheadOfTheirEnd(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.clock.Advance(3 * time.Minute)
	call(t, v, "orders")
	if got := w.refreshes(); got != 0 {
		t.Errorf("%d refreshes two minutes before the end, want none", got)
	}
	w.clock.Advance(time.Minute + 5*time.Second)
	call(t, v, "orders")
	if got := w.refreshes(); got != 1 {
		t.Errorf("%d refreshes a minute before the end, want 1", got)
	}
}

// BBA-22, T-11: only the provider's word that the grant is no more ends a session.
func TestWhatEndsASession(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings provider.Settings
		status   int // of a call with a dead token
		lives    bool
	}{
		{"invalid_grant ends it", provider.Settings{Refresh: provider.RefreshInvalidGrant}, http.StatusBadGateway, false},
		{"a server error does not", provider.Settings{Refresh: provider.RefreshServerError}, http.StatusBadGateway, true},
		{"no new refresh token does not: the old one stays good (OIDC-24)", provider.Settings{Refresh: provider.RefreshNoNewToken}, http.StatusOK, true},
		{"no rotation does not", provider.Settings{KeepRefreshToken: true}, http.StatusOK, true},
		{"a refresh for somebody else does (OIDC-23)", provider.Settings{Tampering: provider.Tampering{IDToken: provider.WrongSubject}}, http.StatusBadGateway, false},
		{"a refresh of another issuer does (OIDC-23)", provider.Settings{Tampering: provider.Tampering{IDToken: provider.WrongIssuer}}, http.StatusBadGateway, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			v := w.signIn(t, "alice")
			w.settings(t, c.settings)
			for range 3 {
				w.clock.Advance(6 * time.Minute)
				got := call(t, v, "orders")
				if ended := got == http.StatusBadGateway && !c.lives; got != c.status && !ended {
					t.Errorf("call = %d, want %d", got, c.status)
				}
			}
			if got := signedIn(t, v); got != c.lives {
				t.Errorf("signed in = %v, want %v", got, c.lives)
			}
		})
	}
}

// BBA-22: a grant that is no more ends its session at once, though the access token would live for a while.
func TestAnEndedGrantIsNotServedFromTheTokenThatLives(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.settings(t, provider.Settings{Refresh: provider.RefreshInvalidGrant})
	w.clock.Advance(4*time.Minute + 30*time.Second)
	if got := call(t, v, "orders"); got != http.StatusBadGateway || signedIn(t, v) {
		t.Errorf("call half a minute before the token's end = %d, want a failure, and nobody signed in", got)
	}
}

// T-11: an answer whose ID token cannot be checked is no answer, but the refresh token that came with it is the only good one.
func TestARotatedRefreshTokenOutlivesABadIDToken(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.settings(t, provider.Settings{Tampering: provider.Tampering{IDToken: provider.BadSignature}})
	w.clock.Advance(6 * time.Minute)
	if got := call(t, v, "orders"); got != http.StatusBadGateway {
		t.Fatalf("call = %d, want a failure", got)
	}
	w.settings(t, provider.Settings{})
	w.clock.Advance(time.Minute) // The provider was left alone for a while.
	if got := call(t, v, "orders"); got != http.StatusOK {
		t.Errorf("call with the provider well again = %d, want 200:\n%s", got, w.log)
	}
}

// A provider that fails is asked less and less, and asked again in the end.
func TestAFailingProviderIsLeftAloneForAWhile(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.settings(t, provider.Settings{Refresh: provider.RefreshServerError})
	w.clock.Advance(6 * time.Minute)
	for range 20 {
		call(t, v, "orders")
	}
	if got := w.refreshes(); got != 1 {
		t.Errorf("%d refreshes in a moment, want 1", got)
	}
	w.settings(t, provider.Settings{})
	w.clock.Advance(time.Minute)
	if got := call(t, v, "orders"); got != http.StatusOK {
		t.Errorf("call after the outage = %d, want 200", got)
	}
}

// BCL-18, T-10: a logout while the refresh is under way stays a logout.
func TestALogoutDuringARefreshStaysOne(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.clock.Advance(6 * time.Minute)
	reached, release := make(chan bool, 1), make(chan bool)
	slow := w.config
	slow.Store = &pausingStore{Store: w.store, reached: reached, release: release}
	w.serve(t, slow)
	done := make(chan int, 1)
	go func() {
		res, err := v.Fetch(context.Background(), http.MethodGet, "/call/orders", "", nil)
		if err != nil {
			done <- 0
			return
		}
		res.Body.Close()
		done <- res.StatusCode
	}()
	<-reached // The provider has answered; the new tokens are about to be stored.
	if n := w.demo.Provider.SignOut(t.Context(), "", "c-alice"); n != 1 {
		t.Fatalf("%d sessions were signed out", n)
	}
	close(release)
	if got := <-done; got != http.StatusBadGateway {
		t.Errorf("the call = %d, want 502", got)
	}
	if signedIn(t, v) {
		t.Error("the refresh brought the session back")
	}
}

// pausingStore waits before each update until it is released.
type pausingStore struct {
	auth.Store
	reached chan bool
	release chan bool
}

func (s *pausingStore) Update(ctx context.Context, r *auth.Record) error {
	select {
	case s.reached <- true:
	default:
	}
	<-s.release
	return s.Store.Update(ctx, r)
}

// GQL-14: an API's 401 forces one refresh and one more try, once a minute.
func TestA401ForcesOneRefresh(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	first := ""
	w.api.refuses(func(token string) bool {
		if first == "" {
			first = token
		}
		return token == first
	})
	if got := call(t, v, "orders"); got != http.StatusOK || len(w.api.seen()) != 2 || w.refreshes() != 1 {
		t.Errorf("call = %d after %d tries and %d refreshes, want 200 after 2 and 1", got, len(w.api.seen()), w.refreshes())
	}
	w.api.refuses(func(string) bool { return true })
	for range 3 {
		if got := call(t, v, "orders"); got != http.StatusUnauthorized {
			t.Errorf("call = %d, want 401", got)
		}
	}
	if got := w.refreshes(); got != 1 {
		t.Errorf("%d refreshes, want no other within a minute", got)
	}
	w.clock.Advance(61 * time.Second)
	call(t, v, "orders")
	if got := w.refreshes(); got != 2 {
		t.Errorf("%d refreshes after a minute, want 2", got)
	}
}

// STEP-1: no refresh helps against a demand for a stronger sign-in.
func TestAStepUpChallengeIsPassedOn(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.api.mu.Lock()
	w.api.stepUp = true
	w.api.mu.Unlock()
	if got := call(t, v, "orders"); got != http.StatusUnauthorized || len(w.api.seen()) != 1 || w.refreshes() != 0 {
		t.Errorf("call = %d after %d tries and %d refreshes, want 401 at once", got, len(w.api.seen()), w.refreshes())
	}
}

// A request whose body is gone is not sent again without it.
func TestABodyThatCannotBeRepeatedIsNot(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.api.refuses(func(string) bool { return true })
	res, err := v.Fetch(t.Context(), http.MethodPost, "/call/orders", "text/plain", strings.NewReader("once"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got := len(w.api.seen()); res.StatusCode != http.StatusUnauthorized || got != 1 {
		t.Errorf("status %d after %d tries, want 401 after one", res.StatusCode, got)
	}
}

// BBA-14, BBA-17, GQL-10, T-18
func TestTokensGoToTheirAPIAlone(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	elsewhere := 0
	stranger := newListener(t, func(r *http.Request) { elsewhere++ })
	res, err := v.Fetch(t.Context(), http.MethodGet, "/call/orders?to="+stranger, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusBadGateway || elsewhere != 0 {
		t.Errorf("a request elsewhere = %d, the stranger got %d, want 502 and none", res.StatusCode, elsewhere)
	}
	call(t, v, "orders")
	call(t, v, "public")
	w.api.mu.Lock()
	defer w.api.mu.Unlock()
	for i, h := range w.api.headers {
		if h.Get("Cookie") != "" || strings.Contains(h.Get("Authorization"), "from-the-browser") {
			t.Errorf("the API got the browser's headers: %v", h)
		}
		if i == len(w.api.headers)-1 && h.Get("Authorization") != "" {
			t.Errorf("the API without token got %q", h.Get("Authorization"))
		}
	}
}

// RES-2, CACHE-4: users and APIs that ask for different tokens never get each other's, however many ask at once.
func TestTokensNeverCross(t *testing.T) {
	w := newWorld(t, nil)
	visitors := map[string]*visitor.Visitor{"alice": w.signIn(t, "alice"), "bob": w.signIn(t, "bob")}
	var mu sync.Mutex
	uses := map[string]string{} // token → who used it for what
	for range 3 {
		w.clock.Advance(6 * time.Minute)
		var all sync.WaitGroup
		for user, v := range visitors {
			for _, api := range []string{"orders", "narrow", "narrower"} {
				for i := range 5 {
					all.Go(func() {
						use := user + " " + api
						res, err := v.Fetch(t.Context(), http.MethodGet, fmt.Sprintf("/call/%s?%d", api, i), "", nil)
						if err != nil {
							t.Error(err)
							return
						}
						defer res.Body.Close()
						token := res.Header.Get("Token-Hash")
						mu.Lock()
						defer mu.Unlock()
						if before, used := uses[token]; token == "" || used && before != use {
							t.Errorf("%s got the token of %q (status %d)", use, before, res.StatusCode)
						}
						uses[token] = use
					})
				}
			}
		}
		all.Wait()
	}
	if len(uses) != 2*3*3 {
		t.Errorf("%d tokens were used, want one for each user, API and round", len(uses))
	}
}

// BBA-20: without a session an API that needs a user is not called.
func TestNobodyHasNoToken(t *testing.T) {
	w := newWorld(t, nil)
	v := w.visitor(t)
	if got := call(t, v, "orders"); got != http.StatusBadGateway || len(w.api.seen()) != 0 {
		t.Errorf("call = %d, the API got %d, want 502 and none", got, len(w.api.seen()))
	}
	if got := call(t, v, "public"); got != http.StatusOK {
		t.Errorf("call of an API without token = %d, want 200", got)
	}
}
