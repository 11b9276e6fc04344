package plan

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Fail reports why the value being written cannot be written; null takes its place. It always returns false.
func (w *Writer) Fail(err error) bool {
	w.failed = true
	w.report(w.leafContext(), err)
	return false
}

// leafContext is the field context of the scalar being written, with its place in the lists around it.
func (w *Writer) leafContext() *graphql.FieldContext {
	fc := w.run.fieldContext(w.node, w.parent)
	for _, i := range w.index {
		fc = &graphql.FieldContext{Parent: fc, Index: &i}
	}
	return fc
}

func (w *Writer) invalidElement() {
	typ := w.node.typ
	for range w.index {
		typ = typ.Elem
	}
	w.invalid(w.node, w.leafContext(), typ)
}

// invalid reports a null where none may be, unless an error has been reported at that place.
func (w *Writer) invalid(n *node, fc *graphql.FieldContext, typ *ast.Type) {
	if graphql.HasFieldError(w.ctx, fc) {
		return
	}
	source := graphql.NullSourceModelField
	switch {
	case n.table.isResolved():
		source = graphql.NullSourceResolver
	case n.table.Method:
		source = graphql.NullSourceModelMethod
	}
	w.report(fc, &graphql.InvalidNullError{
		Object: n.in.object.Name, Field: n.field.Name, DeclaredType: typ.String(), Source: source, ListElement: fc.Index != nil, Path: fc.Path(),
	})
}

// report gives an error to the presenter, with the path and location of the field.
func (w *Writer) report(fc *graphql.FieldContext, err error) {
	if list, ok := err.(gqlerror.List); ok { //nolint:errorlint // A list is several errors; a wrapped one is its wrapper's.
		for _, e := range list {
			w.report(fc, e)
		}
		return
	}
	if err == errReported { //nolint:errorlint // It is never wrapped.
		return
	}
	ctx := within(w.ctx, fc)
	if p, ok := err.(*panicked); ok { //nolint:errorlint // Made here, and never wrapped.
		if err = w.run.oc.RecoverFunc(ctx, p.value); err == nil {
			err = p
		}
	}
	graphql.AddError(ctx, placed(fc, err))
}

// placed gives an error its path and location, unless it has them. It changes a copy, since calls may share an error.
func placed(fc *graphql.FieldContext, err error) error {
	var inner *gqlerror.Error
	if !errors.As(err, &inner) {
		inner = gqlerror.WrapPath(fc.Path(), err)
	} else if error(inner) == err { //nolint:errorlint // Whether it is wrapped is the question.
		clone := *inner
		inner = &clone
	} else {
		return err
	}
	if inner.Path == nil {
		inner.Path = fc.Path()
	}
	if inner.Locations == nil {
		inner.Locations = location(fc)
	}
	return inner
}

// location is where the document asks for the field.
func location(fc *graphql.FieldContext) []gqlerror.Location {
	for ; fc != nil; fc = fc.Parent {
		if fc.Field.Field != nil && fc.Field.Position != nil && fc.Field.Position.Line > 0 {
			return []gqlerror.Location{{Line: fc.Field.Position.Line, Column: fc.Field.Position.Column}}
		}
	}
	return nil
}
