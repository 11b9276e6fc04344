package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// lookEvery is how often the ledger looks at the store: far more often than a session is refreshed.
const lookEvery = 100 * time.Millisecond

// ledger follows how often each session was written: once at its sign-in, and once for each refresh that was stored. It looks
// at the store itself, since a gateway that was killed tells nothing.
type ledger struct {
	client rueidis.Client

	mu      sync.Mutex // guards highest
	highest map[string]int
}

func newLedger(address string) (*ledger, error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address}, DisableCache: true})
	if err != nil {
		return nil, fmt.Errorf("the ledger: %w", err)
	}
	return &ledger{client: client, highest: map[string]int{}}, nil
}

// follow looks until ctx ends. While the server is away there is nothing to see, and nothing is written.
func (l *ledger) follow(ctx context.Context) {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		l.look(ctx)
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *ledger) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	keys, err := l.client.Do(ctx, l.client.B().Keys().Pattern("vestibule:s:*").Build()).AsStrSlice()
	if err != nil {
		return
	}
	commands := make(rueidis.Commands, len(keys))
	for i, key := range keys {
		commands[i] = l.client.B().Hmget().Key(key).Field("list", "gen").Build()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, result := range l.client.DoMulti(ctx, commands...) {
		fields, err := result.AsStrSlice()
		if err != nil || len(fields) != 2 {
			continue
		}
		if n, err := strconv.Atoi(fields[1]); err == nil {
			l.highest[fields[0]] = max(l.highest[fields[0]], n)
		}
	}
}

// stored is how many refreshes of a session, by its list id, were stored.
func (l *ledger) stored(list string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.highest[list] - 1
}
