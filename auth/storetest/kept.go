package storetest

import (
	"errors"
	"testing"
	"time"

	"vestibule.example/auth"
)

// keptAcrossNoWrite proves that even with [auth.AllowKept] no answer is from before a write of this process.
func keptAcrossNoWrite(t *testing.T, s auth.Store, clock *Clock) {
	for _, c := range []struct {
		name  string
		write func(key string) error
		ends  bool
	}{
		{"an update", func(key string) error { return s.Update(t.Context(), wantThere(t, s, key)) }, false},
		{"a use", func(key string) error { return s.Touch(t.Context(), key, clock.Now().Add(time.Minute)) }, false},
		{"a logout", func(key string) error { return s.Delete(t.Context(), key, auth.ReasonLogout) }, true},
		{"a logout by the provider", func(key string) error {
			_, err := s.End(t.Context(), auth.Selector{SID: []string{key}}, auth.ReasonBackchannel)
			return err
		}, true},
	} {
		before := session(clock, c.name, "sub", c.name)
		create(t, s, before)
		for range 3 {
			if _, err := s.Get(auth.AllowKept(t.Context()), c.name); err != nil {
				t.Fatalf("Get before %s = %v", c.name, err)
			}
		}
		if err := c.write(c.name); err != nil {
			t.Fatalf("%s = %v", c.name, err)
		}
		got, err := s.Get(auth.AllowKept(t.Context()), c.name)
		switch {
		case c.ends && !errors.Is(err, auth.ErrNotFound):
			t.Errorf("Get after %s = %v, want ErrNotFound", c.name, err)
		case !c.ends && err != nil:
			t.Errorf("Get after %s = %v", c.name, err)
		case !c.ends && got.Generation == before.Generation && got.LastSeen.Equal(before.LastSeen):
			t.Errorf("Get after %s gives what was before it", c.name)
		}
	}
}
