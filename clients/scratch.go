package clients

import "sync"

// scratch pools buffers for what is written and soon copied.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// keptScratch is the size of the largest buffer that goes back to the pool, in bytes.
const keptScratch = 1 << 20

// borrow takes a buffer of any length and content from the pool.
func borrow() *[]byte { return scratch.Get().(*[]byte) } //nolint:forcetypeassert // The pool holds nothing else.

// giveBack puts a buffer back. The caller must not use it any more.
func giveBack(memory *[]byte) {
	if cap(*memory) <= keptScratch {
		scratch.Put(memory)
	}
}
