package plan_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/graph/plan"
	"vestibule.example/graph/plan/plantest"
)

// answer is what an executor made of an operation.
type answer struct {
	data   string
	errors gqlerror.List
}

// newExecutor makes an executor whose errors have codes by what they are.
func newExecutor(schema graphql.ExecutableSchema) *executor.Executor {
	e := executor.New(schema)
	e.Use(extension.Introspection{})
	e.SetRecoverFunc(func(_ context.Context, v any) error { return fmt.Errorf("%w: %v", errPanic, v) })
	e.SetErrorPresenter(func(ctx context.Context, err error) *gqlerror.Error {
		public := *graphql.DefaultErrorPresenter(ctx, err)
		var null *graphql.InvalidNullError
		switch {
		case public.Extensions["code"] != nil:
		case errors.As(err, &null):
			public.Extensions = map[string]any{"code": "NULL", "leaf": slices.Contains([]string{"Int", "String", "Float", "Stamp", "Tag"}, strings.Trim(null.DeclaredType, "[]!"))}
		case errors.Is(err, errPanic):
			public.Extensions = map[string]any{"code": "PANIC"}
		case errors.Is(err, plantest.ErrRatio):
			public.Extensions = map[string]any{"code": "RATIO"}
		case errors.Is(err, plantest.ErrFault):
			public.Extensions = map[string]any{"code": "FAULT"}
		}
		return &public
	})
	return e
}

var errPanic = errors.New("panic")

var errDenied = errors.New("denied")

var errInvalid = errors.New("invalid")

// execute runs an operation.
func execute(ctx context.Context, e *executor.Executor, query string, variables map[string]any) (answer, error) {
	ctx = graphql.StartOperationTrace(ctx)
	oc, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: variables})
	if len(errs) > 0 {
		return answer{}, errors.Join(errInvalid, errs)
	}
	responses, ctx := e.DispatchOperation(ctx, oc)
	response := responses(ctx)
	if response == nil {
		return answer{}, errInvalid
	}
	return answer{string(response.Data), response.Errors}, nil
}

// told says an error in one line. gqlgen gives the elements of a list of scalars no place of their own.
func told(e *gqlerror.Error) string {
	path := e.Path
	if leaf, _ := e.Extensions["leaf"].(bool); leaf {
		for len(path) > 0 {
			if _, index := path[len(path)-1].(ast.PathIndex); !index {
				break
			}
			path = path[:len(path)-1]
		}
	}
	code, _ := e.Extensions["code"].(string)
	if strings.Contains(e.Message, "returned unexpected result type") {
		code = "PANIC" // What gqlgen says of a batch resolver's panic at all places but one.
	}
	if code == "NULL" || code == "PANIC" {
		return path.String() + " " + code
	}
	return path.String() + " " + code + " " + e.Message
}

// tellAll says what went wrong, in a fixed order. gqlgen writes scalars that may fail only where the object around them has
// not become null; whether an error beneath a null is told, the specification leaves open.
func tellAll(a answer) []string {
	var data any
	json.Unmarshal([]byte(a.data), &data)
	var lines []string
	for _, e := range a.errors {
		if e.Extensions["code"] != "RATIO" || !beneathNull(data, e.Path[:len(e.Path)-1]) {
			lines = append(lines, told(e))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func beneathNull(data any, path ast.Path) bool {
	for _, element := range path {
		switch element := element.(type) {
		case ast.PathName:
			object, _ := data.(map[string]any)
			data = object[string(element)]
		case ast.PathIndex:
			list, _ := data.([]any)
			if int(element) >= len(list) {
				return true
			}
			data = list[element]
		}
	}
	return data == nil
}

// pair is the same world behind both executors.
type pair struct {
	planned        *plan.Schema
	oracle, tested *executor.Executor
	// denied are fields that neither may have.
	denied map[plan.Coordinate]error
}

func newPair(world *plantest.World) pair {
	schema := plantest.New(world)
	planned := plan.New(schema, plantest.PlanTables(), plan.Config{})
	oracle := plan.New(schema, plantest.PlanTables(), plan.Config{Gqlgen: true})
	return pair{planned, newExecutor(oracle), newExecutor(planned), nil}
}

// deny makes up fields that an operation may not have. Those whose arguments may be wrong are left out: gqlgen coerces
// arguments before anybody is asked whether the field may be had.
func (p *pair) deny(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 2))
	p.denied = map[plan.Coordinate]error{}
	for _, name := range slices.Sorted(maps.Keys(p.planned.Schema().Types)) {
		def := p.planned.Schema().Types[name]
		if def.Kind != ast.Object || strings.HasPrefix(name, "__") {
			continue
		}
		for _, f := range def.Fields {
			if f.Arguments.ForName("filter") == nil && r.IntN(15) == 0 {
				p.denied[plan.Coordinate{Object: name, Field: f.Name}] = errDenied
			}
		}
	}
}

// compare runs an operation on both, and tells whether it is valid.
func (p pair) compare(t *testing.T, query string, variables map[string]any) bool {
	t.Helper()
	ctx := plan.Deny(t.Context(), p.denied)
	want, err := execute(ctx, p.oracle, query, variables)
	if errors.Is(err, errInvalid) {
		return false
	}
	got, err := execute(ctx, p.tested, query, variables)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if got.data != want.data {
		t.Errorf("query %s\nvariables %v\ndata %s\nwant %s", query, variables, got.data, want.data)
	}
	if g, w := tellAll(got), tellAll(want); !slices.Equal(g, w) {
		t.Errorf("query %s\nvariables %v\nerrors %s\nwant   %s", query, variables, strings.Join(g, "\n       "), strings.Join(w, "\n       "))
	}
	for _, e := range got.errors {
		if len(e.Locations) == 0 && p.planned.Stats().Planned > 0 && e.Extensions["code"] != nil {
			t.Errorf("query %s\n%s has no location", query, told(e))
		}
	}
	if !json.Valid([]byte(got.data)) {
		t.Errorf("query %s\n%s is not JSON", query, got.data)
	}
	return true
}

// compareSeed makes up a world and an operation; most worlds have faults.
func compareSeed(t *testing.T, seed uint64) (plan.Stats, bool) {
	world := &plantest.World{Seed: seed, Faults: []uint64{0, 20, 60, 200}[seed%4]}
	p := newPair(world)
	query, variables := operation(p.planned.Schema(), seed)
	if seed%3 == 0 {
		p.deny(seed)
	}
	valid := p.compare(t, query, variables)
	return p.planned.Stats(), valid
}

// Made-up operations over made-up worlds, in which nulls, errors, panics and denied fields stand anywhere, give what gqlgen's executor gives:
// the same data byte for byte, and the same errors.
func TestPlansAnswerAsGqlgenDoes(t *testing.T) {
	const operations = 1500
	planned, fallbacks, valid := uint64(0), map[plan.Reason]uint64{}, 0
	for seed := uint64(1); valid < operations; seed++ {
		if seed > 4*operations {
			t.Fatalf("only %d of %d operations are valid", valid, seed)
		}
		stats, ok := compareSeed(t, seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		if !ok {
			continue
		}
		valid++
		planned += stats.Planned
		for reason, n := range stats.Fallbacks {
			fallbacks[reason] += n
		}
	}
	t.Logf("%d of %d operations ran as plans; the others: %v", planned, valid, fallbacks)
	if planned*100 < operations*95 {
		t.Errorf("%d of %d operations ran as plans, want 95 %%; the others: %v", planned, valid, fallbacks)
	}
}

func FuzzPlansAnswerAsGqlgenDoes(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { compareSeed(t, seed) })
}
