package clients

import (
	"bytes"
	"context"
	"reflect"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

// Projection says which members of answers are needed; the others are skipped, not decoded. An answer with a fault in a skipped member is
// accepted. It is safe for concurrent use.
type Projection struct {
	needs  func(reflect.Type) (members map[string]bool, known bool)
	shapes sync.Map // *shape by the type decoded; nil where everything is needed
}

// NewProjection makes a projection of what needs says of a struct's type: the members that are needed, by their names in JSON,
// or that it does not know. Of a type that is not known everything is needed. What needs says of a type must not change.
func NewProjection(needs func(reflect.Type) (members map[string]bool, known bool)) *Projection {
	return &Projection{needs: needs}
}

type projectionKey struct{}

// Project gives a context whose calls decode no more than the projection says.
func Project(ctx context.Context, p *Projection) context.Context {
	return context.WithValue(ctx, projectionKey{}, p)
}

func projectionOf(ctx context.Context) *Projection {
	p, _ := ctx.Value(projectionKey{}).(*Projection)
	return p
}

// shape says what of a JSON value is needed; nil: all of it.
type shape struct {
	element *shape // of a list
	// members are the needed ones of an object. They are few: a linear search is faster than a map.
	members  []member
	isObject bool
}

// member is an object's.
type member struct {
	name  string
	shape *shape
}

// named finds a member that is needed.
func (s *shape) named(name []byte) (of *shape, needed bool) {
	for i := range s.members {
		if m := &s.members[i]; m.name == string(name) {
			return m.shape, true
		}
	}
	return nil, false
}

// decode reads what is needed of a document into value, a pointer. ok tells whether it could: what is odd in any way is left
// to the decoder of the whole.
func (p *Projection) decode(doc []byte, value any) (ok bool) {
	if p == nil {
		return false
	}
	s := p.shapeOf(reflect.TypeOf(value).Elem())
	if s == nil {
		return false
	}
	memory := borrow() // What is decoded shares no memory with it.
	defer giveBack(memory)
	w := pruner{doc: doc, out: (*memory)[:0]}
	w.space()
	ok = w.value(s)
	w.space()
	*memory = w.out
	if !ok || w.at != len(doc) {
		return false
	}
	if err := json.Unmarshal(w.out, value); err != nil {
		reflect.ValueOf(value).Elem().SetZero() // The decoder of the whole begins anew, and says what is wrong, and where.
		return false
	}
	return true
}

// shapeOf gives what is needed of a type's JSON.
func (p *Projection) shapeOf(t reflect.Type) *shape {
	if known, ok := p.shapes.Load(t); ok {
		return known.(*shape) //nolint:forcetypeassert // Stored below.
	}
	d := &drawer{needs: p.needs, known: map[reflect.Type]*shape{}}
	s := d.draw(t)
	if !d.drops {
		s = nil
	}
	p.shapes.Store(t, s)
	return s
}

// drawer draws shapes of types.
type drawer struct {
	needs func(reflect.Type) (map[string]bool, bool)
	known map[reflect.Type]*shape
	drops bool // something that is known is not needed
}

func (d *drawer) draw(t reflect.Type) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if readsItself(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		if element := d.draw(t.Elem()); element != nil {
			return &shape{element: element}
		}
	case reflect.Struct:
		if s, drawn := d.known[t]; drawn {
			return s
		}
		s := &shape{isObject: true}
		d.known[t] = s // before its members, which may be of its type
		needed, known := d.needs(t)
		for i := range t.NumField() {
			f := t.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || strings.Contains(options, "inline") || strings.Contains(options, "embed") || strings.Contains(options, "unknown") {
				d.known[t] = nil // its members are others'
				return nil
			}
			if name == "" {
				name = f.Name
			}
			if known && !needed[name] {
				d.drops = true
				continue
			}
			s.members = append(s.members, member{name, d.draw(f.Type)})
		}
		return s
	}
	return nil
}

// readsItself tells whether a type has its own decoding method.
func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[json.UnmarshalerFrom]()) ||
		p.Implements(reflect.TypeFor[interface{ UnmarshalText([]byte) error }]())
}

// pruner copies a document without what is not needed. Its methods return false if they did not understand it.
type pruner struct {
	doc []byte
	at  int
	out []byte
	// depth is how deeply the current value is nested: each level costs the decoder stack.
	depth int
}

// enter begins a list or an object, unless that is nested too deeply.
func (w *pruner) enter() bool {
	w.depth++
	return w.depth <= maxDepth
}

func (w *pruner) leave() { w.depth-- }

// value writes what is needed of the value that begins at w.at.
func (w *pruner) value(s *shape) bool {
	switch {
	case w.at == len(w.doc):
		return false
	case s != nil && s.element != nil && w.doc[w.at] == '[':
		defer w.leave()
		return w.enter() && w.list(s.element)
	case s != nil && s.isObject && w.doc[w.at] == '{':
		defer w.leave()
		return w.enter() && w.object(s)
	}
	begin := w.at
	if !w.skip() {
		return false
	}
	w.out = append(w.out, w.doc[begin:w.at]...)
	return true
}

func (w *pruner) list(element *shape) bool {
	w.out = append(w.out, '[')
	w.at++
	if w.space(); w.take(']') {
		w.out = append(w.out, ']')
		return true
	}
	for {
		if w.space(); !w.value(element) {
			return false
		}
		w.space()
		switch {
		case w.take(','):
			w.out = append(w.out, ',')
		case w.take(']'):
			w.out = append(w.out, ']')
			return true
		default:
			return false
		}
	}
}

func (w *pruner) object(of *shape) bool {
	w.out = append(w.out, '{')
	w.at++
	if w.space(); w.take('}') {
		w.out = append(w.out, '}')
		return true
	}
	for first := true; ; {
		w.space()
		begin := w.at
		if w.at == len(w.doc) || w.doc[w.at] != '"' || !w.skip() {
			return false
		}
		name := w.doc[begin:w.at]
		if bytes.IndexByte(name, '\\') >= 0 {
			return false // It may be the name of one that is needed.
		}
		if w.space(); !w.take(':') {
			return false
		}
		w.space()
		s, needed := of.named(name[1 : len(name)-1])
		if !needed && !w.skip() {
			return false
		}
		if needed {
			if !first {
				w.out = append(w.out, ',')
			}
			first = false
			w.out = append(append(w.out, name...), ':')
			if !w.value(s) {
				return false
			}
		}
		w.space()
		switch {
		case w.take(','):
		case w.take('}'):
			w.out = append(w.out, '}')
			return true
		default:
			return false
		}
	}
}

// space skips white space.
func (w *pruner) space() {
	for w.at < len(w.doc) {
		switch w.doc[w.at] {
		case ' ', '\t', '\n', '\r':
			w.at++
		default:
			return
		}
	}
}

// take skips c, if that is next.
func (w *pruner) take(c byte) bool {
	if w.at == len(w.doc) || w.doc[w.at] != c {
		return false
	}
	w.at++
	return true
}

// skip skips a value. It looks only for its end, and does not check what is in it.
func (w *pruner) skip() bool {
	if w.at == len(w.doc) {
		return false
	}
	switch w.doc[w.at] {
	case '"':
		w.at = endOfText(w.doc, w.at) + 1
		return w.at <= len(w.doc)
	case '{', '[':
		return w.skipNested()
	}
	begin := w.at
	for w.at < len(w.doc) {
		switch w.doc[w.at] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return w.at > begin
		case '"', '{', '[', ':':
			return false
		}
		w.at++
	}
	return w.at > begin
}

func (w *pruner) skipNested() bool {
	for around := w.depth; w.at < len(w.doc); w.at++ {
		switch w.doc[w.at] {
		case '"':
			w.at = endOfText(w.doc, w.at)
		case '{', '[':
			if !w.enter() {
				return false
			}
		case '}', ']':
			if w.leave(); w.depth == around {
				w.at++
				return true
			}
		}
	}
	return false
}
