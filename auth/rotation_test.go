package auth_test

import (
	"net/http"
	"testing"

	"vestibule.example/auth"
	"vestibule.example/auth/secret"
)

// Keys are replaced while the service runs, in two phases: nobody notices, and a logout finds the sessions of before by the
// old key. Keys that are wrong change nothing (OPS-1, BCL-11).
func TestKeysAreReplacedInTwoPhases(t *testing.T) {
	w := newWorld(t, nil)
	old, young := w.config.Keys[0], newKey()
	watchKeys([]auth.Key{young})
	opens := func(k auth.Key) auth.Key { return auth.Key{Use: "open", Secret: k.Secret} }
	alice := w.signIn(t, "alice")
	for _, keys := range [][]auth.Key{{old, opens(young)}, {young, opens(old)}} {
		if err := w.auth.SetKeys(keys); err != nil {
			t.Fatal(err)
		}
		if !signedIn(t, alice) {
			t.Fatalf("alice is signed out by the phase %v", keys)
		}
	}
	bob := w.signIn(t, "bob")
	for name, keys := range map[string][]auth.Key{
		"none": nil, "two that seal": {old, young}, "none that seals": {opens(old), opens(young)}, "one that is none": {young, {Use: "open", Secret: secret.New("short")}},
	} {
		if err := w.auth.SetKeys(keys); err == nil {
			t.Errorf("SetKeys takes %s", name)
		}
		if !signedIn(t, alice) || !signedIn(t, bob) {
			t.Errorf("keys that were refused (%s) sign somebody out", name)
		}
	}
	if got, err := w.demo.Provider.BackChannelLogout(t.Context(), w.demo.ClientID, "c-alice", ""); err != nil || got != http.StatusOK {
		t.Fatal(got, err)
	}
	if signedIn(t, alice) || !signedIn(t, bob) {
		t.Errorf("after alice's logout by the provider: alice in %v, bob in %v, want bob alone", signedIn(t, alice), signedIn(t, bob))
	}
	if err := w.auth.SetKeys([]auth.Key{old}); err != nil {
		t.Fatal(err)
	}
	if signedIn(t, bob) {
		t.Error("bob's cookie opens without the key that sealed it")
	}
}
