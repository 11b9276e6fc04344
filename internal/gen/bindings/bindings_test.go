package bindings_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/internal/gen/bindings"
)

const config = `models:
  Ordr:
    fields: {id: {resolver: true}}
  Order:
    fields:
      lines: {resolver: true}
      shipmnts: {resolver: true}
      extended: {resolver: true}
  ID:
    model: [github.com/99designs/gqlgen/graphql.ID]
  Money:
    model: [vestibule.example/graph/scalar.Mony]
`

func read(t *testing.T, text string) *bindings.File {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("gqlgen.yml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := bindings.Read("gqlgen.yml")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// Issue 9: a wrong binding fails at generation, with its place and what was meant.
func TestWrongBindingsHaveAPlace(t *testing.T) {
	schema := []*ast.Source{{Name: "schema.graphqls", Input: "type Order { id: ID! lines: [ID] shipments: [ID] }\nextend type Order { extended: ID }\nscalar Money"}}
	err := read(t, config).Check(schema)
	const want = "gqlgen.yml:2:3: the schema has no type Ordr; did you mean Order?\n" +
		"gqlgen.yml:7:7: the schema has no field Order.shipmnts; did you mean shipments?"
	if err == nil || err.Error() != want {
		t.Errorf("Check = %v, want\n%s", err, want)
	}
	if err := read(t, "schema: [a]\n").Check(schema); err != nil {
		t.Errorf("no models: %v", err)
	}
}

func TestAGoTypeThatIsNotThereHasAPlace(t *testing.T) {
	file := read(t, config)
	lacking := errors.New("modelgen: unable to find type: vestibule.example/graph/scalar.Mony\n")
	const want = "gqlgen.yml:12:13: there is no Go type vestibule.example/graph/scalar.Mony: "
	if err := file.Place(lacking); !errors.Is(err, lacking) || err.Error() != want+lacking.Error() {
		t.Errorf("Place = %v, want %s", err, want)
	}
	other := errors.New("something else")
	if err := file.Place(other); !errors.Is(err, other) || err.Error() != other.Error() {
		t.Errorf("Place of another error = %v", err)
	}
	if err := file.Place(nil); err != nil {
		t.Errorf("Place of no error = %v", err)
	}
}

// The repository's own file is in order.
func TestOurBindings(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	file, err := bindings.Read(filepath.Join(root, "gqlgen.yml"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "schema.graphqls"))
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Check([]*ast.Source{{Name: "schema.graphqls", Input: string(text)}}); err != nil {
		t.Error(err)
	}
}
