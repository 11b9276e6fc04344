package cost

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// PerElement is a field, "Type.field", that calls its API once for each element of any list that it stands below.
type PerElement struct {
	Field, API string
	// Call is what is asked, for people; empty where code decides it.
	Call string
	// Accepted tells that the developer has said that it may: [Field.Each] in the table.
	Accepted bool
}

// PerElement lists the fields that call once for each element of a list, sorted by name.
func (m *Model) PerElement() []PerElement {
	var found []PerElement
	for name, f := range m.table.Fields {
		owner, _, _ := strings.Cut(name, ".")
		single, accepted := f.API != "" && (!f.Batch || f.Chunk == 1), f.Each
		if f.Loader != "" {
			loader := m.table.Loaders[f.Loader]
			single, accepted = loader.Chunk == 1 && loader.Keys != 1 && !f.Same, f.Each || loader.Each
		}
		if single && InList(m.schema, owner) {
			found = append(found, PerElement{name, m.table.API(name), m.table.call(name), accepted})
		}
	}
	slices.SortFunc(found, func(a, b PerElement) int { return cmp.Compare(a.Field, b.Field) })
	return found
}

// InList tells whether objects of a type can come in a list, or be part of objects that do.
func InList(schema *ast.Schema, name string) bool { return inList(schema, name, map[string]bool{}) }

func inList(schema *ast.Schema, name string, visited map[string]bool) bool {
	if visited[name] {
		return false
	}
	visited[name] = true
	for _, def := range schema.Types {
		for _, f := range def.Fields {
			if f.Type.Name() != name && !slices.ContainsFunc(schema.PossibleTypes[f.Type.Name()], func(d *ast.Definition) bool { return d.Name == name }) {
				continue
			}
			if f.Type.Elem != nil || inList(schema, def.Name, visited) {
				return true
			}
		}
	}
	return false
}
