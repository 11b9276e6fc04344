package breaking

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// ErrBreaks is that a change breaks clients.
var ErrBreaks = errors.New("the change breaks clients")

// operation is one in use.
type operation struct {
	name string // with the manifest that it is from
	text string
	uses map[string]bool
}

// Report writes what the changes from one schema to another break. With manifests of operations in use it fails with ErrBreaks if one of
// these breaks; without, if there is any breaking change.
func Report(w io.Writer, from, to *ast.Source, manifests []Manifest) error {
	before, err := gqlparser.LoadSchema(from)
	if err != nil {
		return fmt.Errorf("%s: %w", from.Name, err)
	}
	after, err := gqlparser.LoadSchema(to)
	if err != nil {
		return fmt.Errorf("%s: %w", to.Name, err)
	}
	inUse, err := read(before, manifests)
	if err != nil {
		return err
	}
	broken := map[string]bool{}
	changes := Changes(before, after)
	for _, c := range changes {
		fmt.Fprintln(w, c)
		if len(manifests) == 0 {
			continue
		}
		touched := false
		for _, o := range inUse {
			if c.touches(o) {
				touched, broken[o.name] = true, true
				fmt.Fprintln(w, "    breaks", o.name)
			}
		}
		if !touched {
			fmt.Fprintln(w, "    no operation in use minds")
		}
	}
	// Whatever else makes an operation invalid, such as fields that can no longer be merged.
	for _, o := range inUse {
		if _, faults := gqlparser.LoadQueryWithRules(after, o.text, nil); len(faults) > 0 && !broken[o.name] {
			broken[o.name] = true
			fmt.Fprintf(w, "%s is not valid any more: %v\n", o.name, faults[0])
		}
	}
	switch {
	case len(broken) > 0:
		return fmt.Errorf("%w: %d of %d operations in use", ErrBreaks, len(broken), len(inUse))
	case len(manifests) == 0 && len(changes) > 0:
		return fmt.Errorf("%w: %d changes", ErrBreaks, len(changes))
	}
	return nil
}

// touches tells whether a change concerns an operation. Something that became mandatory concerns those that use what it belongs to and
// do not give it.
func (c Change) touches(o operation) bool {
	if !c.mandatory {
		return o.uses[c.At]
	}
	owner, _, argument := strings.Cut(c.At, "(")
	if !argument {
		owner, _, _ = strings.Cut(c.At, ".")
	}
	return o.uses[owner] && !o.uses[c.At]
}

// read gives the operations of the manifests, each text once. One that is not valid even before the change is an error: the manifest
// belongs to another schema.
func read(schema *ast.Schema, manifests []Manifest) ([]operation, error) {
	var inUse []operation
	known := map[string]bool{}
	for _, m := range manifests {
		texts, err := m.texts()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		for _, id := range slices.Sorted(maps.Keys(texts)) {
			text := texts[id]
			if known[text] {
				continue
			}
			known[text] = true
			doc, faults := gqlparser.LoadQueryWithRules(schema, text, nil)
			if len(faults) > 0 {
				return nil, fmt.Errorf("%s: %s is not valid even before the change: %w", m.Name, id, faults)
			}
			name := id
			if doc.Operations[0].Name != "" {
				name = string(doc.Operations[0].Operation) + " " + doc.Operations[0].Name
			}
			inUse = append(inUse, operation{name + " (" + m.Name + ")", text, uses(schema, doc)})
		}
	}
	return inUse, nil
}
