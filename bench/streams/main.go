// Command streams opens many subscriptions at one gateway and tells what each costs:
//
//	go run ./bench/streams -streams 5000
//
// Each stream is a subscription over server-sent events to an order, which the gateway asks the orders API for every two
// seconds with its ETag, as the session's user. Then one person signs out: her streams must end within the bound, each with
// the code that says why, and nobody else's may.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	"vestibule.example/bench/rig"
	"vestibule.example/demo/visitor"
)

const (
	// perSession is how many streams a session may have open.
	perSession = 20
	// bound is within what a stream must end after the sign-out: streams that are not told look every fifteen seconds.
	bound = 15 * time.Second
	// opening is how many streams are being opened at once.
	opening = 32
	// settle is how long the streams stay open before they are measured, some polls of the API.
	settle = 20 * time.Second
)

func main() {
	rig.Serve(map[string]rig.Role{rig.RoleWorld: rig.PlayWorld})
	streams := flag.Int("streams", 5000, "open subscriptions")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *streams); err != nil {
		fmt.Fprintln(os.Stderr, "streams:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n int) (err error) {
	r, err := rig.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	world, outside, err := r.StartWorld(ctx, rig.WorldOrder{TokenLife: 5 * time.Minute})
	if err != nil {
		return err
	}
	binary, err := r.Build(ctx)
	if err != nil {
		return err
	}
	gateway, err := r.StartGateway(ctx, "gateway", binary, world, rig.PublicURL)
	if err != nil {
		return err
	}
	people, err := world.SignIn(ctx, rig.PublicURL, gateway.Address, (n+perSession-1)/perSession)
	if err != nil {
		return err
	}
	b := &bench{gateway: gateway, outside: outside, ended: make(chan ending, n)}
	before, err := b.measure(ctx, time.Second)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := b.open(ctx, people, n); err != nil {
		return err
	}
	took := time.Since(began)
	after, err := b.measure(ctx, settle)
	if err != nil {
		return err
	}
	fmt.Printf("%s; %d sessions, %d streams, opened in %s\n\n", rig.Machine(), len(people), n, took.Round(time.Millisecond))
	fmt.Println("| | RSS MiB | open files | CPU of the gateway | CPU of APIs and provider |\n|---|---:|---:|---:|---:|")
	for i, m := range []measured{before, after} {
		fmt.Printf("| %s | %.1f | %d | %.0f %% | %.0f %% |\n", []string{"before", "open"}[i], float64(m.usage.RSS)/(1<<20), m.usage.Files, m.gateway*100, m.outside*100)
	}
	fmt.Printf("\n%.1f KiB of memory for each stream\n", float64(after.usage.RSS-before.usage.RSS)/float64(n)/(1<<10))
	return b.signOut(ctx, people[0])
}

// bench is one run.
type bench struct {
	gateway *rig.Gateway
	outside *rig.Process
	ended   chan ending
	// wg are the streams' readers.
	wg sync.WaitGroup
}

// ending is the end of a stream.
type ending struct {
	who  *rig.User
	code string
	err  error
}

type measured struct {
	usage            rig.Usage
	gateway, outside float64 // share of one core
}

// measure looks for a while, and at the end of it.
func (b *bench) measure(ctx context.Context, during time.Duration) (measured, error) {
	first, err1 := b.gateway.Usage()
	there, err2 := b.outside.Usage()
	select {
	case <-time.After(during):
	case <-ctx.Done():
		return measured{}, ctx.Err()
	}
	last, err3 := b.gateway.Usage()
	thereToo, err4 := b.outside.Usage()
	return measured{last, (last.CPU - first.CPU).Seconds() / during.Seconds(), (thereToo.CPU - there.CPU).Seconds() / during.Seconds()},
		errors.Join(err1, err2, err3, err4)
}

// open begins n streams, each person's up to what a session may have, and waits for the first answer of each.
func (b *bench) open(ctx context.Context, people []*rig.User, n int) error {
	orders := map[string]string{}
	for _, p := range people {
		if orders[p.Name] == "" {
			id, err := openOrder(ctx, p.Visitor)
			if err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
			orders[p.Name] = id
		}
	}
	slots, errs := make(chan struct{}, opening), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		p := people[i/perSession]
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			errs[i] = b.watch(ctx, p, orders[p.Name])
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// openOrder gives an order of the person's that is not over.
func openOrder(ctx context.Context, v *visitor.Visitor) (string, error) {
	key := fmt.Sprintf("streams-%d", time.Now().UnixNano())
	answer, err := v.GraphQL(ctx, `mutation($key: String!) { placeOrder(input: {idempotencyKey: $key, lines: [{productId: "p-100", quantity: 1}]}) { order { id } } }`, map[string]any{"key": key})
	if err != nil {
		return "", err
	}
	var placed struct {
		PlaceOrder struct{ Order struct{ ID string } }
	}
	if err := json.Unmarshal(answer.Data, &placed); err != nil || placed.PlaceOrder.Order.ID == "" {
		return "", fmt.Errorf("no order: %s %w", answer.Body, err)
	}
	return placed.PlaceOrder.Order.ID, nil
}

// watch opens a stream, waits for its first answer, and has it read to its end.
func (b *bench) watch(ctx context.Context, p *rig.User, order string) error {
	s, err := p.Visitor.Subscribe(ctx, `subscription($id: ID!) { orderUpdated(id: $id) { id status } }`, map[string]any{"id": order})
	if err != nil {
		return err
	}
	first, err := s.Next()
	if err != nil || first == nil || len(first.Errors) > 0 {
		return errors.Join(fmt.Errorf("a stream began with %d, %+v: %w", s.Status, first, errBegin), err, s.Close())
	}
	b.wg.Go(func() {
		defer s.Close() //nolint:errcheck // It is over.
		e := ending{who: p}
		for {
			answer, err := s.Next()
			if err != nil || answer == nil {
				e.err = err
				b.ended <- e
				return
			}
			if len(answer.Errors) > 0 {
				e.code = answer.Errors[0].Code()
			}
		}
	})
	return nil
}

var (
	errBegin = errors.New("it wants its first answer")
	errOther = errors.New("another's stream ended too, or hers not as it should")
	errBound = errors.New("her streams did not end in time")
)

// signOut signs one person out and watches whose streams end.
func (b *bench) signOut(ctx context.Context, who *rig.User) error {
	began := time.Now()
	if _, err := who.Visitor.SignOut(ctx); err != nil {
		return err
	}
	var last time.Duration
	limit := time.After(bound)
	for range perSession {
		select {
		case e := <-b.ended:
			if last = time.Since(began); e.who != who || e.code != "UNAUTHENTICATED" || e.err != nil {
				return fmt.Errorf("%w: %s %q %w", errOther, e.who.Name, e.code, e.err)
			}
		case <-limit:
			return errBound
		}
	}
	select {
	case e := <-b.ended:
		return fmt.Errorf("%w: %s %q %w", errOther, e.who.Name, e.code, e.err)
	case <-time.After(bound):
	}
	fmt.Printf("\nsign-out of one: her %d streams had ended %s after she asked, each told UNAUTHENTICATED; in the %s after that no other did\n", perSession, last.Round(time.Millisecond), bound)
	return nil
}
