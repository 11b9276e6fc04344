package differ

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/graph/plan"
	"vestibule.example/graph/plan/plantest"
)

// Pair is the same world behind both executors.
type Pair struct {
	Planned        *plan.Schema
	Oracle, Tested *executor.Executor
	// Denied are fields that neither may have.
	Denied map[plan.Coordinate]error
}

// NewPair makes both for a schema of gqlgen's and the tables of its fields.
func NewPair(schema graphql.ExecutableSchema, tables plan.Tables) *Pair {
	planned := plan.New(schema, tables, plan.Config{})
	oracle := plan.New(schema, tables, plan.Config{Gqlgen: true})
	return &Pair{Planned: planned, Oracle: NewExecutor(oracle), Tested: NewExecutor(planned)}
}

// ErrDenied is the error of the fields that an operation may not have.
var ErrDenied = errors.New("denied")

// Deny makes up fields that an operation may not have. Those whose arguments may be wrong are left out: gqlgen coerces
// arguments before anybody is asked whether the field may be had.
func (p *Pair) Deny(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 2))
	p.Denied = map[plan.Coordinate]error{}
	schema := p.Planned.Schema()
	for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
		def := schema.Types[name]
		if def.Kind != ast.Object || strings.HasPrefix(name, "__") {
			continue
		}
		for _, f := range def.Fields {
			if r.IntN(15) == 0 && !mayBeWrong(schema, f.Arguments) {
				p.Denied[plan.Coordinate{Object: name, Field: f.Name}] = ErrDenied
			}
		}
	}
}

func mayBeWrong(schema *ast.Schema, args ast.ArgumentDefinitionList) bool {
	return slices.ContainsFunc(args, func(arg *ast.ArgumentDefinition) bool {
		def := schema.Types[arg.Type.Name()]
		return def.Kind == ast.InputObject || def.Kind == ast.Scalar && !def.BuiltIn || len(arg.Directives) > 0 || arg.Type.NonNull && arg.DefaultValue != nil
	})
}

// Compare runs an operation on both and says where the answers differ; the error is ErrInvalid if neither runs it.
func (p *Pair) Compare(ctx context.Context, o Operation) error {
	ctx = plan.Deny(ctx, p.Denied)
	want, refused := answers(ctx, p.Oracle, o)
	got, err := answers(ctx, p.Tested, o)
	switch {
	case refused != nil && errors.Is(err, ErrInvalid):
		return err
	case refused != nil || err != nil:
		return fmt.Errorf("gqlgen's executor says %v, the plan's %v", refused, err) //nolint:err113,errorlint // For a person: it is no ErrInvalid.
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d events, want %d", len(got), len(want))
	}
	for i := range got {
		if err := compare(got[i], want[i]); err != nil {
			return err
		}
		if err := located(got[i], want[i]); err != nil {
			return err
		}
	}
	return nil
}

func compare(got, want Answer) error {
	if got.Data != want.Data {
		return fmt.Errorf("data %s\nwant %s\nerrors %s\nwant   %s", got.Data, want.Data, got.Errors.Error(), want.Errors.Error())
	}
	if g, w := got.without(want.silent).Told(), want.Told(); !slices.Equal(g, w) {
		return fmt.Errorf("data %s\nerrors %s\nwant   %s", got.Data, strings.Join(g, "\n       "), strings.Join(w, "\n       "))
	}
	if twice := got.toldTwice(); twice != "" {
		return fmt.Errorf("%s is told twice", twice)
	}
	if got.Data != "" && !json.Valid([]byte(got.Data)) {
		return fmt.Errorf("%s is not JSON", got.Data)
	}
	return nil
}

// located tells an error that has no location, where the oracle's has one.
func located(got, want Answer) error {
	for _, e := range got.Errors {
		if len(e.Locations) == 0 && slices.ContainsFunc(want.Errors, func(w *gqlerror.Error) bool { return len(w.Locations) > 0 && told(w) == told(e) }) {
			return fmt.Errorf("%s has no location", told(e))
		}
	}
	return nil
}

// answers are what came of an operation: one, or a subscription's events.
func answers(ctx context.Context, e *executor.Executor, o Operation) ([]Answer, error) {
	if strings.HasPrefix(o.Text, "subscription") {
		return Subscribe(ctx, e, o.Text, o.Variables)
	}
	got, err := Execute(ctx, e, o.Text, o.Variables)
	return []Answer{got}, err
}

// Count is what came of many operations.
type Count struct {
	// Operations are those that are valid.
	Operations, Planned uint64
	Fallbacks           map[plan.Reason]uint64
}

// Subject is a schema with made-up worlds behind it.
type Subject struct {
	// New makes the schema over a world.
	New    func(*plantest.World) graphql.ExecutableSchema
	Tables plan.Tables
	// Seldom are the names of fields that no plan covers.
	Seldom []string
}

// world is that of a seed: in most something is not as it should be.
func (s Subject) world(seed uint64) *plantest.World {
	return &plantest.World{Seed: seed, Faults: []uint64{0, 20, 60, 200}[seed%4], Finite: true}
}

// Seed makes up a world and an operation, and compares. In some worlds fields are denied.
func (s Subject) Seed(ctx context.Context, seed uint64) (plan.Stats, error) {
	p := NewPair(s.New(s.world(seed)), s.Tables)
	o := Author(p.Planned.Schema(), seed, s.Seldom...)
	if seed%3 == 0 {
		p.Deny(seed)
	}
	err := p.Compare(ctx, o)
	if o.Beyond && !errors.Is(err, ErrInvalid) {
		return p.Planned.Stats(), fmt.Errorf("seed %d, %s\nwas run, with an integer beyond Int", seed, o.Text) //nolint:err113 // For a person.
	}
	if err != nil && !errors.Is(err, ErrInvalid) {
		o = p.smallest(ctx, o)
		err = cmp.Or(p.Compare(ctx, o), err)
		err = fmt.Errorf("seed %d, %s\nvariables %v\n%w", seed, o.Text, o.Variables, err)
	}
	return p.Planned.Stats(), err
}

// Seeds compares so many valid operations, of the seeds that follow one another.
func (s Subject) Seeds(ctx context.Context, first, operations uint64) (Count, error) {
	c := Count{Fallbacks: map[plan.Reason]uint64{}}
	for seed := first; c.Operations < operations; seed++ {
		if seed-first > 4*operations {
			return c, fmt.Errorf("only %d of %d operations are valid", c.Operations, seed-first)
		}
		stats, err := s.Seed(ctx, seed)
		if errors.Is(err, ErrInvalid) {
			continue
		}
		if err != nil {
			return c, err
		}
		c.Operations++
		if len(stats.Fallbacks) == 0 { // A subscription's events are one operation; there may be none.
			c.Planned++
		}
		for reason := range stats.Fallbacks {
			c.Fallbacks[reason]++
		}
	}
	return c, nil
}

// Add adds another's.
func (c *Count) Add(other Count) {
	c.Operations += other.Operations
	c.Planned += other.Planned
	for reason, n := range other.Fallbacks {
		if c.Fallbacks == nil {
			c.Fallbacks = map[plan.Reason]uint64{}
		}
		c.Fallbacks[reason] += n
	}
}

// Enough tells whether 95 of a hundred ran as plans.
func (c *Count) Enough() bool { return c.Planned*100 >= c.Operations*95 }

// String says it in a line.
func (c *Count) String() string {
	line := fmt.Sprintf("%d of %d operations ran as plans", c.Planned, c.Operations)
	for _, reason := range slices.Sorted(maps.Keys(c.Fallbacks)) {
		line += fmt.Sprintf("; %s: %d", reason, c.Fallbacks[reason])
	}
	return line
}
