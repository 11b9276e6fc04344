package plan

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Writer appends the answer in the order of the selection. A null where none may be makes a null of the object or list around it
// (specification §6.4.4): what has been appended of that is dropped, after all of it has reported its errors.
type Writer struct {
	// B is the answer so far; generated code appends scalars to it.
	B []byte

	ctx context.Context // the operation's; the writer lives no longer
	run *run
	// node and parent say which scalar is being written, index its place in each of the lists around it.
	node   *node
	parent int
	index  []int
	// failed tells that the error of the null just met has been reported.
	failed bool
	// told are the places of the errors that were told before the first null that must not be; nil until then.
	told map[string]bool
}

// answer writes the whole answer.
func (r *run) answer(ctx context.Context) []byte {
	buffer, lent := borrow(ctx)
	w := &r.writer
	*w = Writer{B: buffer.bytes[:0], ctx: ctx, run: r}
	ok := false
	if broken := r.broken.Load(); broken != nil {
		w.report(&graphql.FieldContext{Object: r.plan.root.object.Name}, broken)
	} else {
		ok = w.object(r.plan.root, 0, nil)
	}
	if !ok {
		w.B = append(w.B[:0], "null"...)
	}
	buffer.bytes = w.B
	if lent {
		return w.B
	}
	defer buffer.giveBack()
	return append(make([]byte, 0, len(w.B)), w.B...)
}

// object writes an object. It returns false if a field is null that must not be.
func (w *Writer) object(s *selection, number int, object any) bool {
	ok := true
	w.B = append(w.B, '{')
	for i, n := range s.fields {
		if i > 0 {
			w.B = append(w.B, ',')
		}
		w.B = append(w.B, n.key...)
		switch {
		case n.table == nil: // __typename
		case len(w.run.denied) > 0 && w.run.denied[n] != nil:
			ok = w.deny(n, number) && ok
		case len(n.ids) == 0:
			ok = w.leaf(n, number, object) && ok
		default:
			c := &w.run.columns[n.column]
			_, good := w.cell(n, c, c.starts[number], n.typ)
			ok = good && ok
		}
	}
	w.B = append(w.B, '}')
	return ok
}

// cell writes the null, list or object in the cell at a place, and returns where the next one begins.
func (w *Writer) cell(n *node, c *Column, at int32, typ *ast.Type) (next int32, ok bool) {
	place, begin := c.cells[at], len(w.B)
	next = at + 1
	switch place.kind {
	case cellNull:
		if typ.NonNull {
			w.invalid(n, w.run.cellContext(n, at), typ)
		}
	case cellFailed:
		w.report(w.run.cellContext(n, at), c.errs[place.n])
	case cellRaw:
		ok = w.raw(n, at, c.raw[place.n])
	case cellObject:
		ok = w.object(n.selections[place.slot], int(place.n), c.groups[place.slot].objects[place.n])
	case cellList:
		ok = true
		w.B = append(w.B, '[')
		for i := range place.n {
			if i > 0 {
				w.B = append(w.B, ',')
			}
			var good bool
			next, good = w.cell(n, c, next, typ.Elem)
			ok = good && ok
		}
		w.B = append(w.B, ']')
	}
	return next, ok || w.null(begin, typ)
}

// raw has a value write itself.
func (w *Writer) raw(n *node, at int32, m graphql.Marshaler) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			w.report(w.run.cellContext(n, at), &panicked{v})
			ok = false
		}
	}()
	m.MarshalGQL(w)
	return true
}

// null replaces what was written since begin by null. It returns false where none may be.
func (w *Writer) null(begin int, typ *ast.Type) bool {
	w.B = append(w.B[:begin], "null"...)
	return !typ.NonNull
}

// leaf writes a scalar or enum, or a list of them.
func (w *Writer) leaf(n *node, parent int, object any) bool {
	begin := len(w.B)
	w.node, w.parent, w.failed, w.index = n, parent, false, w.index[:0]
	if w.value(n, parent, object) {
		return true
	}
	w.index = w.index[:0]
	if n.typ.NonNull && !w.failed {
		w.invalid(n, w.run.fieldContext(n, parent), n.typ)
	}
	return w.null(begin, n.typ)
}

func (w *Writer) value(n *node, parent int, object any) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			w.index = w.index[:0]
			ok = w.Fail(&panicked{v})
		}
	}()
	if n.column < 0 {
		return n.table.Leaf(w, object)
	}
	c := &w.run.columns[n.column]
	if c.leafErrs != nil && c.leafErrs[parent] != nil {
		return c.leafErrs[parent] != ErrAbsent && w.Fail(c.leafErrs[parent]) //nolint:errorlint // Generated code returns it as it is.
	}
	return c.leaf(w, parent)
}

// LeafList writes a list of scalars or enums. A nil slice is null unless the type says otherwise.
func LeafList[T any](w *Writer, values []T, nonNull, elemNonNull bool, write func(*Writer, T) bool) bool {
	if values == nil && !nonNull {
		return false
	}
	depth, ok := len(w.index), true
	w.index = append(w.index, 0)
	w.B = append(w.B, '[')
	for i, v := range values {
		if i > 0 {
			w.B = append(w.B, ',')
		}
		w.index[depth], w.failed = i, false
		begin := len(w.B)
		if write(w, v) {
			continue
		}
		w.B = append(w.B[:begin], "null"...)
		if elemNonNull {
			if ok = false; !w.failed {
				w.invalidElement()
			}
		}
	}
	w.B = append(w.B, ']')
	w.index, w.failed = w.index[:depth], !ok
	return ok
}
