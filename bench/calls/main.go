package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"time"

	"vestibule.example/bench/rig"
	"vestibule.example/demo/visitor"
)

// settings are the command's flags.
type settings struct {
	people, times int
}

func main() {
	var s settings
	flag.IntVar(&s.people, "people", 32, "how many people ask at once, each with a session and a token of her own")
	flag.IntVar(&s.times, "times", 20, "how often each of them asks each query")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "calls:", err)
		os.Exit(1)
	}
}

// target is one way with people signed in at it.
type target struct {
	way    string
	people []*visitor.Visitor
}

func run(ctx context.Context, s settings) (err error) {
	order, err := json.Marshal(rig.WorldOrder{TokenLife: time.Hour})
	if err != nil {
		return err
	}
	played, end, err := rig.PlayWorld(ctx, order)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	world, ok := played.(rig.World)
	if !ok {
		return fmt.Errorf("the world is a %T", played)
	}
	var targets []*target
	for _, way := range ways() {
		address, stop, err := listen(ctx, way, &world)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
		t := &target{way: way}
		for range s.people {
			v, err := rig.NewVisitor(rig.PublicURL, address)
			if err != nil {
				return err
			}
			defer v.Close()
			if _, err := v.SignIn(ctx, "alice", "alice", "/", nil); err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
			t.people = append(t.people, v)
		}
		targets = append(targets, t)
	}
	fmt.Printf("%s; calls per answer, alone and by %d people at once\n\n", rig.Machine(), s.people)
	fmt.Println("| query | fewest |", strings.Join(ways(), " | "), "|")
	fmt.Println("|---|---|" + strings.Repeat("---|", len(targets)))
	variables, err := twoOrders(ctx, targets[0].people[0])
	if err != nil {
		return err
	}
	for _, shape := range rig.Shapes() {
		if err := compare(ctx, &world, targets, shape, variables, s.times); err != nil {
			return fmt.Errorf("%s: %w", shape.Name, err)
		}
	}
	return nil
}

// compare writes a shape's row.
func compare(ctx context.Context, world *rig.World, targets []*target, shape rig.Shape, variables map[string]any, times int) error {
	fewest := 0
	for _, n := range shape.Fewest {
		fewest += n
	}
	fmt.Printf("| %s | **%d**: %s |", shape.Name, fewest, apis(shape.Fewest))
	var first string
	for _, t := range targets {
		data, calls, err := t.asked(ctx, world, shape, variables, t.people[:1], 1)
		if err != nil {
			return fmt.Errorf("%s: %w", t.way, err)
		}
		if first == "" {
			first = data
		}
		if data != first {
			return fmt.Errorf("%s answers %.500s, plan %.500s", t.way, data, first)
		}
		_, crowded, err := t.asked(ctx, world, shape, variables, t.people, times)
		if err != nil {
			return fmt.Errorf("%s: %w", t.way, err)
		}
		if t.way == "plan" && (calls != float64(fewest) || crowded != float64(fewest)) {
			return fmt.Errorf("a plan made %g calls alone and %g of many at once, %d are enough", calls, crowded, fewest)
		}
		fmt.Printf(" %g, %.2f |", calls, crowded)
	}
	fmt.Println()
	return nil
}

func apis(calls map[string]int) string {
	var list []string
	for _, api := range slices.Sorted(maps.Keys(calls)) {
		list = append(list, fmt.Sprintf("%s %d", api, calls[api]))
	}
	return strings.Join(list, ", ")
}

// asked lets people ask so often, and counts the calls of each answer.
func (t *target) asked(ctx context.Context, world *rig.World, shape rig.Shape, variables map[string]any, people []*visitor.Visitor, times int) (data string, calls float64, err error) {
	if err := world.Reset(ctx, 0); err != nil {
		return "", 0, err
	}
	answers, errs := make([]string, len(people)), make([]error, len(people))
	var all sync.WaitGroup
	for i, v := range people {
		all.Go(func() {
			for range times {
				answer, err := v.GraphQL(ctx, shape.Query, variables)
				if err == nil && len(answer.Errors) > 0 {
					err = fmt.Errorf("%.500s", answer.Body)
				}
				if err != nil {
					errs[i] = err
					return
				}
				answers[i] = string(answer.Data)
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return "", 0, err
	}
	counts, err := world.Counts(ctx)
	for _, n := range counts.Calls {
		calls += float64(n)
	}
	return answers[0], calls / float64(len(people)*times), err
}

// twoOrders are the variables of the shapes.
func twoOrders(ctx context.Context, v *visitor.Visitor) (map[string]any, error) {
	answer, err := v.GraphQL(ctx, "{ orders(first: 2) { edges { node { id } } } }", nil)
	if err != nil {
		return nil, err
	}
	var page struct {
		Orders struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	if err := json.Unmarshal(answer.Data, &page); err != nil || len(page.Orders.Edges) != 2 {
		return nil, fmt.Errorf("two orders: %s: %w", answer.Body, err)
	}
	return map[string]any{"a": page.Orders.Edges[0].Node.ID, "b": page.Orders.Edges[1].Node.ID}, nil
}
