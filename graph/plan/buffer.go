package plan

import (
	"context"
	"sync"
)

// maxBuffer is the largest answer whose memory is kept.
const maxBuffer = 1 << 20

// buffers is memory for answers. It is a pool, and holds no state.
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

// Lend gives a context in which one operation's answer is written to borrowed memory: Response.Data must not be read
// after done is called. Without Lend the answer is copied once.
func Lend(ctx context.Context) (lending context.Context, done func()) {
	b := buffers.Get().(*buffer) //nolint:forcetypeassert // The pool holds nothing else.
	if b.done == nil {
		b.done = b.giveBack
	}
	return context.WithValue(ctx, bufferKey{}, b), b.done
}

// borrow gives memory for an answer, and whether it was lent by the operation's caller.
func borrow(ctx context.Context) (b *buffer, lent bool) {
	if b, ok := ctx.Value(bufferKey{}).(*buffer); ok {
		return b, true
	}
	return buffers.Get().(*buffer), false //nolint:forcetypeassert // The pool holds nothing else.
}
