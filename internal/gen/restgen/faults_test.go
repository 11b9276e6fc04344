package restgen

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

var update = flag.Bool("update", false, "write the golden files")

// reference is the document that is made of the cases below.
const errorsDoc = "../../../docs/rest-errors.md"

// planOf reads a schema against the documents of testdata.
func planOf(t testing.TB, schema string, byHand ...string) (*Plan, error) {
	t.Helper()
	p, err := newPlan([]*ast.Source{{Name: "schema.graphqls", Input: schema + "\nscalar DateTime\nscalar Decimal\nscalar URL\n"}}, "testdata/clients")
	if err != nil {
		t.Fatalf("%v\n%s", err, schema)
	}
	p.module = "example.test"
	p.byHand = func(typ, field string) bool { return slices.Contains(byHand, typ+"."+field) }
	p.read()
	return p, p.faults.err()
}

// Every place in the source that finds a fault has a case, and every case breaks its rule alone: the rule's name is the case's.
func TestFaults(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("# What `go generate` says of a wrong `@rest`\n\nMade of the cases that are tested (`go test ./internal/gen/restgen -update`). Each line has the place in the schema, the rule, what is\n" +
		"wrong and what to do; all faults of a schema are told at once. The directives are in [rest.md](rest.md).\n\n| rule | in the schema | what it says |\n|---|---|---|\n")
	var all []*Fault
	for _, c := range faultCases() {
		p, err := planOf(t, c.schema)
		said := p.faults.list
		if c.rule == "deprecated" || c.rule == "servers" {
			said = p.Warnings
		} else if err == nil {
			t.Errorf("%s: no fault in\n%s", c.rule, c.schema)
			continue
		}
		if len(said) != 1 || said[0].Rule != c.rule {
			t.Errorf("want one fault of the rule %s, got %v of\n%s", c.rule, said, c.schema)
			continue
		}
		all = append(all, said[0])
		line := strings.TrimSpace(strings.Split(c.schema, "\n")[said[0].Line-1])
		fmt.Fprintf(&doc, "| %s | `%s` | %s |\n", c.rule, strings.ReplaceAll(line, "|", "\\|"), strings.NewReplacer("|", "\\|", "testdata/", "").Replace(said[0].Error()))
	}
	for _, s := range sites(t) {
		if !slices.ContainsFunc(all, s.covers) {
			t.Errorf("%s: no case has the rule %q and says %s", s.place, s.rule, s.says)
		}
	}
	if *update {
		if err := os.WriteFile(errorsDoc, []byte(doc.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if golden, err := os.ReadFile(errorsDoc); err != nil || string(golden) != doc.String() {
		t.Errorf("%s is not what the cases make (%v): go test ./internal/gen/restgen -update", errorsDoc, err)
	}
}

// A document that cannot be read is told of once, however many fields ask for it.
func TestABrokenDocumentIsOneFault(t *testing.T) {
	p, _ := planOf(t, `type Query {
  one: Int @rest(api: "broken", get: "/one")
  two: Int @rest(api: "broken", get: "/two")
}`)
	if len(p.faults.list) != 1 || p.faults.list[0].Rule != "api-unknown" {
		t.Errorf("faults are %v, want one", p.faults.list)
	}
}
