package plan

import (
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
)

// maxOutcomes bounds the plans that are kept for one operation, one for each outcome of its @skip and @include. Others are compiled
// each time.
const maxOutcomes = 32

// operation is what is known of an operation independently of its variables.
type operation struct {
	reason     Reason
	conditions []*ast.Value

	mu    sync.RWMutex // guards what follows
	plans map[uint64]*plan
}

// bits are the values of the operation's conditions. ok is false if a condition has no boolean, which an optional variable
// allows, or if there are more than 64.
func (o *operation) bits(variables map[string]any) (bits uint64, ok bool) {
	if len(o.conditions) > 64 {
		return 0, false
	}
	for i, c := range o.conditions {
		value, _ := c.Value(variables)
		on, ok := value.(bool)
		if !ok {
			return 0, false
		}
		if on {
			bits |= 1 << i
		}
	}
	return bits, true
}

// plan gives the plan for an outcome, and about how many bytes more are kept than before.
func (o *operation) plan(bits uint64, compile func() *plan) (p *plan, grown int) {
	o.mu.RLock()
	p = o.plans[bits]
	o.mu.RUnlock()
	if p != nil {
		return p, 0
	}
	p = compile()
	o.mu.Lock()
	defer o.mu.Unlock()
	if other := o.plans[bits]; other != nil {
		return other, 0
	}
	if len(o.plans) < maxOutcomes {
		o.plans[bits], grown = p, p.nodes*nodeBytes
	}
	return p, grown
}

const (
	// keptBytes bounds the memory that is kept for operations. Beyond it everything is dropped: a client that sends ever new
	// documents, or all outcomes of one, costs time but no more memory.
	keptBytes = 64 << 20
	// textBytes is about how many bytes each byte of a document takes once parsed, which is kept as long as anything is known of it, and
	// nodeBytes about what a node of a plan takes.
	textBytes, nodeBytes = 40, 512
)

// Cache keeps what is known of the operations that were asked last, by the parsed operation, which gqlgen's query cache must give again:
// in two halves, of which the older is dropped when the younger is full. It is safe for concurrent use.
type Cache[V any] struct {
	half int

	mu         sync.RWMutex // guards what follows
	young, old map[*ast.OperationDefinition]V
	bytes      int // since all was dropped
}

// NewCache makes a cache for size operations.
func NewCache[V any](size int) *Cache[V] {
	return &Cache[V]{half: max(size/2, 1), young: map[*ast.OperationDefinition]V{}}
}

// Get gives what is known of an operation, and calls make if that is nothing yet. Others wait meanwhile.
func (c *Cache[V]) Get(key *ast.OperationDefinition, make func() V) V {
	c.mu.RLock()
	v, ok := c.young[key]
	c.mu.RUnlock()
	if ok {
		return v
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok = c.young[key]; ok {
		return v
	}
	if v, ok = c.old[key]; !ok {
		v = make()
		if key.Position != nil {
			c.grow(len(key.Position.Src.Input) * textBytes)
		}
	}
	if len(c.young) >= c.half {
		c.old, c.young = c.young, map[*ast.OperationDefinition]V{}
	}
	c.young[key] = v
	return v
}

// Grow tells the cache that what it keeps takes so many bytes more.
func (c *Cache[V]) Grow(bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.grow(bytes)
}

// grow is Grow for callers that hold mu.
func (c *Cache[V]) grow(bytes int) {
	if c.bytes += bytes; c.bytes > keptBytes {
		c.young, c.old, c.bytes = map[*ast.OperationDefinition]V{}, nil, bytes
	}
}
