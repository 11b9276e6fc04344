package graph

// halves keeps what was put in last, within a bound: in two halves, of which the older is dropped when the younger is
// full. get changes nothing and may run concurrently with itself; put needs exclusive access.
type halves[V any] struct {
	most       int // the most that a half weighs
	weight     int // of young
	young, old map[string]V
}

func newHalves[V any](most int) halves[V] { return halves[V]{most: most, young: map[string]V{}} }

// get gives what is kept for a key. What is not recent will be dropped soon, unless it is put in again.
func (h *halves[V]) get(key string) (v V, recent, ok bool) {
	if v, ok = h.young[key]; ok {
		return v, true, true
	}
	v, ok = h.old[key]
	return v, false, ok
}

// put keeps a value, unless the younger half has one for the key.
func (h *halves[V]) put(key string, v V, weight int) {
	if _, there := h.young[key]; there {
		return
	}
	if h.weight+weight > h.most {
		h.old, h.young, h.weight = h.young, map[string]V{}, 0
	}
	h.young[key] = v
	h.weight += weight
}
