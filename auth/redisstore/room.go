package redisstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"vestibule.example/auth"
)

// A server whose memory is used up takes no writes. A refresh would fail then after the provider has spent the refresh token. Strangers can
// have much written: each login that comes back has its state remembered, whether it succeeds or not. So sign-ins are refused
// before: they leave a tenth of the server's memory to who is signed in.
const (
	// reservePercent is what of the memory sign-ins leave.
	reservePercent = 10
	// roomFor is how long it is believed that there is room, or none.
	roomFor = time.Second
)

// room is what is known of the server's memory.
type room struct {
	mu    sync.Mutex // guards all of the following
	asked time.Time
	full  error
}

// leaveRoom refuses what a stranger would have written where it would use the reserve.
func (s *Store) leaveRoom(ctx context.Context) error {
	if auth.ReserveAllowed(ctx) {
		return nil
	}
	s.room.mu.Lock()
	now, full := s.cfg.Now(), s.room.full
	due := now.Sub(s.room.asked) >= roomFor
	if due {
		s.room.asked = now // One asks; the others go by what was known.
	}
	s.room.mu.Unlock()
	if !due {
		return full
	}
	ctx, cancel := s.limited(ctx)
	defer cancel()
	nodes, err := s.nodes(ctx)
	if err != nil {
		return full // The write will tell what is wrong, if it is not only a node that it does not need.
	}
	full = nil
	for address, said := range nodes {
		full = errors.Join(full, said.leavesRoom(address))
	}
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	s.room.full = full
	return full
}

// node is what a node says of itself (INFO).
type node map[string]string

// leavesRoom tells whether a node has more than the reserve. One that has no bound of its own, or does not say, does.
func (n node) leavesRoom(address string) error {
	used, limit := n.number("used_memory")-n.number("mem_not_counted_for_evict"), n.number("maxmemory")
	if limit == 0 || n["role"] == "slave" || used < limit/100*(100-reservePercent) {
		return nil
	}
	return fmt.Errorf("redisstore: %w: the maxmemory of %s is used up but for a tenth, which is for who is signed in", auth.ErrStoreFull, address)
}

// unbounded are the nodes that say that nothing but their machine bounds what strangers can have them keep. A replica counts: it may
// be the master tomorrow, with its own bound.
func unbounded(nodes map[string]node) []string {
	var without []string
	for _, address := range slices.Sorted(maps.Keys(nodes)) {
		if nodes[address]["maxmemory"] == "0" {
			without = append(without, address)
		}
	}
	return without
}

func (n node) number(name string) int64 {
	number, err := strconv.ParseInt(n[name], 10, 64)
	if err != nil {
		return 0
	}
	return number
}

// nodes asks each node about its memory and its part.
func (s *Store) nodes(ctx context.Context) (map[string]node, error) {
	clients := s.client.Nodes()
	if len(clients) == 0 {
		return nil, errNoNode
	}
	all := make(map[string]node, len(clients))
	for address, client := range clients {
		said := node{}
		for _, part := range []string{"memory", "replication"} {
			info, err := client.Do(ctx, client.B().Info().Section(part).Build()).ToString()
			if err != nil {
				return nil, explain("asking "+address, err)
			}
			for line := range strings.Lines(info) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
				said[name] = value
			}
		}
		all[address] = said
	}
	return all, nil
}
