package rest

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Body is a call's body, or an object within one. Its members are in the order in which they were set.
type Body struct {
	members []member
	few     [5]member // what members are at first, in one allocation with the object
}

type member struct {
	name  string
	value any // a pointer is its value, and null where it is nil
}

// NewBody makes an object for so many members.
func NewBody(members int) *Body {
	o := &Body{}
	if o.members = o.few[:0]; members > len(o.few) {
		o.members = make([]member, 0, members)
	}
	return o
}

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

// AppendJSON appends the object as JSON.
func (o *Body) AppendJSON(b []byte) ([]byte, error) {
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
		if v != nil {
			return v.AppendJSON(b)
		}
		return append(b, "null"...), nil
	case []any:
		b = append(b, '[')
		for i, element := range v {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendValue(b, element); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	case string:
		return jsontext.AppendQuote(b, v)
	case *string:
		if v != nil {
			return jsontext.AppendQuote(b, *v)
		}
		return append(b, "null"...), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	}
	v := reflect.ValueOf(value)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() == reflect.String { // an enum
		return jsontext.AppendQuote(b, v.String())
	}
	text, err := json.Marshal(value)
	return append(b, text...), err
}

// Form writes a body as a form, objects and lists with brackets: items[0][price]=1. What is null is left out.
func Form(body *Body) url.Values {
	form := make(url.Values, len(body.members))
	for _, m := range body.members {
		addTo(form, m.name, m.value)
	}
	return form
}

func addTo(form url.Values, name string, value any) {
	switch v := value.(type) {
	case *Body:
		if v != nil {
			for _, m := range v.members {
				addTo(form, name+"["+m.name+"]", m.value)
			}
		}
		return
	case []any:
		for i, element := range v {
			addTo(form, name+"["+strconv.Itoa(i)+"]", element)
		}
		return
	case string:
		form.Set(name, v)
		return
	case *string:
		if v != nil {
			form.Set(name, *v)
		}
		return
	case time.Time:
		form.Set(name, v.Format(time.RFC3339Nano))
		return
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			addTo(form, name, v.Elem().Interface())
		}
	case reflect.String: // an enum
		form.Set(name, v.String())
	case reflect.Bool:
		form.Set(name, strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int64:
		form.Set(name, strconv.FormatInt(v.Int(), 10))
	case reflect.Float64:
		form.Set(name, strconv.FormatFloat(v.Float(), 'f', -1, 64))
	}
}
