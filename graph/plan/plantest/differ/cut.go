package differ

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

var errCut = errors.New("cut off")

// Cut makes up a world and an operation, and ends its context in the midst of it: what was there by then must be told as it would have been, what
// is missing be null, or beneath a null, with the context's cause as its error. missing says whether anything is; the error is ErrInvalid
// for an operation that nobody runs, or that calls nothing.
func (s Subject) Cut(ctx context.Context, seed uint64) (missing bool, err error) {
	world := s.world(seed)
	p := NewPair(s.New(world), s.Tables)
	o := Author(p.Planned.Schema(), seed, s.Seldom...)
	if strings.HasPrefix(o.Text, "subscription") {
		return false, ErrInvalid
	}
	whole, err := Execute(ctx, p.Tested, o.Text, o.Variables)
	if err != nil {
		return false, err
	}
	if world.Calls.Load() == 0 || p.Planned.Stats().Planned == 0 {
		return false, ErrInvalid
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	last, calls := int64(seed)%world.Calls.Load(), atomic.Int64{} //nolint:gosec // A small number.
	world.Before = func(context.Context, string, int) error {
		if calls.Add(1) > last {
			cancel(errCut)
		}
		return nil
	}
	got, err := Execute(ctx, p.Tested, o.Text, o.Variables)
	if err != nil {
		return false, err
	}
	if fault := cutAs(got, whole); fault != "" {
		return false, fmt.Errorf("seed %d, %s\nvariables %v\nended in call %d: %s\ndata %s\nwant %s\nerrors %w", seed, o.Text, o.Variables, last+1, fault, got.Data, whole.Data, got.Errors)
	}
	return got.Data != whole.Data, nil
}

// cutAs says how an answer that was cut off differs from what it is a part of, if it does.
func cutAs(got, whole Answer) string {
	for _, e := range got.Errors {
		if !errors.Is(e, errCut) && !slices.ContainsFunc(whole.Errors, func(known *gqlerror.Error) bool { return told(known) == told(e) }) {
			return fmt.Sprintf("%v at %s is not the cause", e, e.Path)
		}
	}
	var data, want any
	if err := errors.Join(json.Unmarshal([]byte(got.Data), &data), json.Unmarshal([]byte(whole.Data), &want)); err != nil {
		return err.Error()
	}
	return lessThan(data, want, got.Errors, nil)
}

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

// Cuts ends so many operations in their midst, of the seeds that follow one another, and counts those of whose answers something is missing.
func (s Subject) Cuts(ctx context.Context, first, operations uint64) (missing uint64, err error) {
	done := uint64(0)
	for seed := first; done < operations; seed++ {
		if seed-first > 10*operations {
			return missing, fmt.Errorf("only %d of %d operations call anything", done, seed-first)
		}
		less, err := s.Cut(ctx, seed)
		if errors.Is(err, ErrInvalid) {
			continue
		}
		if err != nil {
			return missing, err
		}
		done++
		if less {
			missing++
		}
	}
	return missing, nil
}
