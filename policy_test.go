package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The laws of the repository, as tests. They stay when it is made yours; policy_house_test.go has those that go.

const module = "vestibule.example"

type goPackage struct {
	ImportPath, Dir, Doc               string
	Imports, TestImports, XTestImports []string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,Imports,TestImports,XTestImports,GoFiles,TestGoFiles,XTestGoFiles", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p goPackage
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	if len(list) < 10 {
		t.Fatalf("only %d packages were found", len(list))
	}
	return list
}

// mayImport says which of our packages a package may import; its own subpackages it may always.
var mayImport = []struct {
	pkg     string
	imports []string
	why     string
}{
	{"auth/secret", nil, "it is beneath everything"},
	{"auth/rp", []string{"auth/secret"}, "the protocol knows no sessions"},
	{"auth/memstore", []string{"auth"}, "a store implements auth's contract"},
	{"auth/filestore", []string{"auth"}, "a store implements auth's contract"},
	{"auth/redisstore", []string{"auth", "auth/secret"}, "a store implements auth's contract"},
	{"auth/storetest", []string{"auth"}, "the suite tests auth's contract"},
	{"auth", nil, "sessions know no API and no GraphQL"},
	{"clients/", []string{"clients"}, "an API's package calls through the shared transport"},
	{"clients", nil, "the transport never sees a token or a session"},
	{"graph/plan", nil, "it runs any gqlgen schema"},
	{"graph/cost", nil, "it looks at any schema"},
	{"graph/valid", nil, "it looks at any schema"},
	{"graph/graphtest", []string{"auth", "auth/", "clients", "demo", "demo/", "graph"}, "it assembles, for tests, what main assembles"},
	{"graph/rest", []string{"clients", "graph/plan", "graph/cost"}, "it knows no API and no schema"},
	{"graph/rest/", []string{"clients", "graph/"}, "a schema of its own, to test what is generated"},
	{"graph/", []string{"clients/", "auth", "graph/"}, "generated code binds to the clients' types"},
	{"graph", []string{"clients", "clients/", "auth"}, "GraphQL in, clients out; auth only for the session in a context"},
	{"spa", nil, "it serves files"},
	{"demo/", []string{"demo/"}, "the outside world knows nothing of the gateway"},
	{"demo", nil, "the outside world knows nothing of the gateway"},
	{"internal/heap", nil, "it sees the runtime alone"},
	{"internal/observe", nil, "it sees requests, not what they are about"},
	{"internal/observe/", nil, "it sends what others measured"},
	{"internal/nearest", nil, "it sees words alone"},
	{"internal/gen/", []string{"graph/cost", "graph/valid", "internal/nearest"}, "it must run before what it makes compiles"},
	{"internal/gen", []string{"graph/cost", "graph/valid"}, "it must run before what it makes compiles"},
	{"internal/", nil, "developers' tools stand alone"},
	{"bench/", []string{"bench/", "demo/", "demo", "clients", "clients/", "auth", "auth/", "graph/plan", "graph/rest", "graph/cost", "internal/heap", "internal/observe"}, "it measures the product from outside, and parts of it in assemblies of its own"},
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if name == "" {
			continue // main wires everything.
		}
		law := slices.IndexFunc(mayImport, func(l struct {
			pkg     string
			imports []string
			why     string
		}) bool {
			return name == l.pkg || strings.HasSuffix(l.pkg, "/") && strings.HasPrefix(name, l.pkg)
		})
		if law < 0 {
			t.Errorf("%s has no law of import: add it to mayImport", name)
			continue
		}
		for _, imported := range p.Imports {
			other, ours := strings.CutPrefix(imported, module+"/")
			if !ours || strings.HasPrefix(other, name+"/") {
				continue
			}
			if !slices.ContainsFunc(mayImport[law].imports, func(ok string) bool {
				return other == ok || strings.HasSuffix(ok, "/") && strings.HasPrefix(other, ok)
			}) {
				t.Errorf("%s imports %s: %s", name, other, mayImport[law].why)
			}
		}
	}
}

// What is for developers and for tests is in no binary.
func TestNothingShipsTools(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, tool := range []string{"graph/graphtest", "internal/gen", "internal/mutants", "internal/own", "auth/storetest"} {
		if strings.Contains(string(out), module+"/"+tool+"\n") {
			t.Errorf("the binary has %s in it", tool)
		}
	}
}

func TestPackagesAreDocumented(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" && len(p.GoFiles) > 0 && !isGenerated(t, filepath.Join(p.Dir, p.GoFiles[0])) {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

var generatedMark = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func isGenerated(t *testing.T, file string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return generatedMark.Match(text)
}

// Package state makes two servers in one process, as in every test, share what they must not.
func TestNoPackageStateAndNoInit(t *testing.T) {
	constant := regexp.MustCompile(`^(err|Err|_$)|^(regexp\.MustCompile|errors\.New|template\.Must|reflect\.TypeFor)`)
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			file := filepath.Join(p.Dir, name)
			if isGenerated(t, file) {
				continue
			}
			set := token.NewFileSet()
			tree, err := parser.ParseFile(set, file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range tree.Decls {
				switch decl := decl.(type) {
				case *ast.FuncDecl:
					if decl.Name.Name == "init" && decl.Recv == nil {
						t.Errorf("%s: init", set.Position(decl.Pos()))
					}
				case *ast.GenDecl:
					if decl.Tok != token.VAR {
						continue
					}
					for _, spec := range decl.Specs {
						for i, id := range spec.(*ast.ValueSpec).Names {
							if isReadOnly(spec.(*ast.ValueSpec), i) || constant.MatchString(id.Name) || writtenNowhere(t, p, id.Name) {
								continue
							}
							t.Errorf("%s: package variable %s is written to", set.Position(id.Pos()), id.Name)
						}
					}
				}
			}
		}
	}
}

// isReadOnly tells an embedded file, whose value the compiler sets.
func isReadOnly(spec *ast.ValueSpec, _ int) bool {
	s, ok := spec.Type.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "FS"
}

// writtenNowhere tells whether no file of the package assigns to the variable, or to an element of it.
func writtenNowhere(t *testing.T, p goPackage, name string) bool {
	t.Helper()
	written := regexp.MustCompile(`(?m)^\s*(` + name + `(\[[^\]]*\])?\s*(=|\+=|\+\+)[^=]|delete\(` + name + `\b|clear\(` + name + `\b)`)
	for _, file := range p.GoFiles {
		text, err := os.ReadFile(filepath.Join(p.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range written.FindAllString(string(text), -1) {
			if !strings.HasPrefix(strings.TrimSpace(line), "var") && !regexp.MustCompile(`^\s*`+name+`\s+=`).MatchString(line) {
				return false
			}
		}
	}
	return true
}

func tracked(t *testing.T, patterns ...string) []string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"ls-files", "--"}, patterns...)...).Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var files []string
	for file := range strings.FieldsFuncSeq(string(out), func(c rune) bool { return c == '\n' }) {
		if _, err := os.Stat(file); err == nil {
			files = append(files, file)
		}
	}
	return files
}

// Generated code is what its sources make.
func TestGeneratedCodeIsFresh(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.Command("sh", "-c", `git ls-files -z --cached --others --exclude-standard -- '*.go' '*.yml' '*.yaml' '*.json' '*.graphqls' '*.gotpl' '*go.mod' '*go.sum' spa | tar --null -T - -cf - | tar -xf - -C "$0"`, dir).CombinedOutput(); err != nil {
		t.Fatalf("copying the tree: %v\n%s", err, out)
	}
	command := exec.Command("go", "generate", "./...")
	command.Dir = dir
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath "+os.Getenv("GOFLAGS")) // As `make build` has it: what that compiled serves here.
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go generate ./...: %v\n%s", err, out)
	}
	for _, file := range tracked(t, "clients/*.go", "graph/*.go", "bench/*.go") {
		here, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		there, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || string(here) != string(there) {
			t.Errorf("%s is not what `make generate` makes of the schema, gqlgen.yml and the APIs' documents: run it, and commit what it makes", file)
		}
	}
}
