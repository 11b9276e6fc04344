package graph

// halves keeps what was asked for last, within a bound: in two halves, of which the older is dropped when the younger is
// full. Reading it changes nothing; who puts something in keeps others out meanwhile.
type halves[V any] struct {
	most       int // the most that a half weighs
	weight     int // of young
	young, old map[string]V
}

func newHalves[V any](most int) halves[V] { return halves[V]{most: most, young: map[string]V{}} }

// get gives what is kept. What is not recent is dropped soon, unless it is put in again.
func (h *halves[V]) get(key string) (v V, recent, ok bool) {
	if v, ok = h.young[key]; ok {
		return v, true, true
	}
	v, ok = h.old[key]
	return v, false, ok
}

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
