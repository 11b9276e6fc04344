package rest

import "context"

// With gives a context that bears a new V for the key K{}, and the V: [context.WithValue] in one allocation, as every
// operation needs a few.
func With[K comparable, V any](ctx context.Context) (context.Context, *V) {
	b := &bearing[K, V]{Context: ctx}
	return b, &b.value
}

type bearing[K comparable, V any] struct {
	context.Context //nolint:containedctx // It is a context.

	value V
}

// Value implements [context.Context].
func (b *bearing[K, V]) Value(key any) any {
	if _, ok := key.(K); ok {
		return &b.value
	}
	return b.Context.Value(key)
}
