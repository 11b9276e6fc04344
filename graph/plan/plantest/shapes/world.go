package shapes

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/graph/plan/plantest"
)

// World is what a schema's resolvers answer from.
type World struct {
	*plantest.World
	kinds Kinds
}

// Kinds are the Go types of a schema, each by a value of it.
type Kinds struct {
	// Objects may stand in interfaces and unions, as pointers or as values.
	Objects []any
	// Strangers are no objects of the schema, and stand in its interfaces nevertheless.
	Strangers []any
	// Enums are lists of an enum's values.
	Enums []any
}

// New makes a world of those kinds.
func New(w *plantest.World, kinds Kinds) *World { return &World{w, kinds} }

// Seeded is embedded in every object: what it is made of.
type Seeded struct {
	world *World
	seed  uint64
}

func (s Seeded) origin() Seeded { return s }

// seedOf is what a parent is made of; that of the roots, and of the nils that gqlgen counts among the parents, is zero.
func seedOf(object any) uint64 {
	if v := reflect.ValueOf(object); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return 0
	}
	if o, ok := object.(interface{ origin() Seeded }); ok {
		return o.origin().seed
	}
	return 0
}

// named is a field's name with its arguments: other arguments, another value.
func named(field string, args []any) string {
	for _, arg := range args {
		text, err := json.Marshal(arg)
		if err != nil {
			text = fmt.Append(nil, arg)
		}
		field += " " + string(text)
	}
	return field
}

// Single answers a resolver of one object.
func Single[T any](ctx context.Context, w *World, object any, field string, args ...any) (T, error) {
	if err := w.Called(ctx, field, 1); err != nil {
		var none T
		return none, err
	}
	return plantest.Answer(w.World, seedOf(object), named(field, args), value[T](w))
}

// Batch answers a resolver of many objects.
func Batch[P, T any](ctx context.Context, w *World, objects []P, field string, args ...any) ([]T, error) {
	name := named(field, args)
	switch w.Fate(0, "all of "+name) {
	case plantest.Failing:
		return nil, fmt.Errorf("%w: all of %s", plantest.ErrFault, name)
	case plantest.Panicking:
		panic(name)
	}
	return plantest.Together(ctx, w.World, objects, func(object P) uint64 { return seedOf(object) }, name, value[T](w))
}

// Events answers a subscription's resolver. No event is of a type that the schema does not know: gqlgen then answers with nothing at all.
func Events[T any](ctx context.Context, w *World, field string, args ...any) (<-chan T, error) {
	w = New(w.World, w.kinds)
	w.kinds.Strangers = w.kinds.Objects
	list, err := Single[[]T](ctx, w, nil, field, args...)
	if err != nil {
		return nil, err
	}
	events := make(chan T, len(list))
	for _, event := range list {
		events <- event
	}
	close(events)
	return events, nil
}

// Of answers a model's method that cannot fail but by panic.
func Of[T any](s Seeded, field string) T {
	return plantest.Held(s.world.World, s.seed, field, value[T](s.world))
}

// Ask answers a model's method that can fail.
func Ask[T any](s Seeded, field string, args ...any) (T, error) {
	return plantest.Answer(s.world.World, s.seed, named(field, args), value[T](s.world))
}

// Maybe answers a model's method that tells whether there is a value.
func Maybe[T any](s Seeded, field string) (T, bool) {
	return Of[T](s, field), s.world.Hash(s.seed, field)%3 > 0
}

// Traced is a directive of operations, which no plan covers.
func Traced(ctx context.Context, _ any, next graphql.Resolver) (any, error) { return next(ctx) }

// Limited lets through what the world wants to: most objects.
func (w *World) Limited(ctx context.Context, object any, next graphql.Resolver, role string, levels []int) (any, error) {
	return w.around(ctx, object, next, named("limited", []any{role, levels}))
}

// Kept is around every field that gives objects of a type.
func (w *World) Kept(ctx context.Context, object any, next graphql.Resolver) (any, error) {
	return w.around(ctx, object, next, "kept")
}

func (w *World) around(ctx context.Context, object any, next graphql.Resolver, name string) (any, error) {
	if fate := w.Fate(seedOf(object), name); fate != plantest.Fine {
		return plantest.Answer(w.World, seedOf(object), name, func(uint64) any { return nil })
	}
	return next(ctx)
}

// Checked lets an argument or an input's field through, or not, by its value.
func (w *World) Checked(ctx context.Context, _ any, next graphql.Resolver, as string) (any, error) {
	given, err := next(ctx)
	if name := named(as, []any{given}); err == nil && w.Fate(0, name) == plantest.Failing {
		return nil, fmt.Errorf("%w: %s", plantest.ErrFault, name)
	}
	return given, err
}
