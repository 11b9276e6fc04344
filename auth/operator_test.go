package auth_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"vestibule.example/auth"
)

// An operator ends one session and leaves the others, and the sign-ins under way, alone. One that ends by itself meanwhile
// is no failure.
func TestAnOperatorEndsOneSession(t *testing.T) {
	w := newWorld(t, nil)
	first, second := w.signIn(t, "alice"), w.signIn(t, "alice")
	mine := sessionsOf(t, first) // Once: two of one moment may come in any order.
	id := mine[0].ID
	if !mine[0].Current {
		id = mine[1].ID
	}
	if n, err := w.auth.EndUser(t.Context(), "", "c-alice", "none of hers"); n != 0 || err != nil {
		t.Errorf("EndUser of an unknown session = %d, %v, want none", n, err)
	}
	if n, err := w.auth.EndUser(t.Context(), "", "c-bob", id); n != 0 || err != nil || !signedIn(t, first) {
		t.Errorf("EndUser of another user's session = %d, %v, want none", n, err)
	}
	if n, err := w.auth.EndUser(t.Context(), "", "c-alice", id); n != 1 || err != nil {
		t.Errorf("EndUser = %d, %v, want 1", n, err)
	}
	if signedIn(t, first) || !signedIn(t, second) || !signedIn(t, w.signIn(t, "alice")) {
		t.Errorf("signed in: %v, %v, want the first one out alone", signedIn(t, first), signedIn(t, second))
	}
	failing := w.config
	store := &failingFor{Store: w.store, err: auth.ErrNotFound}
	store.deletes.Store(1)
	failing.Store = store
	if n, err := w.serve(t, failing).EndUser(t.Context(), "", "c-alice", sessionsOf(t, second)[0].ID); n != 0 || err != nil {
		t.Errorf("EndUser of a session that ends meanwhile = %d, %v, want none", n, err)
	}
}

// An operator's request that cannot be done is an error, and one that races a login wins.
func TestOperatorsAndTheStore(t *testing.T) {
	w, store := newFragileWorld(t)
	v := w.signIn(t, "alice")
	for _, method := range []string{"List", "Delete", "End"} {
		store.breaks(method)
		if _, err := w.auth.ListUser(t.Context(), "", "c-alice"); method == "List" && !errors.Is(err, auth.ErrStoreUnavailable) {
			t.Errorf("ListUser without List = %v, want ErrStoreUnavailable", err)
		}
		if n, err := w.auth.EndUser(t.Context(), "", "c-alice", ""); !errors.Is(err, errOutage) || method != "End" && n != 0 {
			t.Errorf("EndUser without %s = %d, %v, want the outage", method, n, err)
		}
	}
	store.breaks("")
	if signedIn(t, v) {
		t.Error("she is signed in: the last try had ended her session before End failed")
	}

	reached, release := make(chan bool), make(chan bool)
	cfg := w.config
	cfg.AfterLogin = func(context.Context, auth.Login) error {
		reached <- true
		<-release
		return nil
	}
	service := w.serve(t, cfg)
	other := w.visitor(t)
	page, _ := begin(t, other, "/auth/login")
	response, err := other.SubmitUntil(t.Context(), page, map[string]string{"username": "alice", "password": "alice"}, w.origin+"/auth/callback")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan int, 1)
	go func() {
		res, err := other.Hop(context.Background(), response, http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}})
		if err != nil {
			done <- 0
			return
		}
		res.Body.Close()
		done <- res.StatusCode
	}()
	<-reached
	if n, err := service.EndUser(t.Context(), "", "c-alice", ""); n != 0 || err != nil {
		t.Errorf("EndUser = %d, %v", n, err)
	}
	close(release)
	if got := <-done; got != http.StatusForbidden || signedIn(t, other) {
		t.Errorf("the login under way = %d, signed in %v, want 403", got, signedIn(t, other))
	}
}
