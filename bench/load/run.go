package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"vestibule.example/bench/rig"
)

const (
	replicas = 3
	// usual is how many ask at once while sessions grow.
	usual = 64
)

// bench is everything that runs.
type bench struct {
	o        options
	out      io.Writer
	rig      *rig.Rig
	world    *rig.World
	outside  *rig.Process
	redis    *redis
	gateways *target
	limit    *target
}

func run(ctx context.Context, o options, out io.Writer) (err error) {
	r, err := rig.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	b := &bench{o: o, out: out, rig: r}
	if err := b.start(ctx); err != nil {
		return err
	}
	defer b.redis.close()
	fmt.Fprintf(out, "%s; three replicas, redis-server with appendfsync always, %d rounds of %s\n", rig.Machine(), o.rounds, o.length)
	grown, err := b.growSessions(ctx)
	if err != nil {
		return err
	}
	crowded, err := b.growConnections(ctx)
	if err != nil {
		return err
	}
	return report(out, grown, crowded)
}

// start starts it all: the limit is bench/limit's, in a process of its own.
func (b *bench) start(ctx context.Context) error {
	var err error
	server, err := b.rig.StartRedis(ctx)
	if err != nil {
		return err
	}
	if b.redis, err = watchRedis(server); err != nil {
		return err
	}
	if b.world, b.outside, err = b.rig.StartWorld(ctx, rig.WorldOrder{TokenLife: 4 * time.Hour}); err != nil {
		return err
	}
	var at struct{ Address string }
	process, err := b.rig.Other(ctx, "./bench/limit", "min", "target", map[string]any{"Kind": "min", "World": b.world}, &at)
	if err != nil {
		return err
	}
	b.limit = &target{name: "min", path: "/account", addresses: []string{at.Address}, processes: []*rig.Process{process}}
	binary, err := b.rig.Build(ctx)
	if err != nil {
		return err
	}
	env := append(b.redis.Sessions(), "VESTIBULE_SERVER_DRAIN_DELAY=0s")
	b.gateways = &target{name: "gateway", path: "/graphql", redis: b.redis}
	for i := range replicas {
		g, err := b.rig.StartGateway(ctx, fmt.Sprint("gateway", i+1), binary, b.world, rig.PublicURL, env...)
		if err != nil {
			return err
		}
		b.gateways.addresses, b.gateways.processes = append(b.gateways.addresses, g.Address), append(b.gateways.processes, g.Process)
	}
	return nil
}

// growSessions measures with more and more sessions, of which the usual number asks at once.
func (b *bench) growSessions(ctx context.Context) ([]pair, error) {
	var all []pair
	for _, n := range b.o.sessions {
		p, err := b.compare(ctx, n, min(n, usual))
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// growConnections measures with more and more who ask at once, of the sessions that there are.
func (b *bench) growConnections(ctx context.Context) ([]pair, error) {
	var all []pair
	for _, c := range b.o.connections {
		p, err := b.compare(ctx, max(len(b.gateways.asks), c), c)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// compare measures both, in turn.
func (b *bench) compare(ctx context.Context, sessions, connections int) (pair, error) {
	p := pair{sessions: sessions, connections: connections}
	if err := b.gateways.grow(ctx, b.world, sessions); err != nil {
		return p, err
	}
	if err := b.limit.grow(ctx, b.world, connections); err != nil {
		return p, err
	}
	if err := b.world.Reset(ctx, 0); err != nil {
		return p, err
	}
	for range b.o.rounds {
		for _, t := range []*target{b.limit, b.gateways} {
			f, err := t.measure(ctx, connections, b.o.length)
			if err != nil {
				return p, err
			}
			if t == b.limit {
				p.min = append(p.min, f)
			} else {
				p.gateway = append(p.gateway, f)
			}
		}
		if err := b.outside.DropLog(); err != nil {
			return p, err
		}
	}
	return p, nil
}

// target is what answers, at one address or several.
type target struct {
	name, path string
	addresses  []string
	processes  []*rig.Process
	redis      *redis // nil: it has none
	users      []*rig.User
	asks       []*rig.Ask
	want       map[string][]byte // by user
}

// grow signs people in until there are n, at each address as many.
func (t *target) grow(ctx context.Context, w *rig.World, n int) error {
	body, err := json.Marshal(map[string]string{"query": rig.AccountPage})
	if err != nil {
		return err
	}
	for len(t.users) < n {
		some, err := w.SignIn(ctx, rig.PublicURL, t.addresses[len(t.users)%len(t.addresses)], min(n-len(t.users), 50))
		if err != nil {
			return err
		}
		t.users = append(t.users, some...)
	}
	for _, u := range t.users[len(t.asks):] {
		ask := u.Ask(t.path, body)
		u.Visitor.Close()
		if t.want == nil {
			t.want = map[string][]byte{}
		}
		if t.want[u.Name] == nil {
			if t.want[u.Name], err = rig.Once(ctx, t.addresses[0], ask.Wire); err != nil {
				return err
			}
		}
		ask.Want = t.want[u.Name]
		t.asks = append(t.asks, ask)
	}
	return nil
}

// figures are one measurement's.
type figures struct {
	rig.Figures
	cpu, redisCPU float64 // per request, in microseconds
	commands      float64 // of the redis-server, per request
	rss           int64   // of a process, on average
	redisMemory   int64
}

// measure drives the target for a while, each address with its share. No two requests under way are one person's.
func (t *target) measure(ctx context.Context, connections int, length time.Duration) (figures, error) {
	before, err := t.usage()
	if err != nil {
		return figures{}, err
	}
	parts := make([]rig.Load, len(t.addresses))
	for i, address := range t.addresses {
		parts[i] = rig.Load{Address: address, For: length}
	}
	for i := range connections {
		parts[i%len(parts)].Connections++
	}
	parts = slices.DeleteFunc(parts, func(l rig.Load) bool { return l.Connections == 0 })
	for i, ask := range t.asks {
		parts[i%len(parts)].Asks = append(parts[i%len(parts)].Asks, ask)
	}
	f, err := drive(ctx, parts)
	if err != nil {
		return f, fmt.Errorf("%s: %w", t.name, err)
	}
	after, err := t.usage()
	if err != nil {
		return f, err
	}
	n := float64(f.Requests)
	f.cpu = float64((after.cpu - before.cpu).Microseconds()) / n
	f.redisCPU = float64((after.redisCPU - before.redisCPU).Microseconds()) / n
	f.commands = float64(after.commands-before.commands) / n
	f.rss, f.redisMemory = after.rss/int64(len(t.processes)), after.redisMemory
	for _, p := range t.processes {
		if err := p.DropLog(); err != nil {
			return f, err
		}
	}
	return f, nil
}
