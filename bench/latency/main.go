// Command latency measures the account page's query while every API takes 100 ms, and counts the calls that each API
// gets:
//
//	go run ./bench/latency
//
// The query's longest chain is four calls deep (the customer, her orders, their shipments, the shipments' tracking), so no
// gateway can answer it in less than four times an API's latency. It fails if an API gets more calls than the fewest; that
// the latency's target is missed is said in the table alone, since it depends on the machine's other work.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"vestibule.example/bench/rig"
)

const (
	depth = 4
	// allowedShare and allowed are what the gateway may add to the floor: whichever is more.
	allowedShare = 0.05
	allowed      = 2 * time.Millisecond
	// mostTime bounds one measurement.
	mostTime = 2 * time.Minute
)

// fewest is what batching allows: see TestAccountPageMakesTheFewestCalls. The catalogue is public, so that calls of it
// that are under way at once are shared among users.
var fewest = [...]struct {
	api    string
	calls  int64
	shared bool
}{{"accounts", 4, false}, {"catalog", 2, true}, {"orders", 1, false}, {"shipping", 2, false}}

func main() {
	rig.Serve(map[string]rig.Role{rig.RoleWorld: rig.PlayWorld})
	latency := flag.Duration("latency", 100*time.Millisecond, "what each call of an API takes")
	rounds := flag.Int("rounds", 20, "queries per user")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *latency, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "latency:", err)
		os.Exit(1)
	}
}

// bench is the gateway under measure and who is signed in.
type bench struct {
	world   *rig.World
	outside *rig.Process
	gateway *rig.Gateway
	asks    []*rig.Ask
}

func run(ctx context.Context, latency time.Duration, rounds int) (err error) {
	r, err := rig.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	b, err := start(ctx, r, 100)
	if err != nil {
		return err
	}
	floor := depth * latency
	target := floor + max(allowed, time.Duration(allowedShare*float64(floor)))
	fmt.Printf("%s; every API takes %s; floor %d × %s = %s, target %s\n\n", rig.Machine(), latency, depth, latency, floor, target)
	fmt.Println("| users | begin | queries | p50 | p99 | p50 in target | p99 in target | gateway's CPU per query | APIs' CPU per query | calls per query: accounts, catalog, orders, shipping |")
	fmt.Println("|---:|---|---:|---:|---:|---|---|---:|---:|---|")
	for _, row := range []struct {
		users  int
		spread time.Duration
		begin  string
	}{{1, 0, "at once"}, {10, 0, "at once"}, {10, floor, "spread"}, {100, 0, "at once"}, {100, floor, "spread"}} {
		m, err := b.measure(ctx, row.users, rounds, latency, row.spread)
		if err != nil {
			return err
		}
		p50, p99 := m.Quantile(0.5), m.Quantile(0.99)
		fmt.Printf("| %d | %s | %d | %s | %s | %s | %s | %.2f ms | %.2f ms | %s |\n", row.users, row.begin, m.Requests,
			over(p50, floor), over(p99, floor), verdict(p50, target), verdict(p99, target), m.gateway, m.outside, strings.Join(m.calls, ", "))
	}
	return nil
}

func start(ctx context.Context, r *rig.Rig, users int) (*bench, error) {
	b := &bench{}
	var err error
	if b.world, b.outside, err = r.StartWorld(ctx, rig.WorldOrder{TokenLife: 2 * time.Hour}); err != nil {
		return nil, err
	}
	binary, err := r.Build(ctx)
	if err != nil {
		return nil, err
	}
	if b.gateway, err = r.StartGateway(ctx, "gateway", binary, b.world, rig.PublicURL); err != nil {
		return nil, err
	}
	people, err := b.world.SignIn(ctx, rig.PublicURL, b.gateway.Address, users)
	if err != nil {
		return nil, err
	}
	query, err := json.Marshal(map[string]string{"query": rig.AccountPage})
	if err != nil {
		return nil, err
	}
	for _, u := range people {
		ask := u.Ask("/graphql", query)
		if ask.Want, err = rig.Once(ctx, b.gateway.Address, ask.Wire); err != nil {
			return nil, err
		}
		b.asks = append(b.asks, ask)
	}
	return b, nil
}

// measured is one row; the CPU figures are in milliseconds.
type measured struct {
	rig.Figures
	gateway, outside float64
	calls            []string
}

// measure lets users ask rounds times each. Those who begin at once stay in step, since all wait equally long: the gateway
// then has all their work at the same moments and none between. Those whose begin is spread are as independent as people.
func (b *bench) measure(ctx context.Context, users, rounds int, latency, spread time.Duration) (m measured, err error) {
	// One round opens the connections.
	if m.Figures, err = b.load(ctx, users, 1, spread); err != nil {
		return m, err
	}
	if err := b.world.Reset(ctx, latency); err != nil {
		return m, err
	}
	before, err := usages(b.gateway.Process, b.outside)
	if err != nil {
		return m, err
	}
	if m.Figures, err = b.load(ctx, users, rounds, spread); err != nil {
		return m, err
	}
	after, err := usages(b.gateway.Process, b.outside)
	if err != nil {
		return m, err
	}
	m.gateway, m.outside = (after[0]-before[0])/float64(m.Requests), (after[1]-before[1])/float64(m.Requests)
	counts, err := b.world.Counts(ctx)
	if err != nil {
		return m, err
	}
	for _, api := range fewest {
		calls, most := counts.Calls[api.api], api.calls*int64(m.Requests)
		m.calls = append(m.calls, fmt.Sprintf("%.2f", float64(calls)/float64(m.Requests)))
		if calls > most || calls < most && !api.shared {
			return m, fmt.Errorf("%s got %d calls for %d queries, want %d each", api.api, calls, m.Requests, api.calls)
		}
	}
	return m, b.world.Reset(ctx, 0)
}

func (b *bench) load(ctx context.Context, users, rounds int, spread time.Duration) (rig.Figures, error) {
	return rig.Load{
		Address: b.gateway.Address, Connections: users, For: mostTime, Most: users * rounds, Spread: spread, Asks: b.asks[:users],
	}.Run(ctx)
}

func usages(processes ...*rig.Process) ([]float64, error) {
	out := make([]float64, len(processes))
	for i, p := range processes {
		u, err := p.Usage()
		if err != nil {
			return nil, err
		}
		out[i] = milliseconds(u.CPU)
	}
	return out, nil
}

func over(d, floor time.Duration) string {
	return fmt.Sprintf("%.1f ms (%+.1f)", milliseconds(d), milliseconds(d-floor))
}

func verdict(d, target time.Duration) string {
	if d <= target {
		return "yes"
	}
	return fmt.Sprintf("no, by %.1f ms", milliseconds(d-target))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
