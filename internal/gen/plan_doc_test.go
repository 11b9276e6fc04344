//go:build !nodemo

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The plan that the documentation shows is the plan of the query that it shows.
func TestThePlanInTheDocumentation(t *testing.T) {
	const file = "docs/limits.md"
	t.Chdir("../..")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), "this query in `page.graphql`,\n\n```graphql\n")
	query, rest, _ := strings.Cut(rest, "```\n")
	between, rest, _ := strings.Cut(rest, "```text\n")
	shown, after, found := strings.Cut(rest, "```\n")
	if !found {
		t.Fatalf("%s shows no plan", file)
	}
	var out bytes.Buffer
	if err := plan([]string{"-"}, strings.NewReader(query), &out); err != nil {
		t.Fatal(err)
	}
	if *update {
		marked := before + "this query in `page.graphql`,\n\n```graphql\n" + query + "```\n" + between + "```text\n" + out.String() + "```\n" + after
		if err := os.WriteFile(file, []byte(marked), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if shown != out.String() {
		t.Errorf("%s shows\n%s\nand it is now\n%s", file, shown, out.String())
	}
}
