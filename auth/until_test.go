package auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth/memstore"
)

// until gives the context of a stream that a request with the cookie begins; without one, that of a stream of nobody.
func (b *bubble) until(t *testing.T, cookie *http.Cookie) (ctx context.Context, leave context.CancelFunc) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://app.test/api/x/y", nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	b.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var err error
		if ctx, leave, err = b.UntilEnded(r.Context()); err != nil {
			t.Fatal(err)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
	return ctx, leave
}

// T-12: what streams on behalf of a session looks for itself every fifteen seconds whether it lives, whatever is or is not
// told of its end; an outage is no end, and what nobody is signed in for goes on.
func TestUntilEndedChecksForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New(memstore.Config{})
		store := &deafStore{Store: memory}
		b := newBubble(t, store, nil)
		hers, leave := b.until(t, b.signIn(t))
		defer leave()
		nobodys, leaveToo := b.until(t, nil)
		defer leaveToo()
		store.down.Store(true)
		<-time.After(time.Minute)
		store.down.Store(false)
		<-time.After(16 * time.Second)
		synctest.Wait()
		if hers.Err() != nil || nobodys.Err() != nil {
			t.Errorf("after an outage: hers %v, nobody's %v, want both to go on", hers.Err(), nobodys.Err())
		}
		b.EndUser(t.Context(), "", "alice", "")
		before := time.Now()
		select {
		case <-hers.Done():
			if took := time.Since(before); took > 15*time.Second {
				t.Errorf("it ended after %s, want at most 15 s", took)
			}
		case <-time.After(time.Minute):
			t.Error("it has not ended after a minute")
		}
		if nobodys.Err() != nil {
			t.Errorf("nobody's stream: %v, want it to go on", nobodys.Err())
		}
		b.Drain()
		<-nobodys.Done()
		closeAll(t, b.Close, memory.Close)
	})
}
