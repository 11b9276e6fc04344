package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/internal/gen/restgen"
)

// adding is a project of its own, a copy of the test's world, in which it is added.
type adding struct {
	dir, document string
}

func newAdding(t *testing.T) adding {
	t.Helper()
	a := adding{dir: t.TempDir()}
	if err := os.CopyFS(a.dir, os.DirFS("testdata/world")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(a.dir, "go.mod"), "module example.test\n")
	var err error
	if a.document, err = filepath.Abs("testdata/reviews.yaml"); err != nil {
		t.Fatal(err)
	}
	t.Chdir(a.dir)
	return a
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func (a adding) add(args ...string) (schema, notes string, err error) {
	var out, told bytes.Buffer
	err = addAPI(args, &out, &told)
	return out.String(), told.String(), err
}

// What is proposed for each operation is what the generator takes; what it cannot have is left out, with the reason.
func TestAddAPI(t *testing.T) {
	want, err := filepath.Abs("testdata/reviews.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	a := newAdding(t)
	schema, notes, err := a.add("-op", "listReviews", "-op", "writeReview", "-op", "GET /v2/reviews/{id}", "-op", "DELETE /v2/reviews/{id}", "-op", "photo", "-op", "followReview", "reviews", a.document)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, want, schema)
	for _, told := range []string{"The document is clients/reviews/openapi.yaml.", "apis:\n  reviews:\n    base_url: https://reviews.test/v2\n    token: user #", "belongs into schema.graphqls"} {
		if !strings.Contains(notes, told) {
			t.Errorf("notes are %q, want %q", notes, told)
		}
	}
	there, err := os.ReadFile("schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	write(t, "schema.graphqls", string(there)+schema)
	cfg, _, err := load("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := restgen.Load(cfg); err != nil {
		t.Errorf("the generator does not take it: %v", err)
	}
	if again, _, err := a.add("-op", "listReviews", "reviews", a.document); err != nil || !strings.Contains(again, "reviewsProductReviews(") {
		t.Errorf("again = %v\n%s\nwant names that are free", err, again)
	}
}

// Without an operation it tells which there are.
func TestAddAPIListsOperations(t *testing.T) {
	a := newAdding(t)
	listed, _, err := a.add("reviews", a.document)
	if want := "GET /products/{product_id}/reviews  listReviews  What customers think of a product.\n"; err != nil || !strings.Contains(listed, want) || strings.Count(listed, "\n") != 6 {
		t.Errorf("listed = %q, %v; want six, %q among them", listed, err, want)
	}
}

// A wrong word changes nothing, and is told with what may have been meant.
func TestAddAPIRefuses(t *testing.T) {
	a := newAdding(t)
	write(t, "old.yaml", "openapi: 2.0\n")
	write(t, "braces.yaml", "apis: {orders: {base_url: https://x.test}}\n")
	write(t, "other.yaml", "openapi: 3.0.0\npaths: {}\n")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"usage: gen add-api", []string{"reviews"}},
		{"no such file", []string{"reviews", "none.yaml"}},
		{`"my-api" is no name for an API's Go package`, []string{"my-api", a.document}},
		{"want 3.0 or 3.1", []string{"reviews", "old.yaml"}},
		{"reviews has no operation listReview; did you mean listReviews?", []string{"-op", "listReview", "reviews", a.document}},
		{"did you mean GET /photos/{id}?", []string{"-op", "GET /photo/{id}", "reviews", a.document}},
		{"1: apis is written in braces", []string{"-gateway", "braces.yaml", "reviews", a.document}},
		{"clients/shop/openapi.yaml is there and differs", []string{"shop", a.document}},
	} {
		if out, _, err := a.add(c.args...); err == nil || !strings.Contains(err.Error(), c.want) || out != "" {
			t.Errorf("%v: error = %v, want %s\n%s", c.args, err, c.want, out)
		}
	}
	if _, err := os.Stat("clients/reviews"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was refused left clients/reviews: %v", err)
	}
	if _, _, err := a.add("-replace", "shop", "other.yaml"); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile("clients/shop/openapi.yaml"); err != nil || !strings.HasPrefix(string(text), "openapi: 3.0.0") {
		t.Errorf("-replace left %s, %v", text, err)
	}
}

// A configuration gets the API's block, and is otherwise as it was.
func TestAddAPIToAConfiguration(t *testing.T) {
	const block = "base_url: https://reviews.test/v2\n"
	a := newAdding(t)
	for _, c := range []struct{ name, before, after string }{
		{"no APIs yet", "# Ours.\nserver:\n  public_url: https://x.test\n", "# Ours.\nserver:\n  public_url: https://x.test\n\napis:\n  reviews:\n    " + block},
		{"others", "apis:   # all of them\n    # The old one.\n    orders:\n        base_url: https://x.test\nsession: {}\n", "apis:   # all of them\n    reviews:\n      " + block + "      token: user # or user, client, exchange, none: docs/configuration.md\n    # The old one.\n    orders:\n        base_url: https://x.test\nsession: {}\n"},
		{"none", "apis:", "apis:\n  reviews:\n    " + block},
		{"nothing at all", "", "apis:\n  reviews:\n    " + block},
		{"there already", "apis:\n  reviews: {base_url: https://y.test}\n", "apis:\n  reviews: {base_url: https://y.test}\n"},
	} {
		write(t, "vestibule.yaml", c.before)
		_, _, err := a.add("-gateway", "vestibule.yaml", "reviews", a.document)
		got, readErr := os.ReadFile("vestibule.yaml")
		if err := errors.Join(err, readErr); err != nil || !strings.HasPrefix(string(got), c.after) {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.name, err, got, c.after)
		}
		if _, err := withAPI(got, "x", "x: {}\n"); err != nil {
			t.Errorf("%s: no YAML: %v", c.name, err)
		}
	}
}

// The proposal is checked with the generator's own eyes: what it would not take is not proposed.
func TestProposalsOfALoneSchema(t *testing.T) {
	document, err := os.ReadFile("testdata/reviews.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := restgen.Propose([]*ast.Source{{Name: "schema.graphqls", Input: "type Query { x: Int }"}}, restgen.Wish{API: "reviews", Document: document, Operations: []string{"photo"}, Depth: 2})
	if want := "# Left out: GET /photos/{id} (its answer is no JSON)\n"; err != nil || got != want {
		t.Errorf("proposal = %q, %v; want %q", got, err, want)
	}
}
