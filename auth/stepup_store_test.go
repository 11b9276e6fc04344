package auth_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"vestibule.example/auth"
)

// A store that fails in the middle leaves the browser what it had: never two sessions, never none.
func TestAStepUpThatCannotBeStored(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails []error // of the updates, in turn; the last one stays
		tries int32
		want  int
	}{
		{"somebody else wrote first", []error{auth.ErrConflict, nil}, 2, http.StatusOK},
		{"somebody else always writes first", []error{auth.ErrConflict}, 64, http.StatusServiceUnavailable},
		{"an outage", []error{errOutage}, 1, http.StatusServiceUnavailable},
		{"it ended meanwhile", []error{auth.ErrNotFound}, 1, http.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			v := w.signIn(t, "alice")
			failing := w.config
			updates := &failingUpdates{Store: w.store, fails: c.fails}
			failing.Store = updates
			w.serve(t, failing)
			page, _ := begin(t, v, "/auth/login?acr_values=urn:demo:mfa")
			response, err := v.SubmitUntil(t.Context(), page, map[string]string{"code": "123456"}, w.origin+"/auth/callback")
			if err != nil {
				t.Fatal(err)
			}
			res := get(t, v, response)
			if res.StatusCode != c.want {
				t.Errorf("the callback = %d, want %d", res.StatusCode, c.want)
			}
			if got := updates.n.Load(); got != c.tries {
				t.Errorf("it was tried %d times to mark the old session, want %d", got, c.tries)
			}
			want := map[bool]string{true: "urn:demo:mfa", false: "urn:demo:pwd"}[c.want == http.StatusOK]
			if got := acrOf(t, v); got != want {
				t.Errorf("acr = %v, want %s", got, want)
			}
			if got := sessionsOf(t, v); c.want != http.StatusOK && (len(got) != 1 || res.Header.Get("Retry-After") == "") {
				t.Errorf("%d sessions, Retry-After %q, want the one of before and a time", len(got), res.Header.Get("Retry-After"))
			}
		})
	}
}

type failingUpdates struct {
	auth.Store
	fails []error
	n     atomic.Int32
}

func (s *failingUpdates) Update(ctx context.Context, r *auth.Record) error {
	i := min(int(s.n.Add(1))-1, len(s.fails)-1)
	if s.fails[i] != nil {
		return s.fails[i]
	}
	return s.Store.Update(ctx, r)
}
