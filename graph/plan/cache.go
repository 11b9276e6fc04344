package plan

import (
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
)

// maxOutcomes bounds the plans that are kept for one operation, one for each outcome of its @skip and @include. What goes
// beyond is planned anew each time.
const maxOutcomes = 32

// operation is what is known of an operation whatever its variables are.
type operation struct {
	reason     Reason
	conditions []*ast.Value

	mu    sync.RWMutex // guards what follows
	plans map[uint64]*plan
}

// bits are the values of the operation's conditions. They are none if a condition is no boolean, which an optional variable
// allows, or if there are too many.
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

func (o *operation) plan(bits uint64, compile func() *plan) *plan {
	o.mu.RLock()
	p := o.plans[bits]
	o.mu.RUnlock()
	if p != nil {
		return p
	}
	p = compile()
	o.mu.Lock()
	defer o.mu.Unlock()
	if other := o.plans[bits]; other != nil {
		return other
	}
	if len(o.plans) < maxOutcomes {
		o.plans[bits] = p
	}
	return p
}

// Cache keeps what is known of the operations asked last, by the parsed document that gqlgen's query cache gives again: in
// two halves, of which the older is dropped when the younger is full.
type Cache[V any] struct {
	half int

	mu         sync.RWMutex // guards what follows
	young, old map[*ast.OperationDefinition]V
}

// NewCache makes a cache for so many operations.
func NewCache[V any](size int) *Cache[V] {
	return &Cache[V]{half: max(size/2, 1), young: map[*ast.OperationDefinition]V{}}
}

// Get gives what is known of an operation. What is not known yet is made.
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
	}
	if len(c.young) >= c.half {
		c.old, c.young = c.young, map[*ast.OperationDefinition]V{}
	}
	c.young[key] = v
	return v
}
