package graph

import (
	"context"
	"errors"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// errOver is what a source returns to end its subscription: nothing more will happen.
var errOver = errors.New("graph: there will be no more events")

// follow is how a subscription's resolver gives its events, in one line: in a goroutine of the subscription's, the source calls each
// for one event after another, until ctx ends.
//
//	return follow(ctx, func(ctx context.Context, each func(context.Context, *T) error) error { return r.API.Watch(ctx, id, each) })
//
// While an event is being answered and sent, each waits, and so does the source: nothing is queued and nothing dropped. An
// error of the source other than errOver is the last thing that the subscriber hears, as the field's error.
func follow[T any](ctx context.Context, source func(ctx context.Context, each func(context.Context, T) error) error) (<-chan T, error) {
	s := ctx.Value(subscriptionKey{}).(*subscription) //nolint:forcetypeassert // The handler's invariant.
	events := make(chan T)
	s.sources.Go(func() {
		defer close(events)
		defer func() {
			if v := recover(); v != nil {
				s.failure = fmt.Errorf("graph: panic in the source of %s: %v", s.source.At().Field, v)
			}
		}()
		err := source(ctx, func(ctx context.Context, value T) error {
			select {
			case events <- value:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		if !errors.Is(err, errOver) {
			s.failure = err
		}
	})
	return events, nil
}

// oneStream refuses subscriptions that ask for two streams, or for one under a condition (specification §5.2.4.1). The
// validator's own rule knows neither aliases nor conditions.
func oneStream(doc *ast.QueryDocument) gqlerror.List {
	var faults gqlerror.List
	for _, operation := range doc.Operations {
		if operation.Operation != ast.Subscription {
			continue
		}
		root := streamRoot{names: map[string]bool{}, visited: map[string]bool{}}
		root.look(operation.SelectionSet)
		if root.fault != nil {
			faults = append(faults, &gqlerror.Error{Message: "A subscription asks for exactly one field, under no condition.", Rule: "SingleFieldSubscriptions", Locations: at(root.fault)})
		}
	}
	return faults
}

// streamRoot looks through the fields at a subscription's root.
type streamRoot struct {
	names, visited map[string]bool
	fault          *ast.Position
}

func (r *streamRoot) look(set ast.SelectionSet) {
	for _, selected := range set {
		var directives ast.DirectiveList
		switch s := selected.(type) {
		case *ast.Field:
			if r.names[s.Alias] = true; len(r.names) > 1 {
				r.fault = s.Position
			}
			directives = s.Directives
		case *ast.InlineFragment:
			r.look(s.SelectionSet)
			directives = s.Directives
		case *ast.FragmentSpread:
			if !r.visited[s.Name] {
				r.visited[s.Name] = true
				r.look(s.Definition.SelectionSet)
			}
			directives = s.Directives
		}
		for _, d := range directives {
			if d.Name == "skip" || d.Name == "include" {
				r.fault = d.Position
			}
		}
	}
}
