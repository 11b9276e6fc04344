package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vestibule.example/bench/rig"
)

const replicas = 3

// apiTimeout is how long a call may take here.
const apiTimeout = time.Second

// day is everything that runs.
type day struct {
	o        options
	out      io.Writer
	rig      *rig.Rig
	world    *rig.World
	redis    *rig.Redis
	balancer *rig.Balancer
	binary   string
	env      []string
	started  int
	gateways []*rig.Gateway
	now      atomic.Pointer[seen]
}

// event is something that goes wrong, and what must come of it.
type event struct {
	name string
	// do lets it happen, and returns when it is over.
	do func(context.Context) error
	// quiet tells that nobody may notice; mayLose that sessions may be lost in a window that bench/replicas counts.
	quiet, mayLose bool
	// refuses tells that APIs refuse tokens which the provider has just given.
	refuses bool
	// tells are series that must grow, as the beginnings of name and labels, and logs what the log must say.
	tells, logs []string
}

// run does it all.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	r, err := rig.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	d := &day{o: o, out: out, rig: r}
	if err := d.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.balancer.Close()) }()
	failed := d.underLoad(ctx, d.public(), d.events())
	return errors.Join(failed, d.fullDisk(ctx))
}

func (d *day) public() string {
	_, port, err := net.SplitHostPort(d.balancer.Address)
	if err != nil {
		return ""
	}
	return "http://" + net.JoinHostPort("localhost", port)
}

func (d *day) start(ctx context.Context) error {
	var err error
	if d.binary, err = d.rig.Build(ctx); err != nil {
		return err
	}
	if d.redis, err = d.rig.StartRedis(ctx); err != nil {
		return err
	}
	if d.balancer, err = rig.StartBalancer(ctx); err != nil {
		return err
	}
	if d.world, _, err = d.rig.StartWorld(ctx, rig.WorldOrder{TokenLife: d.o.tokenLife, Faults: true, PublicURL: d.public()}); err != nil {
		return err
	}
	d.env = append(d.redis.Sessions(), "VESTIBULE_SERVER_DRAIN_DELAY=3s")
	for _, api := range []string{"ACCOUNTS", "CATALOG", "ORDERS", "SHIPPING"} {
		d.env = append(d.env, "VESTIBULE_APIS_"+api+"_TIMEOUT="+apiTimeout.String(), "VESTIBULE_APIS_"+api+"_BREAKER_OPEN=1s", "VESTIBULE_APIS_"+api+"_BREAKER_FAILURES=5", "VESTIBULE_APIS_"+api+"_BREAKER_WINDOW=2s")
	}
	for range replicas {
		g, err := d.newGateway(ctx)
		if err != nil {
			return err
		}
		d.gateways = append(d.gateways, g)
	}
	return nil
}

// newGateway starts a replica and puts it behind the balancer.
func (d *day) newGateway(ctx context.Context) (*rig.Gateway, error) {
	d.started++
	g, err := d.rig.StartGateway(ctx, fmt.Sprint("gateway", d.started), d.binary, d.world, d.public(), d.env...)
	if err != nil {
		return nil, err
	}
	d.balancer.Add(ctx, g)
	return g, nil
}

// underLoad signs people in at the public address and lets one event after the other happen while they go about.
func (d *day) underLoad(ctx context.Context, public string, events []event) error {
	people, err := d.signInAll(ctx, public)
	if err != nil {
		return err
	}
	living, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	d.now.Store(newSeen())
	for _, p := range people {
		all.Go(func() { p.live(living, d.o.think, d.now.Load) })
	}
	var errs []error
	for _, e := range events {
		if !d.o.only.MatchString(e.name) {
			continue
		}
		if err := d.happen(ctx, e); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.name, err))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause(ctx, 3*time.Second) // What is still under way belongs to no event.
	}
	return errors.Join(errs...)
}

// signInAll signs everybody in, a few at a time, in turn as each of the demo's customers.
func (d *day) signInAll(ctx context.Context, public string) ([]*person, error) {
	people, errs := make([]*person, d.o.people), make([]error, d.o.people)
	customers := d.world.Customers()
	slots := make(chan struct{}, 8)
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			people[i], errs[i] = newPerson(ctx, customers[i%len(customers)], public)
		})
	}
	all.Wait()
	return people, errors.Join(errs...)
}

// happen lets one event happen, prints what came of it, and judges that.
func (d *day) happen(ctx context.Context, e event) error {
	w := watch(ctx, d.gateways)
	before := d.gateways
	s := newSeen()
	d.now.Store(s)
	begin := time.Now()
	err := e.do(ctx)
	took := time.Since(begin)
	d.now.Store(newSeen())
	if err != nil {
		return err
	}
	everyone := append(append([]*rig.Gateway(nil), before...), d.newOnes(before)...)
	grown := w.grown(ctx, everyone)
	logged, examples := w.logged(everyone)
	lost, errs := s.losses()
	fmt.Fprintf(d.out, "\n## %s (%s)\n\n- people saw: %s\n- metrics: %s\n- log: %s\n- sessions lost: %d\n", e.name, short(took), s, shownMetrics(grown), shownLog(logged), lost)
	if lost > 0 && !e.mayLose {
		errs = append(errs, fmt.Errorf("%d sessions were lost", lost))
	}
	if n := s.count(refused); n > 0 && !e.refuses {
		errs = append(errs, fmt.Errorf("%d times somebody was told to sign in who was signed in", n))
	}
	if n := s.bad(); e.quiet && n > 0 {
		errs = append(errs, fmt.Errorf("%d answers were not right, and nobody should have noticed", n))
	}
	for _, tell := range e.tells {
		if !grows(grown, tell) {
			errs = append(errs, fmt.Errorf("the metrics do not tell: %s", tell))
		}
	}
	for _, line := range e.logs {
		if !regexp.MustCompile(line).MatchString(shownLog(logged)) {
			errs = append(errs, fmt.Errorf("the log does not tell: %s", line))
		}
	}
	if len(errs) > 0 {
		fmt.Fprintf(d.out, "\nOf each kind of record the first:\n\n    %s\n", strings.Join(examples, "\n    "))
	}
	return errors.Join(errs...)
}

func grows(grown map[string]float64, tell string) bool {
	name, labels, _ := strings.Cut(tell, " ")
	for series := range grown {
		if strings.HasPrefix(series, name) && strings.Contains(series, labels) {
			return true
		}
	}
	return false
}

// newOnes are the gateways that have come since.
func (d *day) newOnes(before []*rig.Gateway) []*rig.Gateway {
	var out []*rig.Gateway
	for _, g := range d.gateways {
		known := false
		for _, b := range before {
			known = known || b == g
		}
		if !known {
			out = append(out, g)
		}
	}
	return out
}
