package cost

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// The defaults of the configuration.
const (
	// DefaultListSize is how long a list is assumed to be if the schema does not say.
	DefaultListSize = 10
	// DefaultMaxListSize is the longest list that an operation may ask for.
	DefaultMaxListSize = 100
	// DefaultCost is the most that an operation may cost.
	DefaultCost = 10_000
	// DefaultCalls is how many calls of one API an operation may make.
	DefaultCalls = 100
)

// Config is the configuration of a [Model].
type Config struct {
	// DefaultListSize is how long a list is assumed to be if @listSize does not say; default 10.
	DefaultListSize int
}

// Model is a schema with its weights and its table of calls. It is immutable, and safe for concurrent use.
type Model struct {
	schema *ast.Schema
	table  Table
	fields map[string]*field
	types  map[string]float64
	inputs map[string]map[string]float64 // weights of input fields, by type and name
	size   float64
}

// field is what the schema says of a field.
type field struct {
	weight    float64
	arguments map[string]float64
	list      *listSize
	// lists is how many lists its type has around its elements.
	lists int
}

// listSize is a field's @listSize.
type listSize struct {
	assumed    float64
	hasAssumed bool
	slicing    [][]string // arguments, each as a path into it
	sized      []string
	requireOne bool
}

// New reads a schema's directives. Its error names everything that is wrong with them, or with the table.
func New(schema *ast.Schema, table Table, cfg Config) (*Model, error) {
	if cfg.DefaultListSize == 0 {
		cfg.DefaultListSize = DefaultListSize
	}
	m := &Model{schema: schema, table: table, fields: map[string]*field{}, types: map[string]float64{}, inputs: map[string]map[string]float64{}, size: float64(cfg.DefaultListSize)}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
		faults = append(faults, m.readType(schema.Types[name]))
	}
	faults = append(faults, m.checkTable())
	return m, errors.Join(faults...)
}

// Schema is the schema that the model is of.
func (m *Model) Schema() *ast.Schema { return m.schema }

func (m *Model) readType(def *ast.Definition) error {
	var faults []error
	weigh := func(where string, directives ast.DirectiveList, otherwise float64) float64 {
		w, err := weight(directives, otherwise)
		if err != nil {
			faults = append(faults, fmt.Errorf("cost: %s: %w", where, err))
		}
		return w
	}
	m.types[def.Name] = weigh(def.Name, def.Directives, composite(def))
	if def.Kind == ast.InputObject {
		m.inputs[def.Name] = map[string]float64{}
	}
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		where := def.Name + "." + f.Name
		own := weigh(where, f.Directives, composite(m.schema.Types[f.Type.Name()]))
		if def.Kind == ast.InputObject {
			m.inputs[def.Name][f.Name] = own
			continue
		}
		known := &field{weight: own, arguments: map[string]float64{}}
		for t := f.Type; t.Elem != nil; t = t.Elem {
			known.lists++
		}
		for _, a := range f.Arguments {
			known.arguments[a.Name] = weigh(where+"("+a.Name+":)", a.Directives, composite(m.schema.Types[a.Type.Name()]))
		}
		list, err := m.readListSize(f)
		if err != nil {
			faults = append(faults, fmt.Errorf("cost: %s: @listSize: %w", where, err))
		}
		known.list = list
		m.fields[where] = known
	}
	return errors.Join(faults...)
}

// composite is the weight of a type without @cost: objects and input objects weigh 1, scalars nothing.
func composite(def *ast.Definition) float64 {
	switch def.Kind {
	case ast.Object, ast.Interface, ast.Union, ast.InputObject:
		return 1
	}
	return 0
}

// weight reads @cost(weight:); otherwise is the weight without it.
func weight(directives ast.DirectiveList, otherwise float64) (float64, error) {
	d := directives.ForName("cost")
	if d == nil {
		return otherwise, nil
	}
	w, err := strconv.ParseFloat(d.Arguments.ForName("weight").Value.Raw, 64)
	if err != nil || math.IsNaN(w) || math.IsInf(w, 0) {
		return otherwise, errors.New(`@cost: want a number as weight, such as "2.5"`)
	}
	return w, nil
}

func (m *Model) readListSize(f *ast.FieldDefinition) (*listSize, error) {
	d := f.Directives.ForName("listSize")
	if d == nil {
		return nil, nil
	}
	list := &listSize{requireOne: true}
	for _, a := range d.Arguments {
		value, err := a.Value.Value(nil)
		if err != nil {
			return nil, err
		}
		switch a.Name {
		case "assumedSize":
			list.assumed, list.hasAssumed = number(value)
			if list.assumed < 0 {
				return nil, errors.New("want an assumedSize of 0 or more")
			}
		case "slicingArguments":
			for _, path := range texts(value) {
				list.slicing = append(list.slicing, strings.Split(path, "."))
			}
		case "sizedFields":
			list.sized = texts(value)
		case "requireOneSlicingArgument":
			list.requireOne, _ = value.(bool)
		}
	}
	for _, path := range list.slicing {
		if f.Arguments.ForName(path[0]) == nil {
			return nil, fmt.Errorf("there is no argument %s", path[0])
		}
	}
	result := m.schema.Types[f.Type.Name()]
	for _, name := range list.sized {
		if result.Fields.ForName(name) == nil {
			return nil, fmt.Errorf("%s has no field %s", result.Name, name)
		}
	}
	if len(list.sized) == 0 && f.Type.Elem == nil {
		return nil, errors.New("it is on no list, and names no sizedFields")
	}
	return list, nil
}

// checkTable finds entries of the table that the schema has no field for, and loaders that the table does not have.
func (m *Model) checkTable() error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(m.table.Fields)) {
		f := m.table.Fields[name]
		if m.fields[name] == nil {
			faults = append(faults, fmt.Errorf("cost: the table has %s, and the schema has not", name))
		}
		if _, there := m.table.Loaders[f.Loader]; f.Loader != "" && !there {
			faults = append(faults, fmt.Errorf("cost: %s: there is no loader %s", name, f.Loader))
		}
	}
	return errors.Join(faults...)
}

// number reads a number in any of the types that literals and coerced variables come in.
func number(value any) (float64, bool) {
	switch v := value.(type) {
	case int64:
		return float64(v), true
	case int:
		return float64(v), true
	case float64:
		return v, true
	case fmt.Stringer: // json.Number
		n, err := strconv.ParseFloat(v.String(), 64)
		return n, err == nil
	}
	return 0, false
}

// texts reads a list of strings, or a string alone.
func texts(value any) []string {
	list, ok := value.([]any)
	if !ok {
		list = []any{value} // GraphQL coerces a single value to a list of one.
	}
	var names []string
	for _, v := range list {
		if text, ok := v.(string); ok {
			names = append(names, text)
		}
	}
	return names
}
