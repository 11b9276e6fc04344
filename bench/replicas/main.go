// Command replicas runs three gateways over one redis-server behind a TCP load balancer without stickiness, with people
// signed in whose tokens are short-lived and whose refresh tokens rotate with reuse detection. Replicas are killed (-9) and
// started anew one after the other, the redis-server is restarted, and all replicas are replaced as in a rolling deploy:
//
//	go run ./bench/replicas
//
// It fails if anybody gets a wrong answer, if the sessions that were lost are others than those whose refresh the provider
// had answered and whose replica was killed before it stored the answer, if a lease is not taken over in time, if the
// restart of the redis-server costs more than three seconds, or if the rolling deploy costs anything at all. It needs Linux
// and Debian's package redis-server.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"vestibule.example/bench/rig"
)

const (
	// tokenTimeout is the gateway's for a token call; the lease of a dead replica is taken over within so long and grace.
	tokenTimeout = 10 * time.Second
	grace        = 2 * time.Second
	// maxOutage is what a restart of the redis-server may cost.
	maxOutage = 3 * time.Second
)

func main() {
	rig.Serve(map[string]rig.Role{rig.RoleWorld: rig.PlayWorld})
	o := options{}
	flag.IntVar(&o.people, "users", 200, "people signed in")
	flag.DurationVar(&o.tokenLife, "token", 8*time.Second, "lifetime of access tokens; each is refreshed at three quarters of it")
	flag.DurationVar(&o.think, "think", time.Second, "how long a person waits between two requests, about")
	flag.DurationVar(&o.drip, "drip", 4*time.Millisecond, "the provider's pause after every 64 bytes of a token answer, so that kills meet answers under way")
	flag.DurationVar(&o.pause, "pause", 5*time.Second, "how long the run goes on between two events")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each replica is killed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "replicas:", err)
		os.Exit(1)
	}
}

// bench runs it all, prints, and judges what a test must not: how long things took.
func bench(ctx context.Context, o options) error {
	fmt.Printf("%s; %d people, tokens of %s, three replicas, redis-server with appendfsync always\n\n", rig.Machine(), o.people, o.tokenLife)
	got, err := run(ctx, o, os.Stdout)
	if err != nil {
		return err
	}
	fmt.Printf("\nlongest wait for a dead replica's lease: %.1f s; answers of 503 while the redis-server restarted: within %.1f s\n", got.takeover.Seconds(), got.outage.Seconds())
	fmt.Printf("starts of a replica until ready, the first three before anybody asks: %s\n", durations(got.starts))
	errs := []error{got.judge()}
	if got.takeover > tokenTimeout+grace {
		errs = append(errs, fmt.Errorf("a lease was taken over after %s", got.takeover))
	}
	if got.outage > maxOutage {
		errs = append(errs, fmt.Errorf("the restart of the redis-server cost %s of 503", got.outage))
	}
	return errors.Join(errs...)
}
