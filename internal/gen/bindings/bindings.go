// Package bindings compares gqlgen.yml with the schema before gqlgen reads it: gqlgen ignores a type or a field that the schema does
// not have, and names neither file nor line for a Go type that does not exist.
package bindings

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"go.yaml.in/yaml/v3"

	"vestibule.example/internal/nearest"
)

// File is gqlgen's configuration with the line and column of everything in it.
type File struct {
	name string
	root *yaml.Node
}

// Read reads the file as YAML. What else may be wrong with it gqlgen reports.
func Read(name string) (*File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f := &File{name: name, root: &yaml.Node{}}
	if len(document.Content) > 0 {
		f.root = document.Content[0]
	}
	return f, nil
}

// Check reports every type and field below models that the schema does not have, each with its place and, if one is near, the name
// that was meant.
func (f *File) Check(sources []*ast.Source) error {
	document, err := parser.ParseSchemas(sources...)
	if err != nil {
		return nil // gqlgen reports it, with its place.
	}
	fields := map[string][]string{"ID": nil, "Int": nil, "Float": nil, "String": nil, "Boolean": nil}
	for _, definition := range slices.Concat(document.Definitions, document.Extensions) {
		names := fields[definition.Name]
		for _, field := range definition.Fields {
			names = append(names, field.Name)
		}
		fields[definition.Name] = names
	}
	types := make([]string, 0, len(fields))
	for name := range fields {
		types = append(types, name)
	}
	var faults []error
	each(value(f.root, "models"), func(name, model *yaml.Node) {
		of, known := fields[name.Value]
		if !known {
			faults = append(faults, f.fault(name, "the schema has no type "+name.Value, name.Value, types))
			return
		}
		each(value(model, "fields"), func(field, _ *yaml.Node) {
			if !slices.Contains(of, field.Value) {
				faults = append(faults, f.fault(field, "the schema has no field "+name.Value+"."+field.Value, field.Value, of))
			}
		})
	})
	return errors.Join(faults...)
}

// Place adds to an error of gqlgen's about a Go type where the file names that type.
func (f *File) Place(err error) error {
	if err == nil {
		return nil
	}
	_, goType, found := strings.Cut(err.Error(), "unable to find type: ")
	if !found {
		return err
	}
	goType, _, _ = strings.Cut(goType, "\n")
	if node := find(f.root, strings.TrimSpace(goType)); node != nil {
		return fmt.Errorf("%s:%d:%d: there is no Go type %s: %w", f.name, node.Line, node.Column, node.Value, err)
	}
	return err
}

func (f *File) fault(at *yaml.Node, what, name string, candidates []string) error {
	slices.Sort(candidates)
	if best := nearest.To(name, candidates); best != "" {
		what += "; did you mean " + best + "?"
	}
	return fmt.Errorf("%s:%d:%d: %s", f.name, at.Line, at.Column, what) //nolint:err113 // For a person, with its place.
}

// each calls do for every key of a mapping and its value.
func each(mapping *yaml.Node, do func(key, value *yaml.Node)) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		do(mapping.Content[i], mapping.Content[i+1])
	}
}

func value(mapping *yaml.Node, key string) (found *yaml.Node) {
	each(mapping, func(k, v *yaml.Node) {
		if k.Value == key {
			found = v
		}
	})
	return found
}

// find gives the first scalar of that text.
func find(node *yaml.Node, text string) *yaml.Node {
	if node.Kind == yaml.ScalarNode && node.Value == text {
		return node
	}
	for _, child := range node.Content {
		if found := find(child, text); found != nil {
			return found
		}
	}
	return nil
}
