package plan

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Coordinate names a field of an object type.
type Coordinate struct{ Object, Field string }

type denyKey struct{}

// Deny gives a context in which operations run without some fields: what would resolve one is not called, and it is null
// with its error wherever it is asked for, on either executor. What beneath it would have been asked is not.
func Deny(ctx context.Context, fields map[Coordinate]error) context.Context {
	if len(fields) == 0 {
		return ctx
	}
	return context.WithValue(ctx, denyKey{}, fields)
}

func denied(ctx context.Context) map[Coordinate]error {
	fields, _ := ctx.Value(denyKey{}).(map[Coordinate]error)
	return fields
}

// denials finds the plan's nodes that are denied; none is there for an operation that may have all it asks for.
func (p *plan) denials(fields map[Coordinate]error) map[*node]error {
	if len(fields) == 0 {
		return nil
	}
	found := map[*node]error{}
	var look func(*selection)
	look = func(s *selection) {
		for _, n := range s.fields {
			if err := fields[Coordinate{s.object.Name, n.field.Name}]; err != nil {
				found[n] = err
				continue
			}
			for _, beneath := range n.selections {
				look(beneath)
			}
		}
	}
	look(p.root)
	return found
}

// deny writes the null of a denied field.
func (w *Writer) deny(n *node, parent int) bool {
	w.report(w.run.fieldContext(n, parent), w.run.denied[n])
	return w.null(len(w.B), n.typ)
}

// fallBack runs an operation on gqlgen's executor, where an interceptor keeps denied fields from being resolved, gives a
// subscription's field the event that is answered, and sees what is written of an Int.
func (s *Schema) fallBack(ctx context.Context, oc *graphql.OperationContext) graphql.ResponseHandler {
	fields := denied(ctx)
	guarded := &graphql.OperationContext{
		RawQuery: oc.RawQuery, Variables: oc.Variables, OperationName: oc.OperationName, Doc: oc.Doc, Extensions: oc.Extensions, Headers: oc.Headers,
		Operation: oc.Operation, DisableIntrospection: oc.DisableIntrospection, RecoverFunc: oc.RecoverFunc, RootResolverMiddleware: oc.RootResolverMiddleware, Stats: oc.Stats,
		ResolverMiddleware: func(ctx context.Context, next graphql.Resolver) (any, error) {
			fc := graphql.GetFieldContext(ctx)
			if err := fields[Coordinate{fc.Object, fc.Field.Name}]; err != nil {
				return nil, err
			}
			if channel, ok := s.intercepts(ctx, fc); ok {
				return channel, nil
			}
			value, err := oc.ResolverMiddleware(ctx, next)
			if _, several := err.(gqlerror.List); several { //nolint:errorlint // As gqlgen's executor asks.
				return nil, err
			}
			if err != nil {
				return nil, placed(fc, err) // It would write the place into the error, which others may share.
			}
			return s.coerced(ctx, fc, value), nil
		},
	}
	return s.ExecutableSchema.Exec(graphql.WithOperationContext(ctx, guarded))
}
