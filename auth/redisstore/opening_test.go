//go:build redis

package redisstore_test

import (
	"context"
	"regexp"
	"slices"
	"testing"
	"time"

	"vestibule.example/auth/redisstore"
)

// What New was waited for with means nothing to an open store: a gateway that is told to stop still needs it for what runs.
func TestAnOpenStoreOutlivesItsOpening(t *testing.T) {
	server := startServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	store, err := redisstore.New(ctx, redisstore.Config{Addresses: []string{server.address}})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	connections := func() []string {
		ids := regexp.MustCompile(`(?m)^id=\d+ .*name=vestibule `).FindAllString(server.cli(t, "client", "list"), -1)
		for i, id := range ids {
			ids[i] = regexp.MustCompile(`^id=\d+`).FindString(id)
		}
		return ids
	}
	before := connections()
	cancel()
	if err := store.Put(t.Context(), "x", nil, time.Minute); err != nil {
		t.Errorf("Put = %v", err)
	}
	if after := connections(); len(before) == 0 || !slices.Equal(before[:1], after[:min(1, len(after))]) {
		t.Errorf("connections %q, before %q: want the same", after, before)
	}
}
