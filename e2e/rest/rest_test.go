package rest

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
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
	out, _ := timed(t, dir, env, args...)
	return out
}

// timed is run, and how long it took.
func timed(t *testing.T, dir string, env []string, args ...string) (string, time.Duration) {
	t.Helper()
	began := time.Now()
	command := exec.Command(args[0], args[1:]...)
	command.Dir, command.Env = dir, append(os.Environ(), env...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	used := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	took := time.Since(began)
	t.Logf("%v: %.1f s, %.1f s of CPU", args, took.Seconds(), used.Seconds())
	return string(out), took
}

// Lines of schema and the documents as they come are all that is written: Go is made of them, compiles, and every field answers.
func TestRealDocuments(t *testing.T) {
	tree := copyTree(t)
	project := filepath.Join(tree, "graph", "rest", "realtest")
	if err := os.CopyFS(project, os.DirFS("testdata/realtest")); err != nil {
		t.Fatal(err)
	}
	rows := count(t)
	rows["github"].byHand = len(linesOf(t, "testdata/realtest/labels.go")) + 1 // and the resolver's body
	rows["stripe"].byHand = len(linesOf(t, "testdata/realtest/source.go")) + 1
	hub := githubDocument(t)
	rows["github"].read(t, hub)
	place(t, filepath.Join(project, "clients", "github", "openapi.json"), hub)
	source, binary := stripe(t)
	document, err := os.ReadFile(filepath.Join(source, "embedded", "openapi", "spec3.json"))
	if err != nil {
		t.Fatal(err)
	}
	rows["stripe"].read(t, document)
	place(t, filepath.Join(project, "clients", "stripe", "openapi.json"), document)
	generator := filepath.Join(t.TempDir(), "gen")
	run(t, tree, nil, "go", "build", "-o", generator, "./internal/gen")
	began := time.Now()
	_, generation := timed(t, tree, nil, generator, "generate", "-config", "graph/rest/realtest/gqlgen.yml")
	run(t, tree, nil, "go", "build", "./clients", "./graph/rest", "./graph/plan", "./graph/scalar", "github.com/99designs/gqlgen/graphql/introspection") // So that the next line's time is that of what was made.
	_, compilation := timed(t, tree, nil, "go", "build", "./graph/rest/realtest/...")
	run(t, tree, nil, "go", "vet", "./graph/rest/realtest/...")
	t.Logf("%d lines of Go were made", generatedLines(t, project))
	isConfigured(t)
	printTable(t, rows)
	for name, r := range rows {
		if r.fields < 15 {
			t.Errorf("%s has %d fields, want fifteen", name, r.fields)
		}
	}
	var version struct{ Info struct{ Version string } }
	if err := json.Unmarshal(document, &version); err != nil {
		t.Fatal(err)
	}
	answers := run(t, tree, []string{"STRIPE_MOCK=http://" + serve(t, binary), "STRIPE_VERSION=" + version.Info.Version}, "go", "test", "-v", "./graph/rest/realtest")
	t.Log(answers)
	if generation > time.Minute || compilation > time.Minute {
		t.Errorf("generated in %s, compiled in %s: want seconds", generation, compilation)
	}
	t.Logf("%d fields answer %.1f minutes after the documents and %d lines of schema and configuration were there: generated in %.0f s, compiled in %.0f s, with %d lines of Go by hand",
		rows["github"].fields+rows["stripe"].fields, time.Since(began).Minutes(), rows["github"].schema+rows["github"].configuration+rows["stripe"].schema+rows["stripe"].configuration,
		generation.Seconds(), compilation.Seconds(), rows["github"].byHand+rows["stripe"].byHand)
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
		place(t, filepath.Join(project, name), []byte(strings.NewReplacer("realtest", "added", "  Issue:\n    fields:\n      labels: { resolver: true }\n", "",
			"  Customer:\n    fields:\n      defaultSource: { resolver: true }\n", "").Replace(string(text))))
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

// isConfigured checks that the lines of configuration are all that the two APIs need, beside what any gateway has.
func isConfigured(t *testing.T) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "vestibule.yaml")
	text := strings.Join(append(linesOf(t, "testdata/gateway.yaml"), linesOf(t, "testdata/apis.yaml")...), "\n")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var shop []string // The schema of the gateway that looks at it asks these.
	for _, name := range []string{"ACCOUNTS", "CATALOG", "ORDERS", "SHIPPING"} {
		shop = append(shop, "VESTIBULE_APIS_"+name+"_BASE_URL=https://api.example.com")
	}
	t.Log(run(t, root, shop, "go", "run", ".", "check", "-config", config))
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
	address := free()
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

// free is an address on which nobody listened a moment ago. Its port is below those that the system gives to whoever asks for any:
// such a one may be somebody else's before it is used.
func free() string {
	for {
		address := fmt.Sprint("127.0.0.1:", 15000+rand.N(15000))
		if listener, err := net.Listen("tcp", address); err == nil {
			listener.Close()
			return address
		}
	}
}
