//go:build !nodemo

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	gqlsyntax "github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// checkGraphQL validates an operation in the schema, and definitions as an extension of it.
func checkGraphQL(t *testing.T, b block) {
	t.Helper()
	source := &ast.Source{Name: b.String(), Input: b.text}
	if b.sketch != "" {
		checkGraphQLSketch(t, source)
		return
	}
	if strings.Contains(trimmedLines(schemaSource), trimmedLines(b.text)) {
		return
	}
	schema, err := gqlparser.LoadSchema(wholeSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, inQuery := gqlparser.LoadQueryWithRules(schema, b.text, rules.NewDefaultRules()); inQuery != nil {
		if _, inSchema := gqlparser.LoadSchema(wholeSchema(t), source); inSchema != nil {
			t.Errorf("%s: neither an operation (%v) nor a part of the schema (%v)", b, inQuery, inSchema)
		}
	}
}

func wholeSchema(t *testing.T) *ast.Source {
	t.Helper()
	var whole strings.Builder
	if err := printSchema(nil, &whole); err != nil {
		t.Fatal(err)
	}
	return &ast.Source{Name: "schema.graphqls", Input: whole.String()}
}

// checkGraphQLSketch validates a schema of types that a reader may have, or fields of one, with our directives: those there are,
// where they may stand, with arguments that they have. Types that it only names are made up. An operation is looked at for its syntax.
func checkGraphQLSketch(t *testing.T, source *ast.Source) {
	t.Helper()
	if _, err := gqlsyntax.ParseQuery(source); err == nil {
		return
	}
	sketch, err := gqlsyntax.ParseSchema(source)
	if fields, inType := gqlsyntax.ParseSchema(&ast.Source{Name: source.Name, Input: "type Sketch {" + source.Input + "}"}); inType == nil {
		sketch, err = fields, nil
	}
	if err != nil {
		t.Errorf("%s: %v", source.Name, err)
		return
	}
	document, err := gqlsyntax.ParseSchemas(validator.Prelude, wholeSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	document.Definitions = slices.DeleteFunc(document.Definitions, func(d *ast.Definition) bool { return !d.BuiltIn && d.Kind != ast.Scalar })
	document.Definitions = slices.Concat(document.Definitions, sketch.Definitions, sketch.Extensions)
	for _, definition := range slices.Clone(document.Definitions) {
		for _, field := range definition.Fields {
			madeUp(document, field.Type, ast.Object)
			for _, argument := range field.Arguments {
				madeUp(document, argument.Type, ast.InputObject)
			}
		}
	}
	if _, err := validator.ValidateSchemaDocument(document); err != nil {
		t.Errorf("%s: %v", source.Name, err)
	}
}

// madeUp adds a type that a document names and does not define.
func madeUp(document *ast.SchemaDocument, of *ast.Type, kind ast.DefinitionKind) {
	if document.Definitions.ForName(of.Name()) == nil {
		field := &ast.FieldDefinition{Name: "id", Type: ast.NamedType("ID", nil)}
		document.Definitions = append(document.Definitions, &ast.Definition{Kind: kind, Name: of.Name(), Fields: ast.FieldList{field}})
	}
}
