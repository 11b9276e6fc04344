package clients

import "sync"

// scratch is memory for what is written and soon copied; a pool holds no state.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// keptScratch is the largest that is kept, in bytes.
const keptScratch = 1 << 20

func borrow() *[]byte { return scratch.Get().(*[]byte) } //nolint:forcetypeassert // The pool holds nothing else.

func giveBack(memory *[]byte) {
	if cap(*memory) <= keptScratch {
		scratch.Put(memory)
	}
}
