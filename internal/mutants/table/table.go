// Package table reads the table of docs/security.md: which test proves which requirement.
//
// A row is `| ids | what | proof |`: identifiers such as BCL-7, separated by commas, and names of tests in backticks, or
// the reason why there are none. A Go test is `package.TestName` or `package.TestName/subtest`, with the package's
// directory, and main for the top one; a test in a real browser is `e2e/file.test.mjs: title`.
package table

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Row is one line of the table.
type Row struct {
	Line    int
	IDs     []string
	Go      []Test
	Browser []BrowserTest
	// Proof is the cell as it is written.
	Proof string
}

// Test is a Go test or subtest.
type Test struct{ Package, Name string }

// Dir is the package's directory.
func (t Test) Dir() string {
	if t.Package == "main" {
		return "."
	}
	return "./" + t.Package
}

// String is the test as the table has it.
func (t Test) String() string { return t.Package + "." + t.Name }

// Written is the test's name as `go test` writes it.
func (t Test) Written() string { return strings.ReplaceAll(t.Name, " ", "_") }

// BrowserTest is a test of e2e.
type BrowserTest struct{ File, Title string }

var (
	id      = regexp.MustCompile(`^[A-Z]+-\d+$`)
	quoted  = regexp.MustCompile("`([^`]+)`")
	goTest  = regexp.MustCompile(`^([a-z][a-z0-9_/]*)\.((?:Test|Fuzz|Example)\w*(?:/.+)?)$`)
	browser = regexp.MustCompile(`^(e2e/[\w-]+\.test\.mjs): (.+)$`)
)

// Read reads a file's rows: the lines of its tables whose first cell has identifiers.
func Read(file string) ([]Row, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for i, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		row := Row{Line: i + 1, IDs: strings.Split(cells[0], ", ")}
		if !strings.HasPrefix(line, "|") || !id.MatchString(row.IDs[0]) {
			continue
		}
		if len(cells) != 3 {
			return nil, fmt.Errorf("%s:%d: the row has %d cells, want 3", file, row.Line, len(cells))
		}
		for _, name := range row.IDs {
			if !id.MatchString(name) {
				return nil, fmt.Errorf("%s:%d: %q is no identifier", file, row.Line, name)
			}
		}
		row.Proof = cells[2]
		for _, m := range quoted.FindAllStringSubmatch(row.Proof, -1) {
			if g := goTest.FindStringSubmatch(m[1]); g != nil {
				row.Go = append(row.Go, Test{g[1], g[2]})
			} else if b := browser.FindStringSubmatch(m[1]); b != nil {
				row.Browser = append(row.Browser, BrowserTest{b[1], b[2]})
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}
