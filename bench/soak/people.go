package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vestibule.example/bench/rig"
)

// perConnection is after how many requests a connection is replaced, as browsers' are.
const perConnection = 20

var errStillOpen = errors.New("a cookie opens a session that was signed out")

// soak is the gateway under load.
type soak struct {
	world   *rig.World
	gateway *rig.Gateway
	visit   int
	end     time.Time
	query   []byte
	want    map[string][]byte // the account page by customer

	requests, signIns atomic.Int64

	mu   sync.Mutex      // guards took
	took []time.Duration // latencies since the last row
}

// learn asks for each customer's page once.
func (s *soak) learn(ctx context.Context) error {
	var err error
	if s.query, err = json.Marshal(map[string]string{"query": rig.AccountPage}); err != nil {
		return err
	}
	customers := s.world.Customers()
	people, err := s.world.SignIn(ctx, rig.PublicURL, s.gateway.Address, len(customers))
	if err != nil {
		return err
	}
	s.want = map[string][]byte{}
	for _, u := range people {
		if s.want[u.Name], err = rig.Once(ctx, s.gateway.Address, u.Ask("/graphql", s.query).Wire); err != nil {
			return err
		}
	}
	for a := range s.want {
		for b := range s.want {
			if a != b && rig.EqualJSON(s.want[a], s.want[b]) {
				return fmt.Errorf("%s and %s get the same page: nothing could be told from it", a, b)
			}
		}
	}
	return nil
}

// run lets people come and go until the end.
func (s *soak) run(ctx context.Context, people int, length time.Duration, outside *rig.Process) error {
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, people)
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			for visits := i; errs[i] == nil && work.Err() == nil && time.Now().Before(s.end); visits++ {
				errs[i] = s.oneVisit(work, visits)
			}
			if errs[i] != nil {
				cancel()
			}
		})
	}
	taken, err := s.watch(work, length, outside)
	if err == nil {
		all.Wait()
	}
	cancel()
	all.Wait()
	for _, failed := range errs {
		if failed != nil && !errors.Is(failed, context.Canceled) {
			return failed
		}
	}
	if err != nil {
		return err
	}
	counts, err := s.world.Counts(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d requests, %d sign-ins, %d tokens seen by the accounts API, no answer that was another's; %s\n",
		s.requests.Load(), s.signIns.Load(), counts.Tokens["accounts"], verdict(taken))
	return nil
}

// oneVisit is somebody who signs in, asks for her page again and again, signs out, and finds that her cookie opens nothing.
func (s *soak) oneVisit(ctx context.Context, number int) error {
	customers := s.world.Customers()
	customer := customers[number%len(customers)]
	v, err := rig.NewVisitor(rig.PublicURL, s.gateway.Address)
	if err != nil {
		return err
	}
	defer v.Close()
	if _, err := v.SignIn(ctx, customer.Name, customer.Password, "/", nil); err != nil {
		return err
	}
	s.signIns.Add(1)
	u := &rig.User{Name: customer.Name, Visitor: v, Origin: rig.PublicURL}
	ask := u.Ask("/graphql", s.query)
	ask.Want = s.want[customer.Name]
	for asked := 0; asked < s.visit && time.Now().Before(s.end); asked += perConnection {
		f, err := rig.Load{Address: s.gateway.Address, Connections: 1, For: time.Until(s.end), Most: perConnection, Asks: []*rig.Ask{ask}}.Run(ctx)
		if err != nil {
			return err
		}
		s.requests.Add(int64(f.Requests))
		s.mu.Lock()
		s.took = append(s.took, f.Latencies...)
		s.mu.Unlock()
	}
	if _, err := v.SignOut(ctx); err != nil {
		return fmt.Errorf("signing out: %w", err)
	}
	after, err := rig.Once(ctx, s.gateway.Address, ask.Wire)
	if err != nil {
		return err
	}
	var answer struct {
		Data   struct{ Me any }
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.Unmarshal(after, &answer); err != nil {
		return err
	}
	if answer.Data.Me != nil || len(answer.Errors) != 1 || answer.Errors[0].Extensions.Code != "UNAUTHENTICATED" {
		return fmt.Errorf("%w: %.300q", errStillOpen, after)
	}
	return nil
}

// slowest is the 99th percentile since the last row.
func (s *soak) slowest() time.Duration {
	s.mu.Lock()
	took := s.took
	s.took = nil
	s.mu.Unlock()
	slices.Sort(took)
	return rig.Quantile(took, 0.99)
}
