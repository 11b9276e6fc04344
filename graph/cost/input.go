package cost

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// argument is an argument's value, or its default; given is false if that is null, or there is neither.
func argument(f *ast.Field, name string, variables map[string]any) (value any, given bool) {
	if a := f.Arguments.ForName(name); a != nil {
		if a.Value.Kind != ast.Variable {
			value, _ = a.Value.Value(variables)
			return value, value != nil
		}
		if v, there := variables[a.Value.Raw]; there {
			return v, v != nil
		}
	}
	if def := f.Definition.Arguments.ForName(name); def != nil && def.DefaultValue != nil {
		value, _ = def.DefaultValue.Value(nil)
	}
	return value, value != nil
}

// follow follows a path into an input object.
func follow(value any, path []string) (any, bool) {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value, value != nil
}

// length is how long the list of a field can be by its @listSize. An argument of less than one says nothing: some APIs then answer
// with their default number.
func (w *walk) length(f *ast.Field, list *listSize) float64 {
	size, given := 0.0, 0
	for _, path := range list.slicing {
		value, there := argument(f, path[0], w.variables)
		if there {
			value, there = follow(value, path[1:])
		}
		n, ok := number(value)
		if !there || !ok {
			continue
		}
		given++
		size = max(size, n)
		w.slice(f, path[0], n)
	}
	if list.requireOne && len(list.slicing) > 0 && given != 1 && w.estimate.Fault == nil {
		w.estimate.Fault = &Fault{f.Position, fmt.Sprintf("%s wants exactly one argument that says how long it is.", f.Name)}
	}
	switch {
	case size >= 1:
		return size
	case list.hasAssumed:
		return list.assumed
	}
	return w.size
}

// slice keeps the longest list that an argument asks for.
func (w *walk) slice(f *ast.Field, name string, n float64) {
	if n <= w.estimate.Longest.Size {
		return
	}
	position := f.Position
	if a := f.Arguments.ForName(name); a != nil {
		position = a.Position
	}
	w.estimate.Longest = Slice{n, position}
}

// arguments is what the arguments of a field weigh.
func (w *walk) arguments(f *ast.Field, known *field) float64 {
	sum := 0.0
	for _, a := range f.Definition.Arguments {
		value, given := argument(f, a.Name, w.variables)
		if given {
			sum += w.input(known.arguments[a.Name], a.Type, value)
		}
	}
	return sum
}

// input is what a value weighs: its own weight, each element of a list for itself, and the fields of input objects.
func (w *walk) input(own float64, typ *ast.Type, value any) float64 {
	if list, ok := value.([]any); ok && typ.Elem != nil {
		sum := 0.0
		for _, v := range list {
			sum += w.input(own, typ.Elem, v)
		}
		return sum
	}
	object, ok := value.(map[string]any)
	def := w.schema.Types[typ.Name()]
	if !ok || def.Kind != ast.InputObject {
		return own
	}
	for _, f := range def.Fields {
		if v, there := object[f.Name]; there && v != nil {
			own += w.input(w.inputs[def.Name][f.Name], f.Type, v)
		}
	}
	return own
}
