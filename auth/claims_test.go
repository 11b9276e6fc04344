package auth

import (
	"maps"
	"slices"
	"testing"
)

// What is not kept cannot leak: of an ID token's claims only those that the SPA may see, and the hint that the provider's
// end-session wants, if it is told one.
func TestWhatIsKeptOfAnIDToken(t *testing.T) {
	all := map[string]any{"sub": "c-1", "name": "Alice", "email": "a@example.test", "login_hint": "opaque", "phone": 1.0, "nested": map[string]any{"x": 1.0}}
	for _, c := range []struct {
		claims []string
		mode   string
		shown  []string
		hint   string
	}{
		{nil, "id_token", nil, ""},
		{[]string{"name", "nested", "missing"}, "none", []string{"name", "nested"}, ""},
		{[]string{"name"}, "logout_hint", []string{"name"}, "opaque"},
	} {
		s := &Service{cfg: Config{Claims: c.claims, LogoutHint: c.mode}}
		if got := slices.Sorted(maps.Keys(s.shown(all))); !slices.Equal(got, c.shown) {
			t.Errorf("with %v the session keeps %v, want %v", c.claims, got, c.shown)
		}
		if got := s.logoutHint(all); got != c.hint {
			t.Errorf("with %s the hint is %q, want %q", c.mode, got, c.hint)
		}
	}
	s := &Service{cfg: Config{LogoutHint: "logout_hint"}}
	if got := s.logoutHint(map[string]any{"login_hint": 7.0}); got != "" {
		t.Errorf("a hint that is no text = %q, want none", got)
	}
}
