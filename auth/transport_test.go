package auth_test

import (
	"net/http"
	"testing"
	"time"

	"vestibule.example/demo/provider"
)

// GQL-14: a token that dies on its way to a slow API is replaced each time: that is due, and not forced.
func TestATokenThatDiesOnItsWay(t *testing.T) {
	w := newWorld(t, nil)
	w.settings(t, provider.Settings{AccessTokenTTL: 20 * time.Second})
	v := w.signIn(t, "alice")
	for round, wait := range []time.Duration{0, 17 * time.Second, 17 * time.Second} {
		first := ""
		w.api.refuses(func(token string) bool {
			if first == "" {
				first = token
				w.clock.Advance(wait)
			}
			return token == first
		})
		if got := call(t, v, "orders"); got != http.StatusOK || w.refreshes() != round+1 {
			t.Errorf("call %d = %d after %d refreshes, want 200 after %d", round+1, got, w.refreshes(), round+1)
		}
	}
}
