package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// module is this module's name, which the new one replaces.
const module = "vestibule.example"

//go:embed all:skeleton
var skeleton embed.FS

const help = `Makes this repository yours: gives the module your name, and removes the demo's shop. Wants a repository without
uncommitted changes, so that what it does can be looked at and undone.

`

func main() {
	if len(os.Args) == 2 && slices.Contains([]string{"-h", "-help", "--help", "help"}, os.Args[1]) {
		fmt.Print(help, errUsage, "\n")
		return
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "own:", err)
		os.Exit(1)
	}
}

var (
	errUsage   = errors.New("usage: go run ./internal/own MODULE, such as gateway.mycompany.com or github.com/mycompany/gateway")
	errChanges = errors.New("there are uncommitted changes: commit them first, so that what happens here can be looked at and undone")
	errWhere   = errors.New("want to be run in the directory of go.mod")
)

func run(args []string) error {
	if len(args) != 1 || !regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*\.[a-z]+(/[\w.~-]+)*$`).MatchString(args[0]) || args[0] == module {
		return errUsage
	}
	if text, err := os.ReadFile("go.mod"); err != nil || !strings.HasPrefix(string(text), "module "+module+"\n") {
		return errWhere
	}
	if changes, err := output("git", "status", "--porcelain"); err != nil {
		return err
	} else if changes != "" {
		return errChanges
	}
	for _, step := range []func() error{removeShop, placeSkeleton, mendDocuments, func() error { return rename(args[0]) }} {
		if err := step(); err != nil {
			return err
		}
	}
	if _, err := output("go", "generate", "./..."); err != nil {
		return err
	}
	fmt.Println("It is yours. Look at it with git status, then: make test")
	return nil
}

// output runs a command and returns its standard output. An error has what the command wrote to standard error.
func output(name string, args ...string) (string, error) {
	var said strings.Builder
	command := exec.Command(name, args...)
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, said.String())
	}
	return string(out), nil
}

// shop lists the files and directories that go, besides the Go files whose build constraint says so.
func shop() []string {
	return []string{
		"bench", "e2e", "graph/shop.go", "graph/testdata", "graph/exec", "graph/model", "spa/dist", "spa/app", "docs/images", "docs/screenshots",
		"clients/accounts", "clients/catalog", "clients/orders", "clients/shipping", "internal/own", "internal/mutants", ".github", ".ci/own", ".ci/systemd", "CHANGELOG.md", "CONTRIBUTING.md",
	}
}

// stays tells which files of the app do not go: those that know the gateway and nothing of the shop. Their tests go, since they need the
// app's tools.
func stays(name string) bool {
	return !strings.Contains(name, ".test.ts") && (strings.HasPrefix(name, "spa/app/src/vestibule/") || strings.HasPrefix(name, "spa/app/src/trace/"))
}

var demoOnly = regexp.MustCompile(`(?m)^//go:build .*!nodemo`)

// removeShop removes the files of the shop, and of the demo in the binary.
func removeShop() error {
	names, err := tracked()
	if err != nil {
		return err
	}
	for _, name := range names {
		goes := false
		for _, gone := range shop() {
			goes = goes || name == gone || strings.HasPrefix(name, gone+"/")
		}
		if !goes && strings.HasSuffix(name, ".go") {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			goes = demoOnly.Match(text)
		}
		if !goes || stays(name) {
			continue
		}
		if err := remove(name); err != nil {
			return err
		}
	}
	// Without the demo there is only one build.
	text, err := os.ReadFile("demo_off.go")
	if err != nil {
		return err
	}
	off := strings.Replace(string(text), "//go:build nodemo\n\n", "", 1)
	return os.WriteFile("demo_off.go", []byte(strings.Replace(off, "this build has no demo (-tags nodemo)", "there is no demo", 1)), 0o666) //nolint:gosec // Source code.
}

// remove removes a file, and the directories that are empty then.
func remove(name string) error {
	if err := os.Remove(name); err != nil {
		return err
	}
	for dir := filepath.Dir(name); dir != "." && os.Remove(dir) == nil; {
		dir = filepath.Dir(dir)
	}
	return nil
}

func tracked() ([]string, error) {
	out, err := output("git", "ls-files", "-z")
	return strings.FieldsFunc(out, func(c rune) bool { return c == 0 }), err
}

// placeSkeleton writes what takes the shop's place. The ending .txt, which hides Go from the compiler here, is taken off.
func placeSkeleton() error {
	return fs.WalkDir(skeleton, "skeleton", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := skeleton.ReadFile(name)
		if err != nil {
			return err
		}
		target := filepath.FromSlash(strings.TrimSuffix(strings.TrimPrefix(name, "skeleton/"), ".txt"))
		if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil { //nolint:gosec // Source code.
			return err
		}
		if err := os.WriteFile(target, text, 0o666); err != nil { //nolint:gosec // Source code.
			return err
		}
		if strings.HasPrefix(target, ".ci") {
			return os.Chmod(target, 0o777) //nolint:gosec // A script.
		}
		return nil
	})
}

// rename gives the module its name, wherever Go's tools or ours read it.
func rename(name string) error {
	return filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if file == ".git" || entry.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(file) {
		case ".go", ".mod", ".yml", ".yaml", ".gotpl", ".md":
		default:
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		renamed := strings.ReplaceAll(string(text), module, name)
		if renamed == string(text) {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(file, []byte(renamed), info.Mode().Perm())
	})
}
