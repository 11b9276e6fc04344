package plan

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// Tables is what the generator writes down of a schema: how to get from an object to its fields. Plans only read it.
type Tables struct {
	// Objects are the schema's object types; the place of each is the id by which generated code names it.
	Objects []*Object
	// Exec makes what the generated functions need of an operation: gqlgen's execution context.
	Exec func(graphql.ExecutableSchema, *graphql.OperationContext) any
	// Inputs gives the unmarshalers of input objects, for arguments.
	Inputs func(exec any) *graphql.InputUnmarshalerIndex
}

// Object is an object type.
type Object struct {
	Name   string
	Fields map[string]*Field
}

// Field is a field of an object type. Exactly one of Leaf, Column, Resolver, Stream and Reason is set.
type Field struct {
	// Leaf writes a scalar or enum, or a list of them, that is bound to the parent's Go value. It returns false for null.
	Leaf func(w *Writer, parent any) bool
	// Column adds the object or objects that are bound to the parent's Go value.
	Column func(c *Column, parent any)
	// Resolver calls a resolver, or a method of the model.
	Resolver *Resolver
	// Stream is a subscription's source of events.
	Stream *Stream
	// Reason says why a plan does not cover the field.
	Reason Reason
	// Method tells that the value comes from a method of the model, not from a variable.
	Method bool
	// Coerced tells which values the field's type cannot have, though Go's can; zero if who writes the value decides what it is.
	Coerced Coerced
}

// Coerced is a rule for the values of a scalar or an enum.
type Coerced uint8

// The rules there are.
const (
	// CoercedInt is that of the schema's Int, where gqlgen's functions for integers write it.
	CoercedInt Coerced = iota + 1
	// CoercedEnum is that of an enum whose Go type gqlgen made.
	CoercedEnum
)

// isResolved tells whether a resolver of the developer's gives the field's value.
func (f *Field) isResolved() bool { return f.Stream != nil || f.Resolver != nil && f.Resolver.own }

// Context makes the field context of a resolver's field, with its arguments coerced. It has reported the error that it returns.
type Context func(ctx context.Context, exec any, field graphql.CollectedField) (*graphql.FieldContext, error)

// Resolver is a field whose value is asked for: a resolver of the developer's, or a method of the model that takes
// arguments or a context, or may fail.
type Resolver struct {
	context Context
	// own tells a resolver of the developer's from a method of the model.
	own bool
	// batch tells that it is called once for all parents.
	batch bool
	// run resolves the field for all parents of the call and fills its column.
	run func(context.Context, *call)
}

// Single is a resolver that is called for each parent, in parallel, and returns objects.
func Single[T any](own bool, prepare Context, resolve func(ctx context.Context, exec any, fc *graphql.FieldContext, parent any) (T, error), add func(*Column, T)) *Resolver {
	return &Resolver{context: prepare, own: own, run: func(ctx context.Context, c *call) {
		values, errs := single(ctx, c, resolve)
		objects(c, values, errs, add)
	}}
}

// SingleLeaf is [Single] for scalars and enums.
func SingleLeaf[T any](own bool, prepare Context, resolve func(ctx context.Context, exec any, fc *graphql.FieldContext, parent any) (T, error), write func(*Writer, T) bool) *Resolver {
	return &Resolver{context: prepare, own: own, run: func(ctx context.Context, c *call) {
		values, errs := single(ctx, c, resolve)
		leaves(c, values, errs, write)
	}}
}

// Batch is a resolver that is called once for all parents, and returns objects.
func Batch[T any](prepare Context, resolve func(ctx context.Context, exec any, fc *graphql.FieldContext, parents []any) ([]T, error), add func(*Column, T)) *Resolver {
	return &Resolver{context: prepare, own: true, batch: true, run: func(ctx context.Context, c *call) {
		values, errs := batch(ctx, c, resolve)
		objects(c, values, errs, add)
	}}
}

// BatchLeaf is [Batch] for scalars and enums.
func BatchLeaf[T any](prepare Context, resolve func(ctx context.Context, exec any, fc *graphql.FieldContext, parents []any) ([]T, error), write func(*Writer, T) bool) *Resolver {
	return &Resolver{context: prepare, own: true, batch: true, run: func(ctx context.Context, c *call) {
		values, errs := batch(ctx, c, resolve)
		leaves(c, values, errs, write)
	}}
}

// Parents gives a batch resolver's parents their type.
func Parents[P any](parents []any) []P {
	typed := make([]P, len(parents))
	for i, p := range parents {
		typed[i] = p.(P) //nolint:forcetypeassert // The column holds one type.
	}
	return typed
}
