package cost

import (
	"errors"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// most bounds every number of an estimate, so that none overflows; a larger one would be refused just the same.
const most = 1 << 40

// maxNodes bounds the fields that are looked at. Nested fields of abstract types multiply: each has its fields once per
// concrete type.
const maxNodes = 20_000

// ErrTooLarge is the error of an operation with more fields, counted once per concrete type, than an estimate looks at.
var ErrTooLarge = errors.New("cost: the operation has too many fields")

// Estimate is what an operation asks for, at most.
type Estimate struct {
	Cost int
	// Dearest is where the root field stands that costs most.
	Dearest *ast.Position
	// Calls is how many calls each API may get; those that can get none are left out.
	Calls map[string]int
	// APIs are the names in Calls, sorted. Estimates are shared, so nobody may change them.
	APIs []string
	// Tree is the fields that call, each below the one whose call it waits for. Fields of one loader share calls, so an API may get
	// fewer than the sum.
	Tree []*Node
	// Longest is the longest list that an argument asks for.
	Longest Slice
	// Fault is the first field whose arguments do not say how long its list is, though they have to; nil if there is none.
	Fault *Fault
}

// Node is a field that calls an API.
type Node struct {
	// Field is "Type.field", Path its response path without indices, and At where the document asks for it.
	Field string
	Path  []string
	At    *ast.Position
	API   string
	// Call is what is asked, for people; empty where code decides it.
	Call string
	// Parents is how many objects it is resolved for, and Calls how many calls that makes. Keys is how many things those calls ask
	// for together; 0 if each asks for one.
	Parents, Calls, Keys int
	// PerElement tells whether the field calls once for each of several parents.
	PerElement bool
	Children   []*Node
}

// Slice is the length of a list that an argument asks for, and where.
type Slice struct {
	Size float64
	At   *ast.Position
}

// Fault is something wrong with a field.
type Fault struct {
	At      *ast.Position
	Message string
}

// walk is the making of one estimate.
type walk struct {
	*Model
	doc       *ast.QueryDocument
	variables map[string]any
	estimate  *Estimate
	nodes     int
	loads     map[string]*load
}

// Estimate tells what an operation asks for at most. doc must be valid, and variables coerced. The only error is [ErrTooLarge].
func (m *Model) Estimate(doc *ast.QueryDocument, operation *ast.OperationDefinition, variables map[string]any) (*Estimate, error) {
	w := &walk{Model: m, doc: doc, variables: variables, estimate: &Estimate{Calls: map[string]int{}}, loads: map[string]*load{}}
	root := m.schema.Query
	switch operation.Operation {
	case ast.Mutation:
		root = m.schema.Mutation
	case ast.Subscription:
		root = m.schema.Subscription
	}
	cost, dearest := 0.0, -1.0
	for _, f := range w.collect(root, []ast.SelectionSet{operation.SelectionSet}) {
		one := w.field(place{object: root, parents: 1, below: &w.estimate.Tree}, f)
		cost += one
		if one > dearest {
			dearest, w.estimate.Dearest = one, f.Position
		}
	}
	if w.nodes > maxNodes {
		return nil, ErrTooLarge
	}
	w.estimate.Cost = bounded(max(cost, 0))
	w.count()
	w.estimate.APIs = slices.Sorted(maps.Keys(w.estimate.Calls))
	return w.estimate, nil
}

// place is where a field is asked for.
type place struct {
	object  *ast.Definition
	parents float64
	path    []string
	// sizes are the lengths of lists among the object's fields, by name, where the field above says them (sizedFields).
	sizes map[string]float64
	below *[]*Node
}

func (w *walk) collect(object *ast.Definition, sets []ast.SelectionSet) []asked {
	c := &collector{doc: w.doc, schema: w.schema, variables: w.variables, object: object, visited: map[string]bool{}, places: map[string]int{}}
	for _, set := range sets {
		c.collect(set)
	}
	return c.fields
}

// field gives the cost of a field and of everything beneath it, for all of its parents.
func (w *walk) field(in place, f asked) float64 {
	if w.nodes++; w.nodes > maxNodes {
		return 0
	}
	name := in.object.Name + "." + f.Name
	known := w.fields[name]
	if known == nil {
		return 0 // __typename and introspection
	}
	below := in.below
	path := append(slices.Clip(in.path), f.Alias)
	count, sizes := w.results(in, f.Field, known)
	if node := w.called(name, in.parents, count, path, f.Field); node != nil {
		*in.below = append(*in.below, node)
		below = &node.Children
	}
	sum := in.parents * max(known.weight+w.arguments(f.Field, known), 0)
	result := w.schema.Types[f.Definition.Type.Name()]
	if !result.IsCompositeType() {
		return sum + count*w.types[result.Name]
	}
	dearest := 0.0
	for _, object := range w.schema.GetPossibleTypes(result) {
		if object.Kind != ast.Object {
			continue
		}
		one := count * w.types[object.Name]
		for _, inner := range w.collect(object, f.sets) {
			one += w.field(place{object, count, path, sizes, below}, inner)
		}
		dearest = max(dearest, one)
	}
	return sum + dearest
}

// results is how many objects or values come of a field, for all of its parents, and how long lists among their fields are.
func (w *walk) results(in place, f *ast.Field, known *field) (count float64, sizes map[string]float64) {
	count = in.parents
	own, ownKnown := in.sizes[f.Name]
	if known.list != nil {
		length := w.length(f, known.list)
		if len(known.list.sized) > 0 {
			sizes = map[string]float64{}
			for _, name := range known.list.sized {
				sizes[name] = length
			}
		} else if !ownKnown {
			own, ownKnown = length, true
		}
	}
	for i := range known.lists {
		if i == 0 && ownKnown {
			count *= max(own, 0)
		} else {
			count *= w.size
		}
	}
	return min(count, most), sizes
}

// bounded rounds an amount up to a whole number, at most most.
func bounded(amount float64) int {
	whole := int(min(amount, most))
	if float64(whole) < amount && whole < most {
		whole++
	}
	return whole
}
