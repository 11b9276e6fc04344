package plan

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
)

// ErrAbsent stands for a null that a resolver's Go type cannot hold; generated code returns it.
var ErrAbsent = errors.New("plan: absent")

// errReported stands where an error has been told already.
var errReported = errors.New("plan: reported")

// call is a field being resolved for all of its parents.
type call struct {
	run     *run
	node    *node
	column  *Column
	parents []any
	// failed is the error of all parents: their arguments cannot be had.
	failed error
	// first is the context of the call for the first parent.
	first context.Context
}

// call resolves one field.
func (r *run) call(ctx context.Context, t task) {
	ctx = graphql.WithRootFieldContext(ctx, t.node.root)
	c := &call{run: r, node: t.node, column: &r.columns[t.node.column], parents: t.parents}
	for i := range t.parents {
		// The arguments of one are those of all; their errors are told at each place.
		parent, coercing := r.objectContext(t.node.in, i), ctx
		if len(t.node.field.Definition.Arguments) > 0 {
			coercing = within(ctx, parent)
		}
		fc, err := t.node.table.Resolver.context(coercing, r.exec, t.node.field)
		if err == nil {
			fc.Parent = parent
			c.column.fc, c.first = fc, within(ctx, fc)
			break
		}
		c.failed = errReported
	}
	t.node.table.Resolver.run(ctx, c)
}

// at gives the context of the call for one parent. Each of several calls has a field context of its own, since a resolver may
// write to it.
func (c *call) at(ctx context.Context, i int) (context.Context, *graphql.FieldContext) {
	if len(c.parents) == 1 {
		return c.first, c.column.fc
	}
	fc := c.run.fieldContext(c.node, i)
	return within(ctx, fc), fc
}

// all gives the same error to every parent.
func (c *call) all(err error) []error {
	errs := make([]error, len(c.parents))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// single calls a resolver for each parent.
func single[T any](ctx context.Context, c *call, resolve func(context.Context, any, *graphql.FieldContext, any) (T, error)) ([]T, []error) {
	if c.failed != nil {
		return nil, c.all(c.failed)
	}
	call := func(i int) (T, error) {
		if ctx.Err() != nil {
			var none T
			return none, context.Cause(ctx)
		}
		ctx, fc := c.at(ctx, i)
		return guard(ctx, c.run.oc, func() (T, error) { return resolve(ctx, c.run.exec, fc, c.parents[i]) })
	}
	if len(c.parents) == 1 { // As most fields are called that a root has: in one allocation.
		one := &struct {
			values [1]T
			errs   [1]error
		}{}
		one.values[0], one.errs[0] = call(0)
		return one.values[:], one.errs[:]
	}
	values, errs := make([]T, len(c.parents)), make([]error, len(c.parents))
	c.run.each(len(c.parents), func(i int) { values[i], errs[i] = call(i) })
	return values, errs
}

// each does something n times, in parallel as far as the operation's bound allows; the caller's goroutine needs no allowance,
// so that no field waits for another's.
func (r *run) each(n int, do func(int)) {
	if n == 1 {
		do(0)
		return
	}
	var next atomic.Int64
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			do(i)
		}
	}
	var wg sync.WaitGroup
	for range n - 1 {
		if r.spare.Add(-1) < 0 {
			r.spare.Add(1)
			break
		}
		wg.Go(func() {
			defer r.spare.Add(1)
			work()
		})
	}
	work()
	wg.Wait()
}

// batch calls a resolver once for all parents. What it says of its results, gqlgen says too.
func batch[T any](ctx context.Context, c *call, resolve func(context.Context, any, *graphql.FieldContext, []any) ([]T, error)) ([]T, []error) {
	if c.failed != nil {
		return nil, c.all(c.failed)
	}
	if ctx.Err() != nil {
		return nil, c.all(context.Cause(ctx))
	}
	values, err := guard(c.first, c.run.oc, func() ([]T, error) { return resolve(c.first, c.run.exec, c.column.fc, c.parents) })
	name := c.node.in.object.Name + "." + c.node.field.Name
	list, each := err.(graphql.BatchErrors) //nolint:errorlint // A wrapped list is one error for all, as gqlgen has it.
	switch {
	case err != nil && !each:
		return nil, c.all(err)
	case len(values) != len(c.parents):
		return nil, c.all(fmt.Errorf("batch resolver %s returned %d results for %d parents", name, len(values), len(c.parents)))
	case err == nil:
		return values, nil
	}
	errs := list.Errors()
	if len(errs) != len(c.parents) {
		return nil, c.all(fmt.Errorf("batch resolver %s returned %d errors for %d parents", name, len(errs), len(c.parents)))
	}
	return values, errs
}

// guard makes an error of a panic.
func guard[T any](ctx context.Context, oc *graphql.OperationContext, f func() (T, error)) (value T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = recovered(ctx, oc, v)
		}
	}()
	return f()
}

// objects fills the column with what resolvers gave.
func objects[T any](c *call, values []T, errs []error, add func(*Column, T)) {
	for i := range c.parents {
		c.column.begin()
		switch {
		case errs == nil || errs[i] == nil:
			add(c.column, values[i])
		case errs[i] == ErrAbsent: //nolint:errorlint // Generated code returns it as it is.
			c.column.Null()
		default:
			c.column.fail(errs[i])
		}
	}
}

// leaves keeps the scalars that resolvers gave; the writer writes them.
func leaves[T any](c *call, values []T, errs []error, write func(*Writer, T) bool) {
	c.column.leafErrs = errs
	c.column.leaf = func(w *Writer, parent int) bool { return write(w, values[parent]) }
}
