// Command chaos makes each API in turn slow, failing, hanging, dropping connections and talking garbage, while people go on
// asking for the fields of all of them:
//
//	go run ./bench/chaos
//
// It fails if a field of an API that is well has an error or another answer than it must, if somebody gets what is not
// hers, if the gateway does not recover within a minute, or if it ends. Latencies and what the gateway holds are printed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"vestibule.example/bench/rig"
)

const (
	// users are signed in; each of the four kinds of query has as many connections, one user's each.
	users = 8
	// recovery bounds how long the gateway may take to be well after its APIs are.
	recovery = time.Minute
	// apiTimeout is the gateway's for each call, short so that what hangs is noticed within a phase.
	apiTimeout = time.Second
	// breakerWindow and breakerOpen are the gateway's too, short for the same reason: a breaker opens when half of the
	// attempts in its window failed, those before the trouble among them.
	breakerWindow, breakerOpen = 2 * time.Second, time.Second
	// breakerFailures is what eight connections of one kind reach when every call hangs until its timeout.
	breakerFailures = 10
)

var errNotWell = errors.New("the gateway was not well again in time")

// kind is a query whose fields need some of the APIs.
type kind struct {
	name, query string
	needs       []string
}

func kinds() []kind {
	return []kind{
		{"accounts", `{ me { id name addresses { id city } } }`, []string{"accounts"}},
		{"catalog", `{ categories { id name } products(first: 5) { edges { node { id name } } } }`, []string{"catalog"}},
		{"orders", `{ orders(first: 3) { totalCount edges { node { id total } } } }`, []string{"orders"}},
		{"shipping", `{ orders(first: 3) { edges { node { id shipments { id tracking { description } } } } } }`, []string{"orders", "shipping"}},
	}
}

// trouble is one way of being unwell, as the demo's fault takes it.
type trouble struct{ name, rule string }

func troubles() []trouble {
	return []trouble{
		{"slow", `"latency":"800ms"`}, {"failing", `"status":503`}, {"hanging", `"hang":true`}, {"dropping", `"drop":true`}, {"garbage", `"garbage":true`},
	}
}

func main() {
	rig.Serve(map[string]rig.Role{rig.RoleWorld: rig.PlayWorld})
	phase := flag.Duration("phase", 5*time.Second, "how long each API has each trouble")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *phase); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, phase time.Duration) (err error) {
	r, err := rig.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	c, err := start(ctx, r)
	if err != nil {
		return err
	}
	fmt.Printf("%s; each API's calls end after %s; %d connections for each kind of query; every trouble lasts %s\n\n", rig.Machine(), apiTimeout, users, phase)
	fmt.Println("| API | trouble | its own fields: answers/s, with errors, p50 | codes | others' p50, p99, then, to before | breaker opened, closed | well after | RSS MiB | open files | goroutines |")
	fmt.Println("|---|---|---|---|---|---|---:|---:|---:|---:|")
	calm, err := c.drive(ctx, phase, "")
	if err != nil {
		return err
	}
	c.row(ctx, "none", "none", "", calm, calm, 0)
	for _, k := range kinds() {
		for _, t := range troubles() {
			if err := c.suffer(ctx, k.name, t, phase, calm); err != nil {
				return err
			}
		}
	}
	after, err := c.drive(ctx, phase, "")
	if err != nil {
		return err
	}
	c.row(ctx, "none", "none, at the end", "", after, calm, 0)
	return nil
}

// suffer gives an API a trouble, lets people ask meanwhile, and waits until all is well again.
func (c *chaos) suffer(ctx context.Context, api string, t trouble, phase time.Duration, calm map[string]*outcome) error {
	if err := c.gateway.DropLog(); err != nil {
		return err
	}
	if err := c.world.Fault(ctx, fmt.Sprintf(`{"target":%q,%s}`, api, t.rule)); err != nil {
		return err
	}
	got, err := c.drive(ctx, phase, api)
	if err != nil {
		return fmt.Errorf("while %s was %s: %w", api, t.name, err)
	}
	if err := c.world.ClearFaults(ctx); err != nil {
		return err
	}
	well, err := c.recover(ctx, api)
	if err != nil {
		return fmt.Errorf("after %s was %s: %w", api, t.name, err)
	}
	c.row(ctx, api, t.name, api, got, calm, well)
	return nil
}

// recover asks for everything until nothing fails any more and the API's breaker has closed, and says how long that took.
func (c *chaos) recover(ctx context.Context, api string) (time.Duration, error) {
	begin := time.Now()
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	for time.Since(begin) < recovery {
		well := true
		for _, k := range kinds() {
			body, err := rig.Once(ctx, c.gateway.Address, c.asks[k.name][0].Wire)
			if err != nil {
				return 0, err
			}
			well = well && rig.EqualJSON(body, c.want[k.name][0])
		}
		if _, _, open := c.breaker(api); well && !open {
			return time.Since(begin), nil
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return 0, errNotWell
}

// row prints what came of one phase.
func (c *chaos) row(ctx context.Context, api, name, ill string, got, calm map[string]*outcome, well time.Duration) {
	own, codes := "", map[string]int{}
	var others []string
	for _, k := range kinds() {
		o := got[k.name]
		if slices.Contains(k.needs, ill) {
			own += fmt.Sprintf("%s %.0f, %.0f %%, %s; ", k.name, o.PerSecond(), 100*float64(o.failed)/float64(max(o.Requests, 1)), short(o.Quantile(0.5)))
			for code, n := range o.codes {
				codes[code] += n
			}
			continue
		}
		before := calm[k.name]
		others = append(others, fmt.Sprintf("%s %s, %s (%.1f, %.1f)", k.name, short(o.Quantile(0.5)), short(o.Quantile(0.99)),
			ratio(o.Quantile(0.5), before.Quantile(0.5)), ratio(o.Quantile(0.99), before.Quantile(0.99))))
	}
	var said []string
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		said = append(said, fmt.Sprintf("%s %d", code, codes[code]))
	}
	opened, closed, _ := c.breaker(api)
	usage, err := c.gateway.Usage()
	if err != nil {
		usage = rig.Usage{} // it has ended, and whoever asks next is told
	}
	goroutines := "-"
	if n, err := c.gateway.Goroutines(ctx); err == nil {
		goroutines = fmt.Sprint(n)
	}
	fmt.Printf("| %s | %s | %s | %s | %s | %d, %d | %s | %.0f | %d | %s |\n", api, name, strings.TrimSuffix(own, "; "), strings.Join(said, ", "),
		strings.Join(others, "; "), opened, closed, short(well), float64(usage.RSS)/(1<<20), usage.Files, goroutines)
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(max(b, 1)) }

func short(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
