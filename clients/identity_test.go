package clients_test

import (
	"fmt"
	"testing"

	"vestibule.example/clients"
)

// CACHE-4, LOG-2: equal only for the same session and text, and never shown.
func TestIdentityKeys(t *testing.T) {
	nobody := clients.IdentityKey{}
	for _, c := range []struct {
		name string
		a, b clients.IdentityKey
		same bool
	}{
		{"the same session", clients.SessionIdentity("canary", "owner"), clients.SessionIdentity("canary", "owner"), true},
		{"another text", clients.SessionIdentity("canary", "owner"), clients.SessionIdentity("other", "owner"), false},
		{"another session", clients.SessionIdentity("canary", "owner"), clients.SessionIdentity("canary", "other"), false},
		{"text and session do not run into each other", clients.SessionIdentity("ab", "c"), clients.SessionIdentity("a", "bc"), false},
		{"a session that is called public", clients.SessionIdentity("public", ""), clients.PublicIdentity(), false},
		{"public", clients.PublicIdentity(), clients.PublicIdentity(), true},
		{"no text is nobody", clients.SessionIdentity("", "owner"), nobody, true},
		{"public is not nobody", clients.PublicIdentity(), nobody, false},
	} {
		if got := c.a == c.b; got != c.same {
			t.Errorf("%s: equal = %v, want %v", c.name, got, c.same)
		}
	}
	for want, key := range map[string]clients.IdentityKey{"session": clients.SessionIdentity("canary", "canary"), "public": clients.PublicIdentity(), "nobody": nobody} {
		if got := fmt.Sprint(key); got != want {
			t.Errorf("String = %q, want %q", got, want)
		}
		if got := fmt.Sprintf("%v %+v %s %q %#v", key, key, key, key, key); got != fmt.Sprintf("%[1]s %[1]s %[1]s %[2]q %[1]s", want, want) {
			t.Errorf("formatted = %s, want no more than %q", got, want)
		}
	}
}
