// Command gameday lets go wrong what goes wrong in a year, within minutes and under load, and prints for each event what
// people saw, what the metrics and the log said, and what was lost:
//
//	make gameday
//
// Three replicas over one redis-server stand behind a TCP load balancer without stickiness; then a single gateway with its
// sessions in a file, on a disk that fills up. People are signed in, with tokens so short-lived that refreshes are always
// under way. It fails if anybody gets another's answer, if anybody is signed out by what should sign nobody out, or if the
// metrics or the log keep silent. It needs Linux, Debian's package redis-server, and, for the disk, the right to mount
// (root, or user namespaces); without it that event is left out, and said so.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"time"

	"vestibule.example/bench/rig"
)

// options are the command's flags.
type options struct {
	people                  int
	tokenLife, think, event time.Duration
	providerAway            time.Duration
	only                    *regexp.Regexp
}

func main() {
	rig.Serve(map[string]rig.Role{rig.RoleWorld: rig.PlayWorld})
	var o options
	flag.IntVar(&o.people, "users", 100, "people signed in")
	flag.DurationVar(&o.tokenLife, "token", time.Minute, "lifetime of access tokens; each is refreshed at three quarters of it")
	flag.DurationVar(&o.think, "think", 500*time.Millisecond, "how long a person waits between two requests, about")
	flag.DurationVar(&o.event, "event", 20*time.Second, "how long an event lasts that does not end by itself")
	flag.DurationVar(&o.providerAway, "provider", 5*time.Minute, "how long the identity provider is away")
	only := flag.String("only", "", "events whose names match this regular expression")
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		fmt.Fprintln(os.Stderr, "gameday: -only:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Printf("%s; %d people, tokens of %s, three replicas, redis-server with appendfsync always\n", rig.Machine(), o.people, o.tokenLife)
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gameday:", err)
		os.Exit(1)
	}
}
