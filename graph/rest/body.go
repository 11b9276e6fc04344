package rest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Body is a call's body, or an object within one. Its members are in the order in which they were set. It is written once, and is
// another call's from then on.
type Body struct{ members []member }

type member struct {
	name  string
	value any // a pointer is its value, and null where it is nil
}

// used are objects that have been written.
var used sync.Pool

// NewBody makes an object for so many members: of most sizes in one allocation.
func NewBody(members int) *Body {
	if o, ok := used.Get().(*Body); ok {
		o.members = slices.Grow(o.members, members)
		return o
	}
	switch {
	case members <= 2:
		two := &struct {
			Body
			room [2]member
		}{}
		two.members = two.room[:0]
		return &two.Body
	case members <= 4:
		four := &struct {
			Body
			room [4]member
		}{}
		four.members = four.room[:0]
		return &four.Body
	case members <= 8:
		eight := &struct {
			Body
			room [8]member
		}{}
		eight.members = eight.room[:0]
		return &eight.Body
	}
	return &Body{make([]member, 0, members)}
}

// free gives an object, and those within it, to the next one.
func (o *Body) free() {
	if o == nil {
		return
	}
	for _, m := range o.members {
		if inner, ok := m.value.(*Body); ok {
			inner.free()
		}
	}
	clear(o.members)
	o.members = o.members[:0]
	used.Put(o)
}

// Objects are a list of objects within a body, each made of one of the values when it is written, and gone when it is: body must make
// a new one each time.
func Objects[T any](values []*T, body func(*T) *Body) any { return objects[T]{values, body} }

type objects[T any] struct {
	values []*T
	body   func(*T) *Body
}

// list is a list within a body.
type list interface {
	length() int
	object(i int) *Body
}

func (o objects[T]) length() int { return len(o.values) }

func (o objects[T]) object(i int) *Body { return o.body(o.values[i]) }

// Set gives a member its value, instead of the one that it had.
func (o *Body) Set(name string, value any) {
	for i := range o.members {
		if o.members[i].name == name {
			o.members[i].value = value
			return
		}
	}
	o.members = append(o.members, member{name, value})
}

// Put is Set within the objects that the path names before it.
func (o *Body) Put(value any, path ...string) {
	for _, name := range path[:len(path)-1] {
		o = o.within(name)
	}
	o.Set(path[len(path)-1], value)
}

// within is the object of that name, made if it is not there yet.
func (o *Body) within(name string) *Body {
	for _, m := range o.members {
		if inner, ok := m.value.(*Body); ok && m.name == name {
			return inner
		}
	}
	inner := NewBody(4)
	o.Set(name, inner)
	return inner
}

// AppendJSON appends the object as JSON, for [clients.Call].
func (o *Body) AppendJSON(b []byte) ([]byte, error) {
	defer o.free()
	return o.append(b)
}

func (o *Body) append(b []byte) ([]byte, error) {
	if o == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '{')
	for i, m := range o.members {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = jsontext.AppendQuote(b, m.name); err != nil {
			return b, err
		}
		if b, err = appendValue(append(b, ':'), m.value); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// appendValue appends a value as JSON: those of the schema's scalars and enums, and what is made of them.
func appendValue(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case *Body:
		return v.append(b)
	case list:
		return appendList(b, v.length(), func(b []byte, i int) ([]byte, error) {
			element := v.object(i)
			defer element.free()
			return element.append(b)
		})
	case string:
		return jsontext.AppendQuote(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case *string:
		if v != nil {
			return jsontext.AppendQuote(b, *v)
		}
	case *time.Time:
		if v != nil {
			return appendTime(b, *v)
		}
	case time.Time:
		return appendTime(b, v)
	case json.Number:
		return append(b, v...), nil
	}
	return appendReflected(b, reflect.ValueOf(value))
}

// appendReflected is appendValue for what has no case there: pointers, enums, lists, and scalars of somebody's own.
func appendReflected(b []byte, v reflect.Value) ([]byte, error) {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
		return append(b, "null"...), nil
	case v.Kind() == reflect.String && v.Type() != number && !writesItself(v.Type()):
		return jsontext.AppendQuote(b, v.String())
	case isList(v) && !v.IsNil():
		return appendList(b, v.Len(), func(b []byte, i int) ([]byte, error) { return appendReflected(b, v.Index(i)) })
	}
	if v.CanAddr() {
		v = v.Addr() // Whose methods may be the pointer's.
	}
	text, err := json.Marshal(v.Interface())
	return append(b, text...), err
}

// writesItself tells a type that has its own JSON, by a method of the value's or of a pointer's to it.
func writesItself(t reflect.Type) bool { return reflect.PointerTo(t).Implements(marshaler) }

// appendTime appends a time as [time.Time.MarshalJSON] does.
func appendTime(b []byte, t time.Time) ([]byte, error) {
	b, err := t.AppendText(append(b, '"'))
	return append(b, '"'), err
}

// appendList appends a list of so many elements.
func appendList(b []byte, length int, element func(b []byte, i int) ([]byte, error)) ([]byte, error) {
	b = append(b, '[')
	for i := range length {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = element(b, i); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// isList tells a list of the schema's from a scalar that is a slice in Go.
func isList(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 && !writesItself(v.Type())
}

var (
	marshaler = reflect.TypeFor[json.Marshaler]()
	number    = reflect.TypeFor[json.Number]()
)
