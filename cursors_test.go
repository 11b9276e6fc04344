package main

import (
	"testing"

	"vestibule.example/auth/secret"
	"vestibule.example/graph/rest"
)

// A cursor holds on every replica, and through a rotation of the session's keys in two phases.
func TestCursorsHoldWhileTheSessionsKeysAreKnown(t *testing.T) {
	cursors := func(keys ...KeyConfig) *rest.Cursors {
		derived, err := cursorKeys(SessionConfig{Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		c, err := rest.NewCursors(derived)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	key := func(use, text string) KeyConfig { return KeyConfig{Use: use, Secret: secret.New(text)} }
	before := cursors(key("seal", "old"))
	phases := map[string]*rest.Cursors{
		"another replica": cursors(key("seal", "old")), "the new key opens": cursors(key("open", "new"), key("seal", "old")), "the new key seals": cursors(key("open", "old"), key("seal", "new")),
	}
	for name, c := range phases {
		if place, err := c.Open("Query.orders", before.Seal("Query.orders", "7")); place != "7" || err != nil {
			t.Errorf("%s: %q, %v, want 7", name, place, err)
		}
	}
	if _, err := before.Open("Query.orders", phases["the new key opens"].Seal("Query.orders", "7")); err != nil {
		t.Errorf("a key that opens has signed: %v", err)
	}
	if _, err := cursors(key("seal", "new")).Open("Query.orders", before.Seal("Query.orders", "7")); err == nil {
		t.Error("a key that is not known vouches for a cursor")
	}
}
