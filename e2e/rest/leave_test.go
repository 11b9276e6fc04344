package rest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whoever takes a directive away goes on with what was made of it, by hand: it compiles as it is left, and answers as before.
func TestLeaving(t *testing.T) {
	tree := copyTree(t)
	project := filepath.Join(tree, "graph", "rest", "resttest")
	for _, kind := range []string{"*.yml", "*.yaml", "*.json"} {
		run(t, root, nil, "sh", "-c", `git ls-files -z -- 'graph/rest/resttest/`+kind+`' | xargs -0 -r tar -cf - | tar -xf - -C "$0"`, tree)
	}
	schema := filepath.Join(project, "schema.graphqls")
	text, err := os.ReadFile(schema)
	if err != nil {
		t.Fatal(err)
	}
	fields := []string{"item", "items", "byCursor", "maker", "maybe", "kept", "order", "remove", "polled"}
	lines := strings.Split(string(text), "\n")
	directives := regexp.MustCompile(` @(rest|load|page)\(.*$`)
	taken := 0
	for i, line := range lines {
		for _, field := range fields {
			if strings.HasPrefix(line, "  "+field+"(") || strings.HasPrefix(line, "  "+field+": ") && field == "maybe" {
				lines[i] = directives.ReplaceAllString(line, "")
				taken++
			}
		}
	}
	if taken != len(fields) {
		t.Fatalf("%d fields are left of %q", taken, fields)
	}
	place(t, schema, []byte(strings.Join(lines, "\n")))
	run(t, tree, nil, "go", "run", "./internal/gen", "generate", "-config", "graph/rest/resttest/gqlgen.yml")
	resolvers, err := os.ReadFile(filepath.Join(project, "schema.resolvers.go"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(resolvers), "clients."); n < len(fields) || strings.Contains(string(resolvers), "r.restQueryItem(") {
		t.Errorf("the resolvers are\n%s", resolvers)
	}
	run(t, tree, nil, "go", "test", "-run", "TestGeneratedAnswersAsHandWritten|TestPages", "./graph/rest/resttest")
}
