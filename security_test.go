//go:build !nodemo

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"vestibule.example/internal/mutants/table"
)

// requirements are those that docs/security.md has a row for, by prefix and how many there are.
func requirements() map[string]bool {
	ids := map[string]bool{}
	for prefix, n := range map[string]int{
		"BBA": 24, "BCP": 20, "BCPU": 3, "OIDC": 30, "ISS": 2, "PKCE": 2, "PAR": 2, "RES": 2, "TX": 2, "DPOP": 3, "PKJ": 2, "STEP": 2, "REV": 1,
		"RPL": 6, "BCL": 20, "FCL": 4, "SM": 1, "CK": 10, "SES": 18, "CSRF": 12, "COP": 5, "SFS": 2, "RED": 4, "WS": 15, "SSE": 7, "T": 28,
	} {
		for i := range n {
			ids[fmt.Sprintf("%s-%d", prefix, i+1)] = true
		}
	}
	return ids
}

// Each requirement has one row, and each test that a row names exists. That it ran is .ci/test's to see.
func TestEveryRequirementHasItsProof(t *testing.T) {
	rows, err := table.Read("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	missing := requirements()
	tests := map[string]*testNames{}
	for _, row := range rows {
		at := fmt.Sprintf("docs/security.md:%d", row.Line)
		for _, id := range row.IDs {
			if !missing[id] {
				t.Errorf("%s: %s is there twice, or is no requirement", at, id)
			}
			delete(missing, id)
		}
		if len(row.Go)+len(row.Browser) == 0 && !strings.HasPrefix(row.Proof, "Does not apply: ") {
			t.Errorf("%s: neither a test nor why it does not apply: %q", at, row.Proof)
		}
		namesWhatExists(t, at, row, tests)
	}
	for id := range missing {
		t.Errorf("%s has no row in docs/security.md", id)
	}
}

// Each threat has its answer: a test that exists, and a file that does.
func TestEveryThreatHasItsAnswer(t *testing.T) {
	const file = "docs/threat-model.md"
	rows, err := table.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 30 {
		t.Errorf("%s has %d threats", file, len(rows))
	}
	source := regexp.MustCompile("`([a-z][a-z_/]*\\.(?:go|md))`")
	tests := map[string]*testNames{}
	for _, row := range rows {
		at := fmt.Sprintf("%s:%d", file, row.Line)
		if len(row.Go)+len(row.Browser) == 0 {
			t.Errorf("%s: no test", at)
		}
		namesWhatExists(t, at, row, tests)
		for _, m := range source.FindAllStringSubmatch(row.Proof, -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s: there is no %s", at, m[1])
			}
		}
	}
}

// namesWhatExists finds a row's tests; tests keeps what is known of packages.
func namesWhatExists(t *testing.T, at string, row table.Row, tests map[string]*testNames) {
	t.Helper()
	for _, test := range row.Go {
		if tests[test.Dir()] == nil {
			tests[test.Dir()] = goTests(t, test.Dir())
		}
		if !tests[test.Dir()].have(test.Name) {
			t.Errorf("%s: there is no %s", at, test)
		}
	}
	for _, test := range row.Browser {
		if !hasBrowserTest(t, test) {
			t.Errorf("%s: %s has no test %q", at, test.File, test.Title)
		}
	}
	if named := strings.Count(row.Proof, ".Test") + strings.Count(row.Proof, ".Fuzz") + strings.Count(row.Proof, ".test.mjs"); named != len(row.Go)+len(row.Browser) {
		t.Errorf("%s: %d of %d tests are not named as the table wants it: %q", at, named-len(row.Go)-len(row.Browser), named, row.Proof)
	}
}

// testNames are the test functions of a package, and the texts that may name subtests.
type testNames struct{ functions, texts map[string]bool }

func goTests(t *testing.T, dir string) *testNames {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no tests (%v)", dir, err)
	}
	names := &testNames{map[string]bool{}, map[string]bool{}}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil {
					names.functions[n.Name.Name] = true
				}
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					names.texts[text] = true
				}
			}
			return true
		})
	}
	return names
}

// have tells whether there is a test, and its subtest: a text of the package, or two in a row.
func (n *testNames) have(name string) bool {
	function, sub, isSub := strings.Cut(name, "/")
	if !n.functions[function] || !isSub {
		return n.functions[function]
	}
	for i := range len(sub) {
		if n.texts[sub[i:]] && (i == 0 || n.texts[sub[:i]]) {
			return true
		}
	}
	return false
}

var browserTitle = regexp.MustCompile("\\btest\\((?:'((?:[^'\\\\]|\\\\.)*)'|`([^`]*)`)")

func hasBrowserTest(t *testing.T, test table.BrowserTest) bool {
	t.Helper()
	text, err := os.ReadFile(test.File)
	if err != nil {
		t.Error(err)
		return false
	}
	for _, m := range browserTitle.FindAllStringSubmatch(string(text), -1) {
		title := regexp.QuoteMeta(strings.ReplaceAll(m[1]+m[2], `\'`, `'`))
		title = regexp.MustCompile(`\\\$\\\{[^}]*\\\}`).ReplaceAllString(title, ".+")
		if regexp.MustCompile("^" + title + "$").MatchString(test.Title) {
			return true
		}
	}
	return false
}
