package rp

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
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

// A panic while a document is fetched is a failure like any other: in the fetch's own goroutine it would end the process.
func TestAFetchThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := cached[int]{
			name: "numbers", now: time.Now, maxAge: time.Minute, log: slog.New(slog.NewTextHandler(&log, nil)),
			fetch: func(context.Context) (int, error) { panic("no numbers") },
		}
		if _, generation, err := c.get(t.Context()); generation != 0 || err == nil || !strings.Contains(err.Error(), "no numbers") {
			t.Errorf("get = %d, %v, want the panic", generation, err)
		}
		if !strings.Contains(log.String(), "stack=") {
			t.Errorf("the log tells no stack: %s", &log)
		}
		c.fetch = func(context.Context) (int, error) { return 1, nil }
		<-time.After(firstBackoff)
		if value, _, err := c.get(t.Context()); value != 1 || err != nil {
			t.Errorf("get = %d, %v, want what is fetched then", value, err)
		}
	})
}
