package plantest

import "context"

// Base is embedded by pointer, which may be nil: then its fields panic.
type Base struct {
	Title string
	Mark  string
	Spots []*Spot
}

// Frame is embedded as a value.
type Frame struct {
	w    *World
	seed uint64

	Spot *Spot
}

// Depth is a method with a context that is promoted.
func (f Frame) Depth(context.Context) (int, error) {
	return Answer(f.w, f.seed, "depth", func(s uint64) int { return f.w.Integer(s, int(s%100)) })
}

// Inset holds what it embeds, and tells whether it has the rest.
type Inset struct {
	*Base
	Frame
}

// HasRemark tells whether there is one; it may panic.
func (i *Inset) HasRemark() bool {
	return Held(i.w, i.seed, "whether there is a remark", func(s uint64) bool { return s%2 == 0 })
}

// GetRemark may panic too.
func (i *Inset) GetRemark() string {
	return Held(i.w, i.seed, "remark", func(uint64) string { return "remark" })
}

func (w *World) inset(seed uint64) *Inset {
	spot := w.spot(seed)
	i := &Inset{Frame: Frame{w: w, seed: seed, Spot: &spot}}
	if w.Fate(seed, "base") == Fine {
		i.Base = &Base{Title: "title", Mark: spot.Mark, Spots: []*Spot{&spot}}
	}
	return i
}

// ledger is a map, of which some values are not of their types.
func (w *World) ledger(seed uint64) map[string]any {
	switch w.Fate(seed, "ledger") {
	case Absent:
		return nil
	case Fine:
		spot := w.spot(seed)
		return map[string]any{"total": w.Integer(seed, 7), "title": "title", "spot": &spot}
	}
	return map[string]any{"total": "seven", "title": nil}
}
