package rest

import (
	"reflect"
	"strconv"
	"time"
)

// Form is a body that is sent as a form, objects and lists with brackets: items[0][price]=1. What is null is left out.
func Form(body *Body) any { return form{body} }

type form struct{ body *Body }

// AppendForm appends the pairs, escaped, for [clients.Call].
func (f form) AppendForm(b []byte) []byte {
	defer f.body.free()
	w := formWriter{text: b, begun: len(b)}
	for _, m := range f.body.members {
		w.within(m.name, m.value, false)
	}
	return w.text
}

// formWriter writes a form. name is where it is, escaped.
type formWriter struct {
	text, name []byte
	begun      int
}

// within writes what the value at a name, or at an index, within the present place has.
func (w *formWriter) within(name string, value any, brackets bool) {
	outer := len(w.name)
	if brackets {
		w.name = append(w.name, "%5B"...)
	}
	w.name = appendEscaped(w.name, name)
	if brackets {
		w.name = append(w.name, "%5D"...)
	}
	w.add(value)
	w.name = w.name[:outer]
}

func (w *formWriter) add(value any) {
	switch v := value.(type) {
	case *Body:
		if v != nil {
			for _, m := range v.members {
				w.within(m.name, m.value, true)
			}
		}
	case list:
		for i := range v.length() {
			element := v.object(i)
			w.within(strconv.Itoa(i), element, true)
			element.free()
		}
	case string:
		w.pair(v)
	case *string:
		if v != nil {
			w.pair(*v)
		}
	default:
		w.addReflected(reflect.ValueOf(value))
	}
}

// addReflected is add for what has no case there: pointers, enums, numbers and lists.
func (w *formWriter) addReflected(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			w.addReflected(v.Elem())
		}
	case reflect.String: // an enum
		w.pair(v.String())
	case reflect.Bool:
		w.pair(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int64:
		w.pair(strconv.FormatInt(v.Int(), 10))
	case reflect.Float64:
		w.pair(strconv.FormatFloat(v.Float(), 'f', -1, 64))
	case reflect.Slice:
		for i := range v.Len() {
			w.within(strconv.Itoa(i), v.Index(i).Interface(), true)
		}
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			w.pair(t.Format(time.RFC3339Nano))
		}
	}
}

func (w *formWriter) pair(value string) {
	if len(w.text) > w.begun {
		w.text = append(w.text, '&')
	}
	w.text = append(append(w.text, w.name...), '=')
	w.text = appendEscaped(w.text, value)
}

// appendEscaped is [net/url.QueryEscape] without a string of its own.
func appendEscaped(b []byte, text string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			b = append(b, c)
		case c == ' ':
			b = append(b, '+')
		default:
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return b
}
