package rest

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	root       = "../.."
	githubPack = "@octokit/openapi@23.0.2"
	stripeMock = "github.com/stripe/stripe-mock@v0.203.0"
)

// copyTree copies what the generator and what it makes need of the repository.
func copyTree(t *testing.T) string {
	t.Helper()
	tree := t.TempDir()
	run(t, root, nil, "sh", "-c", `git ls-files -z --cached --others --exclude-standard -- '*.go' '*.gotpl' '*.graphqls' 'go.*' ':!e2e' ':!bench' ':!spa' | tar --null -T - -cf - | tar -xf - -C "$0"`, tree)
	return tree
}

func run(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	began := time.Now()
	command := exec.Command(args[0], args[1:]...)
	command.Dir, command.Env = dir, append(os.Environ(), env...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	t.Logf("%v: %.1f s", args, time.Since(began).Seconds())
	return string(out)
}

// Lines of schema and the documents as they come are all that is written: Go is made of them, compiles, and every field answers.
func TestRealDocuments(t *testing.T) {
	tree := copyTree(t)
	project := filepath.Join(tree, "graph", "rest", "realtest")
	if err := os.CopyFS(project, os.DirFS("testdata/realtest")); err != nil {
		t.Fatal(err)
	}
	place(t, filepath.Join(project, "clients", "github", "openapi.json"), githubDocument(t))
	source, binary := stripe(t)
	document, err := os.ReadFile(filepath.Join(source, "embedded", "openapi", "spec3.json"))
	if err != nil {
		t.Fatal(err)
	}
	place(t, filepath.Join(project, "clients", "stripe", "openapi.json"), document)
	run(t, tree, nil, "go", "build", "-o", filepath.Join(t.TempDir(), "gen"), "./internal/gen") // So that the next line's time is the generator's.
	run(t, tree, nil, "go", "run", "./internal/gen", "generate", "-config", "graph/rest/realtest/gqlgen.yml")
	run(t, tree, nil, "go", "build", "./graph/rest/realtest/...")
	run(t, tree, nil, "go", "vet", "./graph/rest/realtest/...")
	var version struct{ Info struct{ Version string } }
	if err := json.Unmarshal(document, &version); err != nil {
		t.Fatal(err)
	}
	t.Log(run(t, tree, []string{"STRIPE_MOCK=http://" + serve(t, binary), "STRIPE_VERSION=" + version.Info.Version}, "go", "test", "-v", "./graph/rest/realtest"))
}

// What add-api proposes is pasted, generated and compiled: a repository, lists, an issue with its input, things of many objects and enums.
func TestProposedSchema(t *testing.T) {
	tree := copyTree(t)
	project := filepath.Join(tree, "graph", "rest", "added")
	for _, name := range []string{"gqlgen.yml", "resolver.go", "doc.go"} {
		text, err := os.ReadFile(filepath.Join("testdata", "realtest", name))
		if err != nil {
			t.Fatal(err)
		}
		place(t, filepath.Join(project, name), []byte(strings.NewReplacer("realtest", "added", "  Issue:\n    fields:\n      labels: { resolver: true }\n", "").Replace(string(text))))
	}
	const empty = "scalar DateTime\nscalar Decimal\nscalar URL\n\ntype Query {\n  there: Boolean @rest(api: \"github\", get: \"/meta\", take: \"verifiable_password_authentication\")\n}\n\n"
	document := filepath.Join(t.TempDir(), "github.json")
	place(t, document, githubDocument(t))
	operations := []string{
		"repos/get", "GET /repos/{owner}/{repo}/issues", "issues/get", "issues/create", "repos/list-commits", "GET /users/{username}", "users/list-followers-for-user",
		"licenses/get", "gists/get", "POST /gists", "PUT /user/starred/{owner}/{repo}", "pulls/list", "search/repos", "actions/list-workflow-runs-for-repo",
	}
	args := []string{"go", "run", "./internal/gen", "add-api", "-config", "graph/rest/added/gqlgen.yml"}
	for _, operation := range operations {
		args = append(args, "-op", operation)
	}
	place(t, filepath.Join(project, "schema.graphqls"), []byte(empty))
	began := time.Now()
	command := exec.Command(args[0], append(args[1:], "github", document)...)
	command.Dir = tree
	var notes strings.Builder
	command.Stderr = &notes
	schema, err := command.Output()
	if err != nil {
		t.Fatalf("add-api: %v\n%s", err, notes.String())
	}
	t.Logf("add-api: %.1f s, %d lines\n%s", time.Since(began).Seconds(), strings.Count(string(schema), "\n"), schema)
	// A gist's files are a map, which no schema has.
	if n := strings.Count(string(schema), "@rest("); n != len(operations)-1 || !strings.Contains(string(schema), "# Left out: POST /gists (its body's files is a map") {
		t.Errorf("%d fields are proposed of %d operations", n, len(operations))
	}
	place(t, filepath.Join(project, "schema.graphqls"), append([]byte(empty), schema...))
	run(t, tree, nil, "go", "run", "./internal/gen", "generate", "-config", "graph/rest/added/gqlgen.yml")
	run(t, tree, nil, "go", "vet", "./graph/rest/added/...")
}

func place(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// githubDocument is the one of the package, as it comes.
func githubDocument(t *testing.T) []byte {
	dir := t.TempDir()
	name := strings.TrimSpace(run(t, dir, nil, "npm", "pack", "--silent", githubPack))
	pack, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer pack.Close()
	plain, err := gzip.NewReader(pack)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(plain); ; {
		header, err := files.Next()
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == "package/generated/api.github.com.json" {
			text, err := io.ReadAll(files)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
	}
}

// stripe is the mock server's source and binary.
func stripe(t *testing.T) (source, binary string) {
	dir := t.TempDir()
	var module struct{ Dir string }
	if err := json.Unmarshal([]byte(run(t, dir, nil, "go", "mod", "download", "-json", stripeMock)), &module); err != nil {
		t.Fatal(err)
	}
	run(t, dir, []string{"GOBIN=" + dir, "GOFLAGS="}, "go", "install", stripeMock)
	return module.Dir, filepath.Join(dir, "stripe-mock")
}

// serve runs the mock server and gives its address.
func serve(t *testing.T, binary string) string {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	server := exec.Command(binary, "-http-addr", address)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if res, err := http.Get("http://" + address); err == nil {
			res.Body.Close()
			return address
		}
	}
	t.Fatal("stripe-mock does not answer")
	return ""
}
