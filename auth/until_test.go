package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/demo/visitor"
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
		if ctx, err := b.Renew(hers); err != nil || auth.FromContext(ctx) == nil {
			t.Errorf("Renew while the store is out of order = %v", err)
		}
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

// SES-10, SSE: what streams on behalf of a session ends with it.
func TestUntilEnded(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.with(t, v, "GET", as, func(ctx context.Context) {
		until, leave, err := w.auth.UntilEnded(ctx)
		if err != nil || until.Err() != nil {
			t.Fatalf("UntilEnded = %v, %v", until, err)
		}
		defer leave()
		if renewed, err := w.auth.Renew(ctx); err != nil || auth.FromContext(renewed).Subject() != auth.FromContext(ctx).Subject() {
			t.Errorf("Renew of a session that lives = %v", err)
		}
		if _, err := v.SignOut(t.Context()); err != nil {
			t.Error(err)
		}
		<-until.Done()
		if ctx.Err() != nil || !errors.Is(context.Cause(until), auth.ErrSessionEnded) {
			t.Errorf("the request: %v, the stream: %v, want the stream alone to end with the session", ctx.Err(), context.Cause(until))
		}
		if _, err := w.auth.Renew(ctx); !errors.Is(err, auth.ErrSessionEnded) {
			t.Errorf("Renew of a session that has ended = %v", err)
		}
		if _, _, err := w.auth.UntilEnded(ctx); !errors.Is(err, auth.ErrNotFound) {
			t.Errorf("UntilEnded of a session that has ended = %v, want ErrNotFound", err)
		}
	})
}

func TestStreamsOfASessionAreBounded(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.with(t, v, "GET", as, func(ctx context.Context) {
		var leaves []context.CancelFunc
		for range 20 {
			_, leave, err := w.auth.UntilEnded(ctx)
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, leave)
		}
		if _, _, err := w.auth.UntilEnded(ctx); !errors.Is(err, auth.ErrTooManyStreams) {
			t.Errorf("the 21st = %v, want ErrTooManyStreams", err)
		}
		for _, leave := range leaves {
			leave()
		}
		// Places become free in a goroutine of their own, at once but not at the same time.
		for {
			_, leave, err := w.auth.UntilEnded(ctx)
			if err == nil {
				leave()
				return
			}
			if t.Context().Err() != nil {
				t.Fatal("the places were never given back")
			}
		}
	})
}

func TestStreamsEndWhenTheServiceDrains(t *testing.T) {
	w := newWorld(t, nil)
	for _, v := range []*visitor.Visitor{w.signIn(t, "alice"), w.visitor(t)} {
		w.with(t, v, "GET", as, func(ctx context.Context) {
			until, leave, err := w.auth.UntilEnded(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer leave()
			go w.auth.Drain()
			<-until.Done()
			if !errors.Is(context.Cause(until), auth.ErrDraining) {
				t.Errorf("the stream ended with %v", context.Cause(until))
			}
		})
		w.auth = w.serve(t, w.config)
	}
}

// WS-12: a sign-in that takes a session's place ends its streams, and nothing more is done in its name.
func TestAStreamOfASessionThatIsReplaced(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.with(t, v, "GET", as, func(ctx context.Context) {
		until, leave, err := w.auth.UntilEnded(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
		w.stepUp(t, v)
		<-until.Done()
		if !errors.Is(context.Cause(until), auth.ErrReplaced) {
			t.Errorf("the stream ended with %v", context.Cause(until))
		}
		if _, err := w.auth.Renew(ctx); !errors.Is(err, auth.ErrReplaced) {
			t.Errorf("Renew = %v", err)
		}
	})
}
