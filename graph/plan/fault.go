package plan

import (
	"context"
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

// invalid reports a null where none may be, unless a resolver has told an error at that place. What the writer itself reports it reports once.
func (w *Writer) invalid(n *node, fc *graphql.FieldContext, typ *ast.Type) {
	path := fc.Path()
	if w.isTold(path) {
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
		Object: n.in.object.Name, Field: n.field.Name, DeclaredType: typ.String(), Source: source, ListElement: fc.Index != nil, Path: path,
	})
}

// isTold tells whether a resolver has told an error at a place itself. They are looked through once, not for each null: there may be as many of
// the one as of the other.
func (w *Writer) isTold(path ast.Path) bool {
	if w.told == nil {
		w.told = map[string]bool{}
		for _, e := range graphql.GetErrors(w.ctx) {
			w.told[e.Path.String()] = true
		}
	}
	return w.told[path.String()]
}

// report gives an error to the presenter, with the path and location of the field.
func (w *Writer) report(fc *graphql.FieldContext, err error) {
	if list, ok := err.(gqlerror.List); ok { //nolint:errorlint // A list is several errors; a wrapped one is its wrapper's.
		told := false
		for _, e := range list {
			if e != nil {
				w.report(fc, e)
				told = true
			}
		}
		if told {
			return
		}
		err = errNothing // No null without an error.
	}
	if err == errReported { //nolint:errorlint // It is never wrapped.
		return
	}
	ctx := within(w.ctx, fc)
	if p, ok := err.(*panicked); ok { //nolint:errorlint // Made here, and never wrapped.
		err = recovered(ctx, w.run.oc, p.value)
	}
	tell(ctx, w.run.oc, fc, err)
}

// recovered makes an error of a panic.
func recovered(ctx context.Context, oc *graphql.OperationContext, value any) error {
	if err := oc.RecoverFunc(ctx, value); err != nil {
		return err
	}
	return &panicked{value}
}

// tell gives the presenter the error of a field. In the place of one that cannot be told, as a nil pointer in an error cannot, stands the panic
// that telling it was.
func tell(ctx context.Context, oc *graphql.OperationContext, fc *graphql.FieldContext, err error) {
	defer func() {
		if v := recover(); v != nil {
			graphql.AddError(ctx, placed(fc, recovered(ctx, oc, v)))
		}
	}()
	graphql.AddError(ctx, placed(fc, err))
}

// errNothing is told of a list of errors that has none.
var errNothing = errors.New("plan: a list of no errors")

// placed gives an error its path and location, unless it has them. It changes a copy, since calls may share an error.
func placed(fc *graphql.FieldContext, err error) error {
	var inner *gqlerror.Error
	if !errors.As(err, &inner) {
		return placedAt(fc, gqlerror.WrapPath(fc.Path(), err))
	}
	own := *inner
	if error(inner) == err { //nolint:errorlint // Whether it is wrapped is the question.
		return placedAt(fc, &own)
	}
	return &wrapped{err, placedAt(fc, &own)}
}

func placedAt(fc *graphql.FieldContext, err *gqlerror.Error) *gqlerror.Error {
	if err.Path == nil {
		err.Path = fc.Path()
	}
	if err.Locations == nil {
		err.Locations = location(fc)
	}
	return err
}

// wrapped is an error around a GraphQL error, in whose place another is found.
type wrapped struct {
	error
	place *gqlerror.Error
}

func (w *wrapped) Unwrap() []error { return []error{w.place, w.error} }

// location is where the document asks for the field.
func location(fc *graphql.FieldContext) []gqlerror.Location {
	for ; fc != nil; fc = fc.Parent {
		if fc.Field.Field != nil && fc.Field.Position != nil && fc.Field.Position.Line > 0 {
			return []gqlerror.Location{{Line: fc.Field.Position.Line, Column: fc.Field.Position.Column}}
		}
	}
	return nil
}
