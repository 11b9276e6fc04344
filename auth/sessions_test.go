package auth_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/demo/visitor"
)

func sessionsOf(t *testing.T, v *visitor.Visitor) []auth.SessionEntry {
	t.Helper()
	res, err := v.Fetch(t.Context(), http.MethodGet, "/auth/sessions", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Sessions []auth.SessionEntry }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("my sessions = %d, %v", res.StatusCode, err)
	}
	return answer.Sessions
}

// SES-11: a user sees her sessions and ends them, and nobody else's.
func TestMySessions(t *testing.T) {
	w := newWorld(t, nil)
	first := w.signIn(t, "alice")
	w.clock.Advance(time.Second)
	second := w.signIn(t, "alice")
	w.clock.Advance(time.Second)
	third, bob := w.signIn(t, "alice"), w.signIn(t, "bob")

	mine := sessionsOf(t, second)
	if len(mine) != 3 || mine[0].Current || !mine[1].Current || mine[2].Current {
		t.Fatalf("my sessions = %+v, want three, the newest first, the second mine", mine)
	}
	for i, s := range mine {
		if s.ID == "" || s.Device == "" || s.Address == "" || s.Created.IsZero() || s.LastSeen.IsZero() || s.Expires.IsZero() {
			t.Errorf("session %d = %+v, want it described", i, s)
		}
		for _, v := range []*visitor.Visitor{first, second, third} {
			for _, c := range v.Cookies() {
				if strings.Contains(c.Value, s.ID) {
					t.Error("the id is in a cookie")
				}
			}
		}
		if strings.Contains(w.log.String(), s.ID) {
			t.Error("the id is in the log")
		}
	}
	theirs := sessionsOf(t, bob)
	if len(theirs) != 1 || slices.ContainsFunc(mine, func(s auth.SessionEntry) bool { return s.ID == theirs[0].ID }) {
		t.Errorf("bob's sessions = %+v", theirs)
	}
	for _, c := range []struct {
		name, path string
		want       int
		in         map[*visitor.Visitor]bool
	}{
		{"another user's session", "/auth/sessions/" + theirs[0].ID, http.StatusNotFound, map[*visitor.Visitor]bool{first: true, second: true, third: true, bob: true}},
		{"one that never was", "/auth/sessions/none", http.StatusNotFound, map[*visitor.Visitor]bool{first: true, second: true, third: true, bob: true}},
		{"no scope", "/auth/sessions", http.StatusBadRequest, map[*visitor.Visitor]bool{first: true, second: true, third: true, bob: true}},
		{"another scope", "/auth/sessions?scope=everybody", http.StatusBadRequest, map[*visitor.Visitor]bool{first: true, second: true, third: true, bob: true}},
		{"the oldest", "/auth/sessions/" + mine[2].ID, http.StatusNoContent, map[*visitor.Visitor]bool{second: true, third: true, bob: true}},
		{"the same again", "/auth/sessions/" + mine[2].ID, http.StatusNotFound, map[*visitor.Visitor]bool{second: true, third: true, bob: true}},
		{"the others", "/auth/sessions?scope=others", http.StatusNoContent, map[*visitor.Visitor]bool{second: true, bob: true}},
		{"all", "/auth/sessions?scope=all", http.StatusNoContent, map[*visitor.Visitor]bool{bob: true}},
		{"all again, signed out", "/auth/sessions?scope=all", http.StatusUnauthorized, map[*visitor.Visitor]bool{bob: true}},
	} {
		if got := status(t, second, http.MethodDelete, c.path); got != c.want {
			t.Errorf("ending %s = %d, want %d", c.name, got, c.want)
		}
		for i, v := range []*visitor.Visitor{first, second, third, bob} {
			if got := signedIn(t, v); got != c.in[v] {
				t.Errorf("after ending %s, visitor %d is in: %v, want %v", c.name, i, got, c.in[v])
			}
		}
	}
	w.auth.Close()
	if got := w.demo.Provider.Counters().Revocations; got != 1 {
		t.Errorf("%d revocations, want that of the session whose cookie was there", got)
	}
}
