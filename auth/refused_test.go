package auth_test

import (
	"net/http"
	"testing"

	"vestibule.example/demo/provider"
)

// GQL-14: an API that refuses a token while the provider is away is no reason to tell anybody to sign in: that is not
// possible either. Once a new token was had and is refused too, the 401 is the answer.
func TestATokenThatIsRefusedWhileTheProviderIsAway(t *testing.T) {
	w := newWorld(t, nil)
	alice, bob := w.signIn(t, "alice"), w.signIn(t, "bob")
	w.api.refuses(func(string) bool { return true })
	w.settings(t, provider.Settings{Refresh: provider.RefreshServerError})
	if got := call(t, alice, "orders"); got != http.StatusBadGateway {
		t.Errorf("while the provider is away: %d, want 502, the error of whoever asked", got)
	}
	w.settings(t, provider.Settings{})
	if got := call(t, bob, "orders"); got != http.StatusUnauthorized {
		t.Errorf("with a new token that is refused too: %d, want 401", got)
	}
	if got := call(t, bob, "orders"); got != http.StatusUnauthorized {
		t.Errorf("within a minute of that: %d, want 401", got)
	}
	if !signedIn(t, alice) || !signedIn(t, bob) {
		t.Error("somebody was signed out")
	}
}
