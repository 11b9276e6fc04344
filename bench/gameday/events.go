package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// events are what goes wrong with the replicas, one after the other.
func (d *day) events() []event {
	const (
		storeFails   = `vestibule_store_call_duration_seconds_count outcome="error"`
		noTokens     = `vestibule_token_request_duration_seconds_count outcome="unavailable"`
		badTokens    = `vestibule_token_request_duration_seconds_count outcome="invalid_id_token"`
		ordersFail   = `vestibule_graphql_field_errors_total{api="orders"`
		shippingFail = `vestibule_graphql_field_errors_total{api="shipping"`
	)
	return []event{
		{name: "nothing", do: d.calm, quiet: true},
		{name: "each replica is killed (-9), another takes its place", do: d.killAll, mayLose: true},
		{name: "the redis-server is restarted", do: d.restartRedis},
		{name: "the redis-server is away", do: d.stopRedis, tells: []string{storeFails}, logs: []string{`.`}},
		{name: "the redis-server is away while tokens are refreshed", do: d.stopRedisInRefreshes, tells: []string{storeFails}},
		{name: "the redis-server hangs while tokens are refreshed", do: d.hangRedisInRefreshes, tells: []string{storeFails}},
		{name: "the redis-server is well again", do: d.calm, quiet: true},
		{name: fmt.Sprintf("the identity provider is away for %s", d.o.providerAway), do: d.fault(d.o.providerAway, `{"target":"provider","drop":true}`),
			tells: []string{noTokens}, logs: []string{`audit refresh_failed`}},
		{name: "the identity provider is back", do: d.calm},
		{name: "the identity provider hangs", do: d.fault(d.o.event, `{"target":"provider","hang":true}`)},
		{name: "it answers again", do: d.calm},
		{name: "the identity provider signs with a new key", do: d.rotateKeys, quiet: true, tells: []string{`vestibule_session_starts_total`}},
		{name: "clocks are 20 s apart, within the leeway", do: d.skew(20 * time.Second), quiet: true},
		{name: "clocks are 10 min apart", do: d.skew(10 * time.Minute), refuses: true, tells: []string{badTokens}, logs: []string{`audit refresh_failed`}},
		{name: "clocks agree again", do: d.calm},
		{name: "the orders API hangs", do: d.fault(d.o.event, `{"target":"orders","hang":true}`), tells: []string{ordersFail, `vestibule_api_failures_total{api="orders"`}, logs: []string{`left alone`}},
		{name: "the shipping API talks garbage", do: d.fault(d.o.event, `{"target":"shipping","garbage":true}`), tells: []string{shippingFail}, logs: []string{`UPSTREAM_INVALID`}},
		{name: "the catalog API takes 400 ms more", do: d.fault(d.o.event, `{"target":"catalog","latency":"400ms"}`), quiet: true},
		{name: "everything is well again", do: d.calm},
		{name: "a rolling deploy", do: d.roll, quiet: true},
	}
}

func (d *day) calm(ctx context.Context) error {
	pause(ctx, d.o.event)
	return nil
}

// killAll kills one replica after the other and starts another in its place.
func (d *day) killAll(ctx context.Context) error {
	d.gateways = slices.Clone(d.gateways)
	for i, g := range d.gateways {
		g.Kill()
		d.balancer.Remove(g)
		pause(ctx, time.Second)
		var err error
		if d.gateways[i], err = d.newGateway(ctx); err != nil {
			return err
		}
		pause(ctx, d.o.event/replicas)
	}
	return nil
}

func (d *day) restartRedis(ctx context.Context) error {
	if err := d.redis.Terminate(); err != nil {
		return err
	}
	if err := d.redis.Start(ctx); err != nil {
		return err
	}
	return d.calm(ctx)
}

func (d *day) stopRedis(ctx context.Context) error {
	if err := d.redis.Terminate(); err != nil {
		return err
	}
	pause(ctx, d.o.event/2)
	if err := d.redis.Start(ctx); err != nil {
		return err
	}
	pause(ctx, d.o.event/2)
	return nil
}

// stopRedisInRefreshes stops Redis when the first of many refreshes is done: the provider's answers to the others meet a store that is away.
func (d *day) stopRedisInRefreshes(ctx context.Context) error {
	return d.inRefreshes(ctx, func() error {
		if err := d.redis.Terminate(); err != nil {
			return err
		}
		pause(ctx, 2*d.o.event)
		return d.redis.Start(ctx)
	})
}

// hangRedisInRefreshes lets Redis hang there. What it was sent meanwhile it does when it goes on, though nobody waits for it any more.
func (d *day) hangRedisInRefreshes(ctx context.Context) error {
	return d.inRefreshes(ctx, func() error {
		if err := d.redis.Hang(); err != nil {
			return err
		}
		pause(ctx, d.o.event)
		return d.redis.GoOn()
	})
}

// inRefreshes makes the provider slow, and does something when the first of many refreshes is done.
func (d *day) inRefreshes(ctx context.Context, do func() error) error {
	if err := d.world.Fault(ctx, `{"target":"provider","latency":"1s"}`); err != nil {
		return err
	}
	before := d.refreshes(ctx)
	for ctx.Err() == nil && d.refreshes(ctx) == before {
		pause(ctx, 20*time.Millisecond)
	}
	if err := do(); err != nil {
		return err
	}
	pause(ctx, d.o.event/2)
	return d.world.ClearFaults(ctx)
}

// refreshes is how many the replicas have made.
func (d *day) refreshes(ctx context.Context) (n float64) {
	for _, g := range d.gateways {
		for series, v := range metricsOf(ctx, g) {
			if strings.HasPrefix(series, `vestibule_token_request_duration_seconds_count{grant="refresh_token"`) {
				n += v
			}
		}
	}
	return n
}

// fault sets one of the world's faults for a while.
func (d *day) fault(length time.Duration, rule string) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := d.world.Fault(ctx, rule); err != nil {
			return err
		}
		pause(ctx, length)
		return d.world.ClearFaults(ctx)
	}
}

// rotateKeys lets the provider sign with a new key, and somebody sign in afterwards.
func (d *day) rotateKeys(ctx context.Context) error {
	if err := d.world.RotateKeys(ctx); err != nil {
		return err
	}
	p, err := newPerson(ctx, d.world.Customers()[0], d.public())
	if err != nil {
		return fmt.Errorf("a sign-in after it: %w", err)
	}
	p.visitor.Close()
	return d.calm(ctx)
}

// skew sets the clocks of the provider and the APIs ahead for a while.
func (d *day) skew(by time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := d.world.Skew(ctx, by); err != nil {
			return err
		}
		if err := d.calm(ctx); err != nil {
			return err
		}
		return d.world.Skew(ctx, 0)
	}
}

// roll replaces each replica as a rolling deploy does: the new one is ready before the old one is told to stop.
func (d *day) roll(ctx context.Context) error {
	d.gateways = slices.Clone(d.gateways)
	for i, old := range d.gateways {
		var err error
		if d.gateways[i], err = d.newGateway(ctx); err != nil {
			return err
		}
		if err := old.Terminate(); err != nil {
			return err
		}
		d.balancer.Remove(old)
	}
	pause(ctx, d.o.event/2)
	return nil
}
