package rest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// row is what one API takes to be had: what is written, and what is in its document.
type row struct {
	fields, schema, configuration, byHand int
	operations                            int
	megabytes                             float64
}

var (
	calls  = regexp.MustCompile(`@rest\(api: "(\w+)"`)
	loads  = regexp.MustCompile(`: (\w+) @load\(`)
	ofType = regexp.MustCompile(`^type (\w+).* @rest\(api: "(\w+)"`)
	opens  = regexp.MustCompile(`^(type|enum|input|union) `)
)

// count counts what is written for each API. A definition is the API's that its fields' calls name first; what names none is of the last
// that did, as the schema is written in order, and the lines of Query and Mutation are of the API that each names.
func count(t *testing.T) map[string]*row {
	rows := map[string]*row{"github": {}, "stripe": {}}
	lines := linesOf(t, "testdata/realtest/schema.graphqls")
	loaders := map[string]string{}
	for _, line := range lines {
		if m := ofType.FindStringSubmatch(line); m != nil {
			loaders[m[1]] = m[2]
		}
	}
	api := "github"
	for _, line := range lines {
		isType := opens.MatchString(line)
		if m := calls.FindStringSubmatch(line); m != nil {
			if api = m[1]; !isType {
				rows[api].fields++
			}
		} else if m := loads.FindStringSubmatch(line); m != nil {
			api = loaders[m[1]]
			rows[api].fields++
		} else if strings.HasPrefix(line, "type CustomerConnection") || strings.HasPrefix(line, "input CustomerInput") {
			api = "stripe"
		} else if strings.HasPrefix(line, "type Repository") || strings.HasPrefix(line, "input IssueInput") {
			api = "github"
		}
		rows[api].schema++
	}
	for _, line := range linesOf(t, "testdata/apis.yaml") {
		if name, found := strings.CutSuffix(strings.TrimSpace(line), ":"); found && rows[name] != nil {
			api = name
		}
		if strings.HasPrefix(line, "  ") {
			rows[api].configuration++
		}
	}
	return rows
}

// linesOf are a file's lines that say something.
func linesOf(t *testing.T, name string) []string {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool {
		line = strings.TrimSpace(line)
		return line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//")
	})
}

// read counts what a document has.
func (r *row) read(t *testing.T, document []byte) {
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	for _, item := range doc.Paths {
		for _, method := range []string{"get", "put", "post", "delete", "patch", "head", "options"} {
			if item[method] != nil {
				r.operations++
			}
		}
	}
	r.megabytes = float64(len(document)) / 1e6
}

// generatedLines are those of the Go that was made.
func generatedLines(t *testing.T, project string) (lines int) {
	err := filepath.WalkDir(project, func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_gen.go") {
			lines += len(linesOf(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// printTable writes the table.
func printTable(t *testing.T, rows map[string]*row) {
	var b strings.Builder
	b.WriteString("\n| API | fields that are calls | lines of schema | of configuration | of Go by hand | operations in the document | its size, MB |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for _, name := range []string{"github", "stripe"} {
		r := rows[name]
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %.1f |\n", name, r.fields, r.schema, r.configuration, r.byHand, r.operations, r.megabytes)
	}
	t.Log(b.String())
}
