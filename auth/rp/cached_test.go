package rp

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// OIDC-16: who was not content with a value that has been replaced meanwhile gets the new one, and no further fetch.
func TestRenewOfAnOldGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetches := 0
		c := cached[int]{
			name: "numbers", now: time.Now, maxAge: time.Minute, log: slog.New(slog.DiscardHandler),
			fetch: func(context.Context) (int, error) { fetches++; return fetches, nil },
		}
		_, seen, err := c.get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		if value, _, err := c.get(t.Context()); value != 1 || err != nil {
			t.Errorf("get = %d, %v, want the old value while the new one is fetched", value, err)
		}
		synctest.Wait()
		if value, _, err := c.renew(t.Context(), seen); value != 2 || err != nil || fetches != 2 {
			t.Errorf("renew = %d, %v after %d fetches, want 2 after 2", value, err, fetches)
		}
		c.fetch = func(context.Context) (int, error) { return 0, errors.New("away") }
		if value, generation, err := c.renew(t.Context(), 2); value != 2 || generation != 2 || err == nil {
			t.Errorf("renew = %d, %d, %v, want the old value and the failure", value, generation, err)
		}
	})
}
