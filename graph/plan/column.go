package plan

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql"
)

// Column is what one field of a plan gave for all of its parents, in their order: a cell for each null, list and object,
// and the objects themselves by type, since the fields beneath are resolved for all objects of a type together. Generated code fills it
// by Null, Open, Close, Object and Other. It belongs to one goroutine at a time.
type Column struct {
	node  *node
	cells []cell
	// starts has the first cell of each parent.
	starts []int32
	// groups are the objects, by their type's place among the node's possible types.
	groups []group
	errs   []error
	// raw are values of Go types that the schema does not know, which write themselves.
	raw []graphql.Marshaler
	// leaf writes the value for a parent, by its number, where a resolver gave scalars; leafErrs are the errors, by the same number.
	leaf     func(w *Writer, parent int) bool
	leafErrs []error
	// fc is the field context of a resolver's call for the first parent.
	fc *graphql.FieldContext

	open []level
}

type group struct {
	objects []any
	cells   []int32 // each object's cell
}

type cellKind uint8

const (
	cellNull cellKind = iota
	cellList
	cellObject
	cellFailed // null, with an error
	cellRaw
)

// cell is one place of the answer.
type cell struct {
	kind cellKind
	slot uint16
	// n is a list's length, an object's number in its group, or the place of an error or a raw value.
	n int32
	// up is the cell of the list around this one, or the bitwise complement of the parent's number where there is none.
	up int32
	// index is the place in the list around this cell.
	index int32
}

// level is a list being filled.
type level struct {
	cell, next int32
}

// begin starts the cells of the next parent.
func (c *Column) begin() { c.starts = append(c.starts, int32(len(c.cells))) } //nolint:gosec // Bounded by memory.

func (c *Column) add(kind cellKind, slot, n int) {
	next := cell{kind: kind, slot: uint16(slot), n: int32(n)} //nolint:gosec // Bounded by the plan and by memory.
	if depth := len(c.open); depth > 0 {
		list := &c.open[depth-1]
		next.up, next.index = list.cell, list.next
		list.next++
	} else {
		next.up = ^int32(len(c.starts) - 1) //nolint:gosec // Bounded by memory.
	}
	c.cells = append(c.cells, next)
}

// Null adds a null.
func (c *Column) Null() { c.add(cellNull, 0, 0) }

// Open begins a list of n elements, which follow.
func (c *Column) Open(n int) {
	c.add(cellList, 0, n)
	c.open = append(c.open, level{cell: int32(len(c.cells) - 1)}) //nolint:gosec // Bounded by memory.
}

// Close ends the list begun last.
func (c *Column) Close() { c.open = c.open[:len(c.open)-1] }

// Object adds an object of the type with that id.
func (c *Column) Object(id int, object any) {
	slot := c.node.slot(id)
	g := &c.groups[slot]
	c.add(cellObject, slot, len(g.objects))
	g.objects = append(g.objects, object)
	g.cells = append(g.cells, int32(len(c.cells)-1)) //nolint:gosec // Bounded by memory.
}

// Other adds a value of a Go type that the abstract type does not have, as gqlgen does: the value must write itself, else it is null with
// the error of a panic.
func (c *Column) Other(abstract string, value any) {
	m, ok := value.(graphql.Marshaler)
	if !ok {
		c.fail(&panicked{fmt.Errorf("unexpected type %T; non-generated variants of %s must implement graphql.Marshaler", value, abstract)})
		return
	}
	c.add(cellRaw, 0, len(c.raw))
	c.raw = append(c.raw, m)
}

// List adds a list. A nil slice is null unless the type says otherwise.
func List[T any](c *Column, values []T, nonNull bool, add func(*Column, T)) {
	if values == nil && !nonNull {
		c.Null()
		return
	}
	c.Open(len(values))
	for _, v := range values {
		add(c, v)
	}
	c.Close()
}

// ListOf is [List] for elements that are not pointers: add gets the address of each.
func ListOf[T any](c *Column, values []T, nonNull bool, add func(*Column, *T)) {
	if values == nil && !nonNull {
		c.Null()
		return
	}
	c.Open(len(values))
	for i := range values {
		add(c, &values[i])
	}
	c.Close()
}

// fail adds a null with its error.
func (c *Column) fail(err error) {
	c.add(cellFailed, 0, len(c.errs))
	c.errs = append(c.errs, err)
}

// mark is a column's state before a parent's cells.
type mark struct{ cells, raw int }

func (c *Column) mark() mark { return mark{len(c.cells), len(c.raw)} }

// undo drops what was added since the mark.
func (c *Column) undo(m mark) {
	for _, dropped := range c.cells[m.cells:] {
		if dropped.kind == cellObject {
			g := &c.groups[dropped.slot]
			g.objects, g.cells = g.objects[:len(g.objects)-1], g.cells[:len(g.cells)-1]
		}
	}
	c.cells, c.raw, c.open = c.cells[:m.cells], c.raw[:m.raw], c.open[:0]
}

// maxKept bounds the cells of a column that is kept for the next run.
const maxKept = 1 << 14

// reset empties the column for the next run. It keeps the memory, and none of the values.
func (c *Column) reset() {
	if cap(c.cells) > maxKept {
		*c = Column{node: c.node, groups: make([]group, len(c.groups))}
		return
	}
	for i := range c.groups {
		g := &c.groups[i]
		clear(g.objects)
		g.objects, g.cells = g.objects[:0], g.cells[:0]
	}
	clear(c.errs)
	clear(c.raw)
	c.cells, c.starts, c.errs, c.raw, c.open = c.cells[:0], c.starts[:0], c.errs[:0], c.raw[:0], c.open[:0]
	c.leaf, c.leafErrs, c.fc = nil, nil, nil
}
