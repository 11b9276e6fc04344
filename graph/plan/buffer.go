package plan

import (
	"context"
	"sync"
)

// maxBuffer is the largest answer whose memory is kept.
const maxBuffer = 1 << 20

// buffers are answers' memory; a pool holds no state.
var buffers = sync.Pool{New: func() any { return &buffer{} }}

type buffer struct {
	bytes []byte
	done  func() // giveBack, made once
}

func (b *buffer) giveBack() {
	if cap(b.bytes) <= maxBuffer {
		buffers.Put(b)
	}
}

type bufferKey struct{}

// Lend gives a context in which one operation's answer is written to memory that is lent: Response.Data must not be read
// after done. Without it the answer is copied once.
func Lend(ctx context.Context) (lending context.Context, done func()) {
	b := buffers.Get().(*buffer) //nolint:forcetypeassert // The pool holds nothing else.
	if b.done == nil {
		b.done = b.giveBack
	}
	return context.WithValue(ctx, bufferKey{}, b), b.done
}

// borrow gives the answer's memory, and whether the caller of the operation lends it.
func borrow(ctx context.Context) (b *buffer, lent bool) {
	if b, ok := ctx.Value(bufferKey{}).(*buffer); ok {
		return b, true
	}
	return buffers.Get().(*buffer), false //nolint:forcetypeassert // The pool holds nothing else.
}
