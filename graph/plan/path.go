package plan

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// Field contexts tell resolvers and the error presenter where they are. They are made for those alone: no scalar has one.

// objectContext is the context that the fields of an object have above them.
func (r *run) objectContext(s *selection, number int) *graphql.FieldContext {
	if s.owner == nil {
		return &graphql.FieldContext{Object: s.object.Name}
	}
	return r.cellContext(s.owner, r.columns[s.owner.column].groups[s.slot].cells[number])
}

// cellContext is the context of one place in what a field gave.
func (r *run) cellContext(n *node, at int32) *graphql.FieldContext {
	c := &r.columns[n.column]
	place := c.cells[at]
	if place.up >= 0 {
		index := int(place.index)
		return &graphql.FieldContext{Parent: r.cellContext(n, place.up), Index: &index}
	}
	fc := r.fieldContext(n, int(^place.up))
	if place.kind == cellObject {
		fc.Result = c.groups[place.slot].objects[place.n]
	}
	return fc
}

// fieldContext is the context of a field of the parent of that number.
func (r *run) fieldContext(n *node, parent int) *graphql.FieldContext {
	fc := &graphql.FieldContext{}
	if n.column >= 0 && r.columns[n.column].fc != nil {
		*fc = *r.columns[n.column].fc
	} else {
		own := n.table.isResolved()
		fc.Object, fc.Field, fc.IsMethod, fc.IsResolver = n.in.object.Name, n.field, own || n.table.Method, own
	}
	fc.Parent = r.objectContext(n.in, parent)
	return fc
}

// within is the context with its field context, whose parent stays what it is.
func within(ctx context.Context, fc *graphql.FieldContext) context.Context {
	parent := fc.Parent
	ctx = graphql.WithFieldContext(ctx, fc)
	fc.Parent = parent
	return ctx
}
