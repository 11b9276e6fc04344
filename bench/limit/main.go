// Command limit compares the gateway with the physical limit: a hand-written net/http handler that makes the very same
// calls at the same time and writes the same JSON without GraphQL.
//
//	go run ./bench/limit
//
// bench/README.md says what the targets and the figures are. Each target is a process of its own, and so is the outside
// world; rounds are interleaved, so that what disturbs the machine disturbs all targets alike; every answer is checked,
// and the first wrong one ends the run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"vestibule.example/bench/rig"
)

// settings are the command's flags.
type settings struct {
	scenarios, targets []string
	rounds             int
	length, warmUp     time.Duration
	connections, users int
	profiles           string
}

func main() {
	rig.Serve(map[string]rig.Role{rig.RoleWorld: rig.PlayWorld, roleTarget: playTarget})
	var s settings
	var names []string
	for _, sc := range scenarios() {
		names = append(names, sc.name)
	}
	wanted := flag.String("scenarios", strings.Join(names, ","), "which queries")
	targets := flag.String("targets", "min,min+,engine,gqlgen,plan,gateway", "which targets; min is always measured; yoga and mercurius are there too, with npm ci --prefix bench/limit/peers, and min-bare, min+-bare, engine-bare, gqlgen-bare and plan-bare, to compare with them")
	flag.IntVar(&s.rounds, "rounds", 5, "how often each target is measured, in turn with the others")
	flag.DurationVar(&s.length, "for", 3*time.Second, "how long one measurement takes")
	flag.DurationVar(&s.warmUp, "warm-up", 2*time.Second, "how long each target runs before the first")
	flag.IntVar(&s.connections, "connections", 64, "connections of the load generator")
	flag.IntVar(&s.users, "users", 128, "people signed in at each target; a multiple of the connections, so that no user asks twice at once")
	flag.StringVar(&s.profiles, "profiles", "", "directory for a CPU profile of each target; the gateway's are of a further measurement of each scenario")
	flag.Parse()
	s.scenarios, s.targets = strings.Split(*wanted, ","), strings.Split(*targets, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "limit:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	if s.connections < 1 || s.users < 1 || s.users%s.connections != 0 || s.rounds < 1 {
		return fmt.Errorf("%d users are no multiple of %d connections, or there is no round", s.users, s.connections)
	}
	r, err := rig.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	world, outside, err := r.StartWorld(ctx, rig.WorldOrder{TokenLife: 2 * time.Hour})
	if err != nil {
		return err
	}
	contenders, err := start(ctx, r, world, s)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %d connections, %d users with a session and a token each, %d rounds of %s\n", rig.Machine(), s.connections, s.users, s.rounds, s.length)
	for _, sc := range scenarios() {
		if !slices.Contains(s.scenarios, sc.name) {
			continue
		}
		var taking []*contender
		for _, c := range contenders {
			if sc.takes(c.name) {
				taking = append(taking, c)
			}
		}
		if err := compare(ctx, world, outside, sc, taking, s); err != nil {
			return err
		}
	}
	return nil
}

// start starts the targets, the limit first, and signs everybody in.
func start(ctx context.Context, r *rig.Rig, world *rig.World, s settings) ([]*contender, error) {
	names := append([]string{"min"}, slices.DeleteFunc(s.targets, func(name string) bool { return name == "min" })...)
	var contenders []*contender
	for _, name := range names {
		c := &contender{name: name}
		if isPeer(name) {
			if err := c.startPeer(ctx, r, world, contenders[0].address, s.users); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			contenders = append(contenders, c)
			continue
		}
		if name == "gateway" {
			binary, err := r.Build(ctx)
			if err != nil {
				return nil, err
			}
			g, err := r.StartGateway(ctx, name, binary, world, rig.PublicURL, fmt.Sprintf("VESTIBULE_SERVER_PROFILES=%t", s.profiles != ""))
			if err != nil {
				return nil, err
			}
			c.process, c.address, c.admin = g.Process, g.Address, g.Admin
		} else {
			o := order{Kind: name, World: world}
			if s.profiles != "" {
				o.Profile = filepath.Join(s.profiles, name+".pprof")
			}
			var t target
			var err error
			if c.process, err = r.Self(ctx, name, roleTarget, o, &t); err != nil {
				return nil, err
			}
			c.address = t.Address
		}
		var err error
		if isBare(name) {
			err = c.bringTokens(ctx, world, contenders[0].address, s.users)
		} else {
			c.users, err = world.SignIn(ctx, rig.PublicURL, c.address, s.users)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		contenders = append(contenders, c)
	}
	return contenders, nil
}

// compare measures one scenario and prints its table.
func compare(ctx context.Context, world *rig.World, outside *rig.Process, sc scenario, contenders []*contender, s settings) error {
	if err := world.Reset(ctx, 0); err != nil {
		return err
	}
	for _, c := range contenders {
		if err := sc.learn(ctx, c, contenders[0]); err != nil {
			return err
		}
	}
	for _, c := range contenders {
		if _, err := sc.measure(ctx, world, c, s.connections, s.warmUp); err != nil {
			return err
		}
	}
	rounds := make([][]figures, len(contenders))
	for round := range s.rounds {
		for i := range contenders {
			i = (i + round) % len(contenders)
			f, err := sc.measure(ctx, world, contenders[i], s.connections, s.length)
			if err != nil {
				return err
			}
			rounds[i] = append(rounds[i], f)
		}
		if err := outside.DropLog(); err != nil {
			return err
		}
	}
	report(os.Stdout, sc, contenders, rounds)
	for _, c := range contenders {
		if s.profiles == "" || c.admin == "" {
			continue
		}
		if err := sc.profile(ctx, world, c, s); err != nil {
			return err
		}
	}
	runtime.GC() // what the last scenario kept is not the next one's to clean
	return nil
}
