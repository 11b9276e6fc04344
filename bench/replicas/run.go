package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"vestibule.example/bench/rig"
)

const (
	replicas = 3
	// drainDelay is the gateways'; the balancer notices within rig's pause between two probes.
	drainDelay = time.Second
	// settling bounds how long is waited for what a kill left behind: a lease to run out and the next refresh to be refused.
	settling = 30 * time.Second
)

type options struct {
	people, rounds                int
	tokenLife, think, drip, pause time.Duration
}

// result is what came of a run.
type result struct {
	tally *tally
	// lost are the sessions that ended, windows those that a kill cost: the provider had answered their refresh, and nobody
	// stored it. By their sid.
	lost, windows map[string]bool
	// takeover is the longest that anybody was told to try again, outage how long the restart of the redis-server was noticed.
	takeover, outage time.Duration
	starts           []time.Duration // of each replica, until it was ready
}

// judge gives what is wrong beside how long things took.
func (r *result) judge() error {
	var errs []error
	for _, p := range r.tally.phases {
		if p.count[wrong] > 0 {
			errs = append(errs, fmt.Errorf("%s: %d wrong answers", p.name, p.count[wrong]))
		}
		if p.count[right] == 0 && p != r.tally.phases[0] {
			errs = append(errs, fmt.Errorf("%s: not one right answer", p.name))
		}
		if p.name == away && p.count[outage] == 0 {
			errs = append(errs, fmt.Errorf("%s: nobody was told", p.name))
		}
		if failed := p.count[again] + p.count[outage] + p.count[cut] + p.count[lost]; p.graceful() && failed > 0 {
			errs = append(errs, fmt.Errorf("%s: %d requests did not get their answer, or lost their session", p.name, failed))
		}
	}
	for _, text := range r.tally.wrongs {
		errs = append(errs, errors.New(text))
	}
	if !maps.Equal(r.lost, r.windows) {
		errs = append(errs, fmt.Errorf("lost were %v, and the kills explain %v", keys(r.lost), keys(r.windows)))
	}
	return errors.Join(errs...)
}

func keys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

const (
	calm    = "calm"
	rolling = "rolling deploy"
	redis   = "redis-server restarted"
	away    = "redis-server away"
	// awayFor is longer than a lookup waits, so that people are told.
	awayFor = 5 * time.Second
)

// graceful tells the phases in which nothing may be noticed at all.
func (p *phase) graceful() bool { return p.name == calm || p.name == rolling }

// cluster is everything that runs.
type cluster struct {
	o        options
	rig      *rig.Rig
	world    *rig.World
	redis    *rig.Redis
	balancer *rig.Balancer
	binary   string
	env      []string
	gateways []*rig.Gateway
	gaps     map[string]gap // as they were when they were last looked for, by sid
	result   *result
}

// run does it all and prints a row for each phase.
func run(ctx context.Context, o options, out io.Writer) (_ *result, err error) {
	r, err := rig.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	c := &cluster{o: o, rig: r, result: &result{tally: &tally{lostSID: map[string]bool{}}}}
	if err := c.start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.balancer.Close()) }()
	book, err := newLedger(c.redis.Address)
	if err != nil {
		return nil, err
	}
	defer book.client.Close()
	t := c.result.tally
	t.begin("signing in")
	people, err := signInAll(ctx, o, c.world, c.public(), t)
	if err != nil {
		return nil, err
	}
	following, leave := context.WithCancel(ctx)
	living, stop := context.WithCancel(ctx)
	var looking, all sync.WaitGroup
	defer looking.Wait()
	defer leave()
	defer all.Wait()
	defer stop()
	looking.Go(func() { book.follow(following) })
	for _, p := range people {
		all.Go(func() { p.live(living, o.think) })
	}
	fmt.Fprintln(out, header)
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{calm, func(ctx context.Context) error { pause(ctx, o.pause); return nil }},
		{"replicas killed", c.killAll},
		{"after the kills", func(ctx context.Context) error { return c.settle(ctx, people, book) }},
		{redis, c.restartRedis},
		{"after the restart", func(ctx context.Context) error { return c.settle(ctx, people, book) }},
		{away, c.stopRedis},
		{"after it was back", func(ctx context.Context) error { return c.settle(ctx, people, book) }},
		{rolling, c.roll},
	} {
		t.begin(step.name)
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
		t.row(out)
	}
	stop()
	all.Wait()
	if c.result.windows, err = c.closeBooks(ctx, people, book); err != nil {
		return nil, err
	}
	c.result.lost = t.losses()
	for _, p := range t.phases {
		if p.name == redis || p.name == "after the restart" {
			c.result.outage = max(c.result.outage, p.last.Sub(p.first))
		}
	}
	c.result.takeover = t.waits
	fmt.Fprintf(out, "\nrefreshes that the provider answered and nobody stored: %d; sessions lost: %d\n", len(c.result.windows), len(c.result.lost))
	return c.result, c.logoutEverywhere(ctx, people[0])
}

func (c *cluster) public() string { return "http://" + publicHost(c.balancer.Address) }

func (c *cluster) start(ctx context.Context) error {
	var err error
	if c.binary, err = c.rig.Build(ctx); err != nil {
		return err
	}
	if c.redis, err = c.rig.StartRedis(ctx); err != nil {
		return err
	}
	if c.balancer, err = rig.StartBalancer(ctx); err != nil {
		return err
	}
	if c.world, _, err = c.rig.StartWorld(ctx, rig.WorldOrder{TokenLife: c.o.tokenLife, Faults: true, PublicURL: c.public()}); err != nil {
		return err
	}
	if err := c.world.Fault(ctx, fmt.Sprintf(`{"target":"provider","pathPrefix":"/oauth/token","drip":%q}`, c.o.drip)); err != nil {
		return err
	}
	c.env = append(c.redis.Sessions(), "VESTIBULE_SESSION_CLAIMS=name,sid", "VESTIBULE_SERVER_DRAIN_DELAY="+drainDelay.String())
	for range replicas {
		g, err := c.newGateway(ctx)
		if err != nil {
			return err
		}
		c.gateways = append(c.gateways, g)
	}
	return nil
}

// newGateway starts a replica and puts it behind the balancer.
func (c *cluster) newGateway(ctx context.Context) (*rig.Gateway, error) {
	begin := time.Now()
	g, err := c.rig.StartGateway(ctx, fmt.Sprint("gateway", len(c.result.starts)), c.binary, c.world, c.public(), c.env...)
	if err != nil {
		return nil, err
	}
	c.result.starts = append(c.result.starts, time.Since(begin))
	c.balancer.Add(ctx, g)
	return g, nil
}

// killAll kills one replica after the other, each as often as was asked for, and starts another in its place.
func (c *cluster) killAll(ctx context.Context) error {
	for range c.o.rounds {
		for i, g := range c.gateways {
			g.Kill()
			c.balancer.Remove(g)
			pause(ctx, time.Second)
			var err error
			if c.gateways[i], err = c.newGateway(ctx); err != nil {
				return err
			}
			pause(ctx, c.o.pause)
		}
	}
	return nil
}

// restartRedis stops the redis-server in order and starts it again.
func (c *cluster) restartRedis(ctx context.Context) error {
	if err := c.redis.Terminate(); err != nil {
		return err
	}
	if err := c.redis.Start(ctx); err != nil {
		return err
	}
	pause(ctx, c.o.pause)
	return nil
}

// stopRedis takes the redis-server away for a while: every gateway must say that it is not ready, and why, and be ready by
// itself afterwards.
func (c *cluster) stopRedis(ctx context.Context) error {
	if err := c.redis.Terminate(); err != nil {
		return err
	}
	pause(ctx, awayFor)
	for _, g := range c.gateways {
		if err := g.Readiness(ctx); err == nil || !strings.Contains(err.Error(), "session.redis.addresses") {
			return fmt.Errorf("%s: without its store it says %v, want that it is not ready, and the key", g.Name, err) //nolint:errorlint // It may be none.
		}
	}
	if err := c.redis.Start(ctx); err != nil {
		return err
	}
	pause(ctx, c.o.pause)
	for _, g := range c.gateways {
		for until := time.Now().Add(settling); ; pause(ctx, lookEvery) {
			err := g.Readiness(ctx)
			if err == nil {
				break
			}
			if time.Now().After(until) || ctx.Err() != nil {
				return fmt.Errorf("%s: its store is back and it is not ready: %w", g.Name, err)
			}
		}
	}
	return nil
}

// roll replaces each replica as a rolling deploy does: the new one is ready before the old one is told to stop.
func (c *cluster) roll(ctx context.Context) error {
	for i, old := range c.gateways {
		var err error
		if c.gateways[i], err = c.newGateway(ctx); err != nil {
			return err
		}
		if err := old.Terminate(); err != nil {
			return err
		}
		c.balancer.Remove(old)
	}
	pause(ctx, c.o.pause)
	return nil
}
