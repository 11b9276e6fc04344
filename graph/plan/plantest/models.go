package plantest

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Spot is bound by value and by pointer.
type Spot struct {
	X    int
	Y    *int
	Mark string
}

// Alpha has every kind of field.
type Alpha struct {
	w    *World
	seed uint64

	ID     string
	Label  *string
	Name   string
	Must   *string
	Colour Colour
	Hues   []Colour
	Size   *Size
	Stamp  *time.Time
	StampN time.Time
	Tag    string
	Ratio  *float64
	Blob   Blob
	Whole  int
	Real   *float64
	Yes    bool
	Ints   []*int
	IntsN  []*int
	Spot   Spot
	Spots  []Spot
	SpotP  *Spot
	Weight Grams
	Prices []Cents
	Views  uint64

	Limited *string
}

// Beta has fewer.
type Beta struct {
	w    *World
	seed uint64

	ID    string
	Label *string
	Spot  *Spot
}

// Gamma is no Node, and may stand in a union as a value.
type Gamma struct {
	w    *World
	seed uint64

	Name string
	Spot Spot
}

// Vault has what plans do not cover.
type Vault struct {
	ID string
	// Ratio is no number, and Scale is null.
	Ratio, Scale float64
	// Size is none.
	Size Size
	// Views are too many.
	Views uint64
}

// Post is what the benchmarks ask for.
type Post struct {
	ID, UserID int
	Title      string
}

// User is a post's.
type User struct {
	ID          int
	Name, Email string
}

// IsNode tells the types of the interface.
func (*Alpha) IsNode() {}

// IsNode tells the types of the interface.
func (*Beta) IsNode() {}

// IsNamed tells the types of the interface.
func (*Alpha) IsNamed() {}

// IsNamed tells the types of the interface.
func (Gamma) IsNamed() {}

// IsAny tells the types of the union.
func (*Alpha) IsAny() {}

// IsAny tells the types of the union.
func (*Beta) IsAny() {}

// IsAny tells the types of the union.
func (Gamma) IsAny() {}

func (w *World) alpha(seed uint64) *Alpha {
	real := float64(seed%100000) / 8
	a := &Alpha{
		w: w, seed: seed, ID: strconv.FormatUint(seed%1000, 10), Name: fmt.Sprintf("alpha \"%c\"\n", rune('a'+seed%26)), Tag: strconv.FormatUint(seed%10, 10),
		Colour: w.colour(seed), Whole: w.Integer(seed, int(seed%10000)), Yes: seed%2 == 0, Spot: w.spot(seed),
	}
	present := func(name string) bool { return w.Fate(seed, name) != Absent }
	text := "text é " + a.ID
	if present("label") {
		a.Label = &text
	}
	if present("must") {
		a.Must = &text
	}
	if present("size") {
		size := Size(1 + seed%2)
		a.Size = &size
	}
	if present("stampN") {
		a.StampN = time.Unix(int64(seed%100000), 0)
		a.Stamp = &a.StampN
	}
	if ratio := real; present("ratio") {
		if w.Fate(seed, "ratio") != Fine {
			ratio = -1
		}
		a.Ratio = &ratio
	}
	if present("blob") {
		a.Blob = Blob(a.ID)
	}
	if present("real") {
		a.Real = &real
	}
	if present("limited") {
		a.Limited = &text
	}
	if present("spotP") {
		a.SpotP = &a.Spot
	}
	if present("hues") {
		a.Hues = Some(w, w.Hash(seed, "hues"), 3, false, w.colour)
	}
	if present("ints") {
		a.Ints = Some(w, w.Hash(seed, "ints"), 3, true, w.number)
	}
	if present("intsN") {
		a.IntsN = Some(w, w.Hash(seed, "intsN"), 3, true, w.number)
	}
	a.Spots = Some(w, w.Hash(seed, "spots"), 3, false, w.spot)
	a.Weight = Grams(seed % 1e12)
	if present("prices") {
		a.Prices = Some(w, w.Hash(seed, "prices"), 3, false, func(s uint64) Cents { return Cents(s % 1e11) })
	}
	a.Views = uint64(w.Integer(seed, int(seed%5000)))
	return a
}

// colour may be one that the schema does not have.
func (w *World) colour(seed uint64) Colour {
	if w.Fate(seed, "a colour") != Fine {
		return Colour("od\"d")
	}
	return AllColour[seed%3]
}

func (w *World) number(seed uint64) *int {
	n := w.Integer(seed, int(seed%2000)-1000)
	return &n
}

func (w *World) spot(seed uint64) Spot {
	s := Spot{X: int(seed % 50), Mark: "m" + strconv.FormatUint(seed%50, 10)}
	if w.Fate(seed, "y") == Fine {
		s.Y = &s.X
	}
	return s
}

func (w *World) beta(seed uint64) *Beta {
	spot := w.spot(seed)
	b := &Beta{w: w, seed: seed, ID: strconv.FormatUint(seed%1000, 10), Spot: &spot}
	if w.Fate(seed, "label") != Absent {
		b.Label = &b.ID
	}
	return b
}

func (w *World) gamma(seed uint64) Gamma {
	return Gamma{w: w, seed: seed, Name: "gamma", Spot: w.spot(seed)}
}

func (w *World) node(seed uint64) Node {
	if seed%2 == 0 {
		return w.alpha(seed)
	}
	return w.beta(seed)
}

// Rogue is a Go type that the schema does not know.
type Rogue struct{}

// IsAny tells the types of the union.
func (Rogue) IsAny() {}

// Scribe is one that writes itself.
type Scribe struct{}

// IsAny tells the types of the union.
func (Scribe) IsAny() {}

// MarshalGQL implements graphql.Marshaler.
func (Scribe) MarshalGQL(w io.Writer) { io.WriteString(w, `{"scribe":true}`) } //nolint:errcheck // A buffer does not fail.

func (w *World) any(seed uint64) Any {
	switch {
	case w.Faults > 0 && seed%37 == 0:
		return Rogue{}
	case w.Faults > 0 && seed%37 == 1:
		return Scribe{}
	}
	switch seed % 4 {
	case 0:
		return w.alpha(seed)
	case 1:
		return w.beta(seed)
	case 2:
		return w.gamma(seed)
	}
	g := w.gamma(seed)
	return &g
}

// Words is a method's nested list.
func (a *Alpha) Words() [][]*string {
	return Held(a.w, a.seed, "words", func(s uint64) [][]*string {
		return Some(a.w, s, 2, true, func(s uint64) []*string {
			return Some(a.w, s, 2, true, func(s uint64) *string { v := strconv.FormatUint(s%9, 10); return &v })
		})
	})
}

// Child is a method's object.
func (a *Alpha) Child() *Alpha { return Held(a.w, a.seed, "child", a.w.alpha) }

// ChildN must be there.
func (a *Alpha) ChildN() *Alpha { return Held(a.w, a.seed, "childN", a.w.alpha) }

// Kids is a list with nulls.
func (a *Alpha) Kids() []*Alpha {
	return Held(a.w, a.seed, "kids", func(s uint64) []*Alpha { return Some(a.w, s, 2, true, a.w.alpha) })
}

// KidsN is a list that must have none.
func (a *Alpha) KidsN() []*Beta {
	return Held(a.w, a.seed, "kidsN", func(s uint64) []*Beta { return Some(a.w, s, 2, true, a.w.beta) })
}

// Grid is a list of lists.
func (a *Alpha) Grid() [][]*Beta {
	return Held(a.w, a.seed, "grid", func(s uint64) [][]*Beta {
		return Some(a.w, s, 2, false, func(s uint64) []*Beta { return Some(a.w, s, 2, true, a.w.beta) })
	})
}

// Nodes is a list of an interface.
func (a *Alpha) Nodes() []Node {
	return Held(a.w, a.seed, "nodes", func(s uint64) []Node { return Some(a.w, s, 3, true, a.w.node) })
}

// Some is a union.
func (a *Alpha) Some() Any { return Held(a.w, a.seed, "some", a.w.any) }

// Whatever is a list of a union.
func (a *Alpha) Whatever() []Any {
	return Held(a.w, a.seed, "whatever", func(s uint64) []Any { return Some(a.w, s, 3, true, a.w.any) })
}

// Near takes an argument and may fail.
func (a *Alpha) Near(n int) ([]*Spot, error) {
	return Answer(a.w, a.seed, "near", func(s uint64) []*Spot {
		return Some(a.w, s, min(n, 4), true, func(s uint64) *Spot { spot := a.w.spot(s); return &spot })
	})
}

// Deep takes a context.
func (a *Alpha) Deep(context.Context) (*Beta, error) { return Answer(a.w, a.seed, "deep", a.w.beta) }

// Maybe tells whether there is one.
func (a *Alpha) Maybe() (string, bool) { return a.ID, a.seed%2 == 0 }

// Kin is a method's list.
func (b *Beta) Kin() []*Alpha {
	return Held(b.w, b.seed, "kin", func(s uint64) []*Alpha { return Some(b.w, s, 2, true, b.w.alpha) })
}

// Other is a method of a value.
func (g Gamma) Other() Node { return Held(g.w, g.seed, "other", g.w.node) }
