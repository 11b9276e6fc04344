package guides

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// step is a block of a guide that says where it goes: a comment before it names the file and, if it is not all of the file,
// which line it comes after or takes the place of. Without either it is all of a new file, or the end of one that is there. A
// block of commands is run, or started and left running until the guide is at its end; a block of what they then say holds lines
// of their output.
type step struct {
	line                int
	file, where, anchor string
	text                string
}

var stepMark = regexp.MustCompile(`^<!-- step: (run it here|start it here|it then says|[\w./-]+)(?:, (after|instead of) "(.*)")? -->$`)

// steps are those of a guide, in its order.
func steps(t *testing.T, guide string) []step {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", guide))
	if err != nil {
		t.Fatal(err)
	}
	var all []step
	var open *step
	inside := false
	for i, line := range strings.Split(string(text), "\n") {
		fence := strings.HasPrefix(line, "```")
		switch {
		case fence && inside:
			if open != nil {
				all = append(all, *open)
			}
			open, inside = nil, false
		case fence:
			inside = true
		case inside && open != nil:
			open.text += line + "\n"
		default:
			if m := stepMark.FindStringSubmatch(line); m != nil {
				open = &step{line: i + 1, file: m[1], where: m[2], anchor: strings.ReplaceAll(m[3], `\"`, `"`)}
			}
		}
	}
	return all
}

// take does what a step says.
func (s step) take(tree string) error {
	name := filepath.Join(tree, s.file)
	before, err := os.ReadFile(name)
	if s.where == "" {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err == nil {
			s.text = string(before) + "\n" + s.text
		}
		return os.WriteFile(name, []byte(s.text), 0o666)
	}
	if err != nil {
		return err
	}
	var after strings.Builder
	found := 0
	for line := range strings.Lines(string(before)) {
		at := strings.Contains(line, s.anchor)
		if !at || s.where == "after" {
			after.WriteString(line)
		}
		if at {
			found++
			after.WriteString(s.text)
		}
	}
	if found != 1 {
		return fmt.Errorf("%s has %d lines with %q, and the guide means one", s.file, found, s.anchor)
	}
	return os.WriteFile(name, []byte(after.String()), 0o666)
}

// copied is the repository as it stands, in a directory of the test's.
func copied(t *testing.T) string {
	t.Helper()
	tree := t.TempDir()
	run(t, root, "sh", "-c", `git ls-files -z --cached --others --exclude-standard -- ':!e2e' ':!bench/results' ':!docs/screenshots' | tar --null -T - -cf - | tar -xf - -C "$0"`, tree)
	return tree
}

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.Command(args[0], args[1:]...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == curlsTime && strings.Contains(args[len(args)-1], "--max-time") {
		err = nil
	}
	if err != nil || bytes.Contains(out, []byte("[no tests to run]")) {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// curlsTime is how curl ends when it is over in the midst of a stream.
const curlsTime = 28

// docs/adding-an-api.md, the fields that have logic: what it says to write compiles, and its test passes with the answer that one
// expects. The demo goes on without the API.
func TestAddingAnAPIByHand(t *testing.T) {
	tree := copied(t)
	document, err := os.ReadFile("testdata/reviews/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	place := filepath.Join(tree, "clients", "reviews", "openapi.yaml")
	if err := os.MkdirAll(filepath.Dir(place), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(place, document, 0o666); err != nil {
		t.Fatal(err)
	}
	all := steps(t, "adding-an-api.md")
	if len(all) < 12 {
		t.Fatalf("the guide has %d steps", len(all))
	}
	generated := false
	for _, s := range all {
		if s.file == "graph/schema.resolvers.go" && !generated { // The frame of what it says the body of.
			run(t, tree, "go", "generate", "./graph")
			generated = true
		}
		if s.file == "run it here" {
			run(t, tree, "sh", "-ec", s.text)
		} else if err := s.take(tree); err != nil {
			t.Fatalf("docs/adding-an-api.md:%d: %v", s.line, err)
		}
	}
	if unformatted := run(t, tree, "gofmt", "-l", "graph", "clients/reviews"); unformatted != "" {
		t.Errorf("not as gofmt has it: %s", unformatted)
	}
	run(t, tree, "go", "vet", "./clients/reviews", "./graph")
	answer, err := os.ReadFile(filepath.Join(tree, "graph", "testdata", "resolvers", "stars.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(answer), `"stars": 4.5`) {
		t.Errorf("the answer is %s, want 4.5 stars", answer)
	}
	t.Log(run(t, tree, "go", "test", "./graph", "-run", "TestStars|TestEveryResolverSaysWhichAPIItAsks"))
	t.Log(run(t, tree, "go", "test", ".", "-run", "TestTheDemoSaysWhatRunsWhere|TestJourney|TestPredict"))
}
