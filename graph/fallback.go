package graph

import (
	"context"

	"vestibule.example/graph/rest"
)

// orElse answers an optional part of a page with a fallback when its API is out of order, in one line:
//
//	return orElse(ctx, []*reviews.Review{})(r.Reviews.Of(ctx, id))
//
// The field then has a value and no error; the cause is logged as for any other failure. What the user must know stays
// an error: that she must sign in, that she may not, or that what she asked for is not valid or not there. A part that is required
// returns its error as it is, and is non-null in the schema, so that its parent fails with it.
func orElse[T any](ctx context.Context, fallback T) func(T, error) (T, error) {
	return func(value T, err error) (T, error) {
		if err == nil || !rest.IsOutage(err) {
			return value, err
		}
		load(ctx).failures.note(ctx, err)
		return fallback, nil
	}
}

// fellBack logs a failure that a field of the schema's @rest answers with its fallback.
func (r *Resolver) fellBack(ctx context.Context, err error) { load(ctx).failures.note(ctx, err) } //nolint:unused // For whoever writes fallback: true; the shop's schema does not.
