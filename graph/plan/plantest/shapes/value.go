package shapes

import (
	"fmt"
	"reflect"
	"time"

	"vestibule.example/graph/plan/plantest"
)

// value makes values of a Go type.
func value[T any](w *World) func(seed uint64) T {
	return func(seed uint64) (v T) {
		w.fill(reflect.ValueOf(&v).Elem(), seed)
		return v
	}
}

// fill makes the value at v. Whatever may be nil is so if the seed wants it: at every place, in lists and lists of lists.
func (w *World) fill(v reflect.Value, seed uint64) {
	if values := w.enum(v.Type()); values.IsValid() {
		v.Set(values.Index(int(seed % uint64(values.Len())))) //nolint:gosec // Less than the length.
		// A text that is none of the values is an error; so is, for plans alone, a number that has no name.
		if v.Kind() == reflect.String && w.Fate(seed, "an enum's value") != plantest.Fine {
			v.SetString("od\"d")
		}
		return
	}
	switch v.Interface().(type) {
	case time.Time:
		if w.Fate(seed, "a time") == plantest.Fine {
			v.Set(reflect.ValueOf(time.Unix(int64(seed%100000), 0))) //nolint:gosec // Small.
		}
		return
	case plantest.Blob:
		if w.Fate(seed, "a blob") == plantest.Fine {
			v.Set(reflect.ValueOf(plantest.Blob(fmt.Sprint(seed % 100))))
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Interface:
		if w.Fate(seed, "whether it is there") == plantest.Fine {
			w.fillNilable(v, seed)
		}
	case reflect.Struct:
		w.fillObject(v, seed)
	case reflect.String:
		v.SetString(texts[seed%uint64(len(texts))] + fmt.Sprint(seed%10))
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(w.Integer(seed, int(seed%2000)-1000))) //nolint:gosec // Of an int32, what is left of it.
	case reflect.Float64:
		v.SetFloat(float64(seed%1000000) * []float64{1e-6, 1, 1e9}[seed%3])
		if w.Fate(seed, "a number") != plantest.Fine {
			v.SetFloat(-1) // No ratio is. What is no number at all is null, for gqlgen, even where none may be.
		}
	case reflect.Bool:
		v.SetBool(seed%2 == 0)
	default:
		panic(fmt.Sprintf("shapes: no value of %s", v.Type()))
	}
}

// texts are what is quoted in all ways. What is not UTF-8 is not among them: plans mend it, and gqlgen does not.
var texts = []string{"", "plain ", "a \"quoted\"\n\\ ", "é ☃ 🌲 ", "<script>&\u2028\u2029", "\x00\x1f\x7f"}

func (w *World) fillNilable(v reflect.Value, seed uint64) {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		w.fill(v.Elem(), w.Hash(seed, "what it points to"))
	case t.Kind() == reflect.Slice:
		n := int(seed / 7 % 4) //nolint:gosec // Less than four.
		v.Set(reflect.MakeSlice(t, n, n))
		for i := range n {
			w.fill(v.Index(i), w.Hash(seed, fmt.Sprint(i)))
		}
	case t.NumMethod() == 0: // any, which a scalar is bound to
		v.Set(reflect.ValueOf([]any{"text", 7, true, 2.5, []any{"a", nil}, map[string]any{"k": "v", "n": []any{1}}}[seed%6]))
	default:
		w.fillAbstract(v, seed)
	}
}

// fillAbstract chooses among what may stand in an interface.
func (w *World) fillAbstract(v reflect.Value, seed uint64) {
	kinds := w.kinds.Objects
	if w.Faults > 0 && seed%37 == 0 {
		kinds = w.kinds.Strangers
	}
	var possible []reflect.Type
	for _, k := range kinds {
		if t := reflect.TypeOf(k); t.Implements(v.Type()) {
			possible = append(possible, t)
		}
	}
	object := reflect.New(possible[seed/37%uint64(len(possible))]).Elem()
	if object.Kind() == reflect.Pointer {
		object.Set(reflect.New(object.Type().Elem()))
		if w.Fate(seed, "a nil of its type") == plantest.Absent {
			object.SetZero()
		} else {
			w.fill(object.Elem(), seed)
		}
	} else {
		w.fill(object, seed)
	}
	v.Set(object)
}

// fillObject makes an object and what it holds.
func (w *World) fillObject(v reflect.Value, seed uint64) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Type == reflect.TypeFor[Seeded]() {
			v.Field(i).Set(reflect.ValueOf(Seeded{w, seed}))
		} else {
			w.fill(v.Field(i), w.Hash(seed, f.Name))
		}
	}
}

// enum gives an enum's values, if the type is one.
func (w *World) enum(t reflect.Type) reflect.Value {
	for _, values := range w.kinds.Enums {
		if v := reflect.ValueOf(values); v.Type().Elem() == t {
			return v
		}
	}
	return reflect.Value{}
}
