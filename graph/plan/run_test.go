package plan_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/graph/plan"
	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/differ"
)

// journal notes the resolvers' calls.
type journal struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) world() *plantest.World {
	return &plantest.World{Seed: 7, Before: func(_ context.Context, field string, parents int) error {
		j.note("%s of %d", field, parents)
		return nil
	}}
}

// One call per batch field, for the parents of all lists: alphas(count: 9) are three with two, one and one of kidsN, each of
// which has a mate.
func TestParentsOfTheWholeTreeComeTogether(t *testing.T) {
	for _, c := range []struct {
		name, query string
		calls       []string
	}{
		{"lists in lists", "{alphas(count:9){kidsN{mate{rank}}}}", []string{"alphas of 1", "mate of 4", "rank of 4"}},
		{"aliases are fields of their own", "{alphas(count:9){a:mate{id} b:mate{id}}}", []string{"alphas of 1", "mate of 3", "mate of 3"}},
		{"by concrete type", "{alphas(count:9){nodes{...on Alpha{rank} ...on Beta{peers{id}}}}}", []string{"alphas of 1", "peers of 1", "rank of 3"}},
		{"nothing for nobody", "{alphas(count:5){mate{id}}}", []string{"alphas of 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var j journal
			if _, err := differ.Execute(t.Context(), newPair(j.world()).Tested, c.query, nil); err != nil {
				t.Fatal(err)
			}
			slices.Sort(j.lines)
			if !slices.Equal(j.lines, c.calls) {
				t.Errorf("%s calls %q, want %q", c.query, j.lines, c.calls)
			}
		})
	}
}

// Fields that load things of one kind and are ready at the same time are told so: each of them takes its context and leaves it, whether it
// is called or not, and what lies deeper is of no concern to them.
func TestFieldsOfOneKindAreTold(t *testing.T) {
	for _, c := range []struct {
		query string
		told  []string
	}{
		{"{alphas(count:9){a:mate{id} b:mate{mate{rank}} rank}}", []string{"2 together", "left", "left", "mate takes its place", "mate takes its place"}},
		{"{alphas(count:9){mate{id} kidsN{mate{rank}}}}", []string{"2 together", "left", "left", "mate takes its place", "mate takes its place"}},
		{"{alphas(count:9){mate{id}} alpha{mate{id}}}", nil},  // Each is ready when its own parents are there.
		{"{alphas(count:9){a:friend{id} b:friend{id}}}", nil}, // Called for each parent.
		{"{alpha{a:friend{id} b:friend{id} c:friend{friend{id}}}}", []string{"3 together", "friend takes its place", "friend takes its place", "friend takes its place", "left", "left", "left"}},
		{"{alphas(count:5){a:mate{id} b:mate{id}}}", nil},                     // There is none.
		{"{alphas(count:9){a:mates(count:1){id} b:mates(count:2){id}}}", nil}, // Not of this kind.
	} {
		var j journal
		world := &plantest.World{Seed: 7, Before: func(ctx context.Context, field string, _ int) error {
			if ctx.Value(nodeKey{}) == "a place" && (field == "mate" || field == "friend") {
				j.note("%s takes its place", field)
			}
			return nil
		}}
		schema := plan.New(plantest.New(world), plantest.PlanTables(), plan.Config{
			Kind: func(at plan.Coordinate) string {
				return map[plan.Coordinate]string{{Object: "Alpha", Field: "mate"}: "mates", {Object: "Beta", Field: "mate"}: "mates", {Object: "Alpha", Field: "friend"}: "friends"}[at]
			},
			Together: func(ctx context.Context, fields int) func() (context.Context, func()) {
				j.note("%d together", fields)
				return func() (context.Context, func()) {
					return context.WithValue(ctx, nodeKey{}, "a place"), func() { j.note("left") }
				}
			},
		})
		got, err := differ.Execute(t.Context(), differ.NewExecutor(schema), c.query, nil)
		if err != nil || len(got.Errors) > 0 {
			t.Fatal(err, got.Errors)
		}
		slices.Sort(j.lines)
		if !slices.Equal(j.lines, c.told) {
			t.Errorf("%s: %q, want %q", c.query, j.lines, c.told)
		}
	}
}

// Mutations run one after another, each with all beneath it (specification §6.2.2).
func TestMutationsRunInOrder(t *testing.T) {
	var j journal
	if _, err := differ.Execute(t.Context(), newPair(j.world()).Tested, "mutation{a:bump{friend{score}} b:bumpN(by:2){rank}}", nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"bump of 1", "friend of 1", "score of 1", "bumpN of 1", "rank of 1"}; !slices.Equal(j.lines, want) {
		t.Errorf("calls %q, want %q", j.lines, want)
	}
}

// A field does not wait for what it does not need: the slow one ends only when what lies beneath another has been asked.
func TestNoBarrierBetweenBranches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reached := make(chan struct{})
		world := &plantest.World{Seed: 7, Before: func(_ context.Context, field string, _ int) error {
			switch field {
			case "score":
				<-reached
			case "rankN":
				close(reached)
			}
			return nil
		}}
		got, err := differ.Execute(t.Context(), newPair(world).Tested, "{alpha{score friend{friendN{rankN}}}}", nil)
		if err != nil || len(got.Errors) > 0 {
			t.Errorf("%v %v", got, err)
		}
	})
}

// Single resolvers run in parallel, as many as the bound allows: four calls of a second, three at a time, take two seconds.
func TestFanOutIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most := 0, 0
		world := &plantest.World{Seed: 7, Before: func(_ context.Context, field string, _ int) error {
			if field != "friend" {
				return nil
			}
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			<-time.After(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		}}
		start := time.Now()
		schema := plan.New(plantest.New(world), plantest.PlanTables(), plan.Config{Parallel: 2})
		for range 2 { // The allowance is given back.
			if _, err := differ.Execute(t.Context(), differ.NewExecutor(schema), "{alphas(count:10){friend{id}}}", nil); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); most != 3 || took != 4*time.Second {
			t.Errorf("at most %d calls at a time in %v, want 3 in 4s", most, took)
		}
	})
}

// When the context has ended no further resolver is called, and what was not called fails with the cause.
func TestCancellation(t *testing.T) {
	for _, c := range []struct {
		name, query string
		calls       int64
		paths       string
	}{
		{"single", "{alpha{friend{friend{id}}}}", 2, "alpha.friend.friend"},
		{"batch", "{alpha{friend{mate{id} rank}}}", 2, "alpha.friend.mate alpha.friend.rank"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			world := &plantest.World{Seed: 7, Before: func(_ context.Context, field string, _ int) error {
				if field == "friend" {
					cancel(errTest)
				}
				return nil
			}}
			got, err := differ.Execute(ctx, newPair(world).Tested, c.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			var paths []string
			for _, e := range got.Errors {
				paths = append(paths, e.Path.String())
				if !errors.Is(e, errTest) {
					t.Errorf("%s: %v, want the context's cause", e.Path, e)
				}
			}
			if strings.Join(paths, " ") != c.paths || world.Calls.Load() != c.calls {
				t.Errorf("%d calls, errors at %v; want %d at %s", world.Calls.Load(), paths, c.calls, c.paths)
			}
		})
	}
}

// A deadline ends an operation whose resolvers heed it, with what is there.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := &plantest.World{Seed: 7, Before: func(ctx context.Context, field string, _ int) error {
			if field != "score" {
				return nil
			}
			<-ctx.Done()
			return context.Cause(ctx)
		}}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errTest)
		defer cancel()
		start := time.Now()
		got, err := differ.Execute(ctx, newPair(world).Tested, "{constant alpha{score yes}}", nil)
		if err != nil || got.Data != `{"constant":"constant","alpha":{"score":null,"yes":true}}` || len(got.Errors) != 1 || time.Since(start) != time.Minute {
			t.Errorf("%s %v %v after %v", got.Data, got.Errors, err, time.Since(start))
		}
	})
}

// A single resolver finds in its context what gqlgen's executor gives it: path, arguments, object, selections and root field.
func TestResolversKnowWhereTheyAre(t *testing.T) {
	const query = "query($n:Int!){r:alphas(count:9){friends(count:$n,filter:{word:\"x\"}){score(plus:3) nodes{...on Beta{count}}} near{x}} alphaN{childN{friend{yes}}} anys{...on Alpha{friendN{id}}}}"
	seen := func(planned bool) []string {
		var j journal
		world := &plantest.World{Seed: 7, Before: func(ctx context.Context, field string, _ int) error {
			fc := graphql.GetFieldContext(ctx)
			j.note("%s at %s: %s.%s %v %v %d %v in %s", field, graphql.GetPath(ctx), fc.Object, fc.Field.Name, fc.Args["count"], fc.IsResolver, len(fc.Field.Selections),
				len(graphql.CollectFieldsCtx(ctx, nil)), graphql.GetRootFieldContext(ctx).Field.Alias)
			return nil
		}}
		p := newPair(world)
		e := p.Oracle
		if planned {
			e = p.Tested
		}
		if _, err := differ.Execute(t.Context(), e, query, map[string]any{"n": 3}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(j.lines)
		return j.lines
	}
	if got, want := seen(true), seen(false); !slices.Equal(got, want) || len(got) < 8 {
		t.Errorf("resolvers see\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

type nodeKey struct{}

// watcher is an observer that notes what it is told.
type watcher struct {
	journal
	fault any
}

func (w *watcher) Node(ctx context.Context, path []string, parents int) (context.Context, func()) {
	if w.fault != nil {
		panic(w.fault)
	}
	name := strings.Join(path, ".")
	w.note("%s begins for %d", name, parents)
	return context.WithValue(ctx, nodeKey{}, name), func() { w.note("%s is done", name) }
}

func TestObserver(t *testing.T) {
	w := &watcher{}
	observed := func(context.Context) plan.Observer { return w }
	world := &plantest.World{Seed: 7, Before: func(ctx context.Context, field string, _ int) error {
		if in, _ := ctx.Value(nodeKey{}).(string); !strings.HasSuffix(in, field) {
			t.Errorf("%s is resolved in the context of %q", field, in)
		}
		return nil
	}}
	schema := plan.New(plantest.New(world), plantest.PlanTables(), plan.Config{Observer: observed})
	if _, err := differ.Execute(t.Context(), differ.NewExecutor(schema), "{alphas(count:9){k:kidsN{mate{rank}}}}", nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"alphas begins for 1", "alphas is done", "alphas.k.mate begins for 4", "alphas.k.mate is done", "alphas.k.mate.rank begins for 4", "alphas.k.mate.rank is done"}; !slices.Equal(w.lines, want) {
		t.Errorf("told %q, want %q", w.lines, want)
	}
	// A fault of ours ends the operation, not the process.
	w.fault = "ouch"
	got, err := differ.Execute(t.Context(), differ.NewExecutor(schema), "{alpha{id} constant}", nil)
	if err != nil || got.Data != "null" || len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "PANIC" {
		t.Errorf("%s %v %v, want null and a panic's error", got.Data, got.Errors, err)
	}
}

// What is lent is written to, and holds the answer until it is given back; the next operation finds nothing of the last.
func TestLend(t *testing.T) {
	e := newPair(&plantest.World{Seed: 7}).Tested
	for _, query := range []string{"{alphas(count:9){id kidsN{id}}}", "{constant}", "{alphas(count:9){id}}"} {
		want, err := differ.Execute(t.Context(), e, query, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, done := plan.Lend(t.Context())
		got, err := differ.Execute(ctx, e, query, nil)
		if err != nil || got.Data != want.Data {
			t.Errorf("%s, %v, want %s", got.Data, err, want.Data)
		}
		done()
	}
}
