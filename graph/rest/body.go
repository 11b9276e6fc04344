package rest

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// Put puts a value into a body, in the objects that the path names.
func Put(body map[string]any, value any, path ...string) {
	for _, name := range path[:len(path)-1] {
		next, ok := body[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			body[name] = next
		}
		body = next
	}
	body[path[len(path)-1]] = value
}

// Form writes a body as a form, objects and lists with brackets: items[0][price]=1.
func Form(body map[string]any) url.Values {
	form := url.Values{}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		addTo(form, name, body[name])
	}
	return form
}

func addTo(form url.Values, name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			addTo(form, name+"["+key+"]", value[key])
		}
	case []any:
		for i, v := range value {
			addTo(form, name+"["+strconv.Itoa(i)+"]", v)
		}
	case time.Time:
		form.Set(name, value.Format(time.RFC3339Nano))
	case float64:
		form.Set(name, strconv.FormatFloat(value, 'f', -1, 64))
	default:
		if v := reflect.ValueOf(value); v.Kind() != reflect.Pointer {
			form.Set(name, fmt.Sprint(value))
		} else if !v.IsNil() {
			addTo(form, name, v.Elem().Interface())
		}
	}
}
