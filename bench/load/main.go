// Command load measures what signed-in people cost: the account page of three replicas over a real redis-server, beside
// bench/limit's hand-written handler in the same run, with sessions from ten to ten thousand and from one to five hundred
// people who ask at once:
//
//	go run ./bench/load
//
// Rounds are interleaved, every answer is checked, and the first wrong one ends the run. At the end it fits the model of
// docs/capacity.md to the smaller numbers of sessions and says how far it is from the largest. It takes about ten minutes,
// and needs Linux and Debian's package redis-server.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"vestibule.example/bench/rig"
)

// options are the command's flags.
type options struct {
	sessions, connections []int
	rounds                int
	length                time.Duration
}

func main() {
	rig.Serve(map[string]rig.Role{rig.RoleWorld: rig.PlayWorld})
	var o options
	sessions := flag.String("sessions", "10,100,1000,10000", "numbers of sessions, growing; the last one tests the model of those before")
	connections := flag.String("connections", "1,8,64,250,500", "numbers of people who ask at once")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each is measured, in turn with the other")
	flag.DurationVar(&o.length, "for", 3*time.Second, "how long one measurement takes")
	flag.Parse()
	var err error
	if o.sessions, err = numbers(*sessions); err == nil {
		o.connections, err = numbers(*connections)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func numbers(list string) ([]int, error) {
	var out []int
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || len(out) > 0 && n <= out[len(out)-1] {
			return nil, fmt.Errorf("%q: want growing numbers, divided by commas", list)
		}
		out = append(out, n)
	}
	return out, nil
}
