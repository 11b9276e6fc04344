package plan_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/differ"
)

// Whenever a context ends, what was there by then is told as it would have been, what is missing is null, or beneath a null, and has the
// context's cause as its error; and whoever waits gets an answer.
func TestCancelledAnywhere(t *testing.T) {
	told, missing := 0, 0
	for seed := range uint64(400) {
		world := &plantest.World{Seed: seed}
		p := newPair(world)
		o := differ.Author(p.Planned.Schema(), seed, "vault")
		query, variables := o.Text, o.Variables
		if strings.HasPrefix(query, "subscription") {
			continue
		}
		whole, err := differ.Execute(t.Context(), p.Tested, query, variables)
		if errors.Is(err, differ.ErrInvalid) || world.Calls.Load() == 0 {
			continue
		}
		var want any
		if err := json.Unmarshal([]byte(whole.Data), &want); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		last := int64(seed) % world.Calls.Load()
		var calls atomic.Int64
		world.Before = func(context.Context, string, int) error {
			if calls.Add(1) > last {
				cancel(errTest)
			}
			return nil
		}
		cut, err := differ.Execute(ctx, p.Tested, query, variables)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal([]byte(cut.Data), &got); err != nil {
			t.Fatalf("%s: %v", cut.Data, err)
		}
		for _, e := range cut.Errors {
			if !errors.Is(e, errTest) && !slices.ContainsFunc(whole.Errors, func(known *gqlerror.Error) bool { return lineOf(known) == lineOf(e) }) {
				t.Errorf("seed %d: %v at %s, want the cause", seed, e, e.Path)
			}
		}
		if fault := lessThan(got, want, cut.Errors, nil); fault != "" {
			t.Errorf("seed %d, %s\ncancelled in call %d of %d: %s\ndata %s\nwant %s\nerrors %v", seed, query, last+1, world.Calls.Load(), fault, cut.Data, whole.Data, cut.Errors)
		}
		told++
		if cut.Data != whole.Data {
			missing++
		}
	}
	if told < 200 || missing < 50 {
		t.Errorf("%d answers, of which %d miss something: that shows little", told, missing)
	}
}

func lineOf(e *gqlerror.Error) string { return e.Path.String() + e.Message }

// lessThan compares what is there with what would be, and says where they differ without an error that says so.
func lessThan(got, want any, errs gqlerror.List, at ast.Path) string {
	if got == nil && want != nil {
		for _, e := range errs {
			if n := min(len(at), len(e.Path)); slices.Equal(e.Path[:n], at[:n]) {
				return ""
			}
		}
		return fmt.Sprintf("%s is null without an error", at)
	}
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok || len(object) != len(want) {
			return fmt.Sprintf("%s is %v", at, got)
		}
		for name, value := range want {
			if fault := lessThan(object[name], value, errs, append(slices.Clone(at), ast.PathName(name))); fault != "" {
				return fault
			}
		}
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Sprintf("%s is %v", at, got)
		}
		for i, value := range want {
			if fault := lessThan(list[i], value, errs, append(slices.Clone(at), ast.PathIndex(i))); fault != "" {
				return fault
			}
		}
	default:
		if got != want {
			return fmt.Sprintf("%s is %v, want %v", at, got, want)
		}
	}
	return ""
}
